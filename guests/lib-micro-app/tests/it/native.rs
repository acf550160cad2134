//! The host in memory, which takes the host's place in tests of guests.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use micro_app::contract::fractal::app::ai_classify::{Classification, classify};
use micro_app::contract::fractal::app::ai_embeddings::{AiError, embed, embed_batch};
use micro_app::contract::fractal::app::ai_inference::{
    GenerateRequest, GenerateResponse, generate,
};
use micro_app::contract::fractal::app::data_mutate::MutateError;
use micro_app::contract::fractal::app::data_query::QueryError;
use micro_app::testing::{Host, Models, Tables};
use micro_app::{
    Code, When, cancel, emit, execute, insert, own_name, query_as, record, schedule, to_stream,
    trigger,
};

type Call = fn() -> bool;

/// Each function of the contract, and a call of it.
const FUNCTIONS: [(&str, Call); 11] = [
    ("record-event", || {
        record("a", "b", "c");
        true
    }),
    ("query", || query_as::<i64>("SELECT 1").is_ok()),
    ("insert", || insert("a", &[Row { id: 1 }]).is_ok()),
    ("execute", || execute("DELETE FROM a").is_ok()),
    ("embed", || embed("a").is_ok()),
    ("embed-batch", || embed_batch(&["a".to_owned()]).is_ok()),
    ("classify", || classify("a", &["b".to_owned()]).is_ok()),
    ("generate", || generate(&question()).is_ok()),
    ("emit", || emit("a", "b").is_ok()),
    ("schedule", || {
        schedule("a", When::At(1), "b", "c")
            .and_then(cancel)
            .is_ok()
    }),
    ("cancel", || cancel(1).is_err()),
];

#[derive(serde::Serialize)]
struct Row {
    id: i64,
}

fn question() -> GenerateRequest {
    GenerateRequest {
        system_prompt: None,
        user_prompt: "a".to_owned(),
        max_tokens: 1,
        temperature: 0.0,
    }
}

/// What a call panics with.
fn panic_of(call: impl FnOnce() -> bool) -> String {
    let panic = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
    let text = panic.downcast_ref::<String>().cloned();
    text.unwrap_or_else(|| (*panic.downcast_ref::<&str>().unwrap()).to_owned())
}

/// The functions that `wit/` declares, except the one that a guest exports.
fn declared() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in fs::read_dir("../../wit").unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let lines = text.lines().filter_map(|line| line.split_once(": func("));
        names.extend(lines.map(|(name, _)| name.trim().to_owned()));
    }
    names.remove("export run");
    names
}

/// What `wit-bindgen` generates would end the process here, so a function that nobody replaced cannot pass.
#[test]
fn each_function_of_the_contract_needs_a_host_and_says_so() {
    let names: BTreeSet<String> = FUNCTIONS.map(|(name, _)| name.to_owned()).into();
    assert_eq!(names, declared());
    for (name, call) in FUNCTIONS {
        assert_eq!(
            panic_of(call),
            "a function of the contract was called, and there is no host on this target\n\
             hint: call it in a test, inside of `micro_app::testing::Host::run`",
            "{name}"
        );
    }
}

#[test]
fn a_host_says_what_it_was_not_given() {
    let missing = |what: &str, function: &str| {
        format!(
            "`{function}` was called, and this test's host has no {what}\n\
             hint: give it some with `Host::{what}`"
        )
    };
    for (name, call) in FUNCTIONS {
        let run = || Host::new().run(|| Ok::<_, ()>(call())).unwrap();
        match name {
            "record-event" | "emit" | "schedule" | "cancel" => assert!(run(), "{name}"),
            "query" | "insert" | "execute" => assert_eq!(panic_of(run), missing("tables", name)),
            _ => assert_eq!(panic_of(run), missing("models", name)),
        }
    }
}

/// Tables and models of a test's own.
struct Own;

impl Tables for Own {
    fn query(&mut self, sql: &str) -> Result<Vec<u8>, QueryError> {
        assert_eq!(sql, "SELECT id FROM a");
        Ok(to_stream(&[Row { id: 7 }, Row { id: 9 }]).unwrap())
    }

    fn execute(&mut self, _sql: &str) -> Result<u64, MutateError> {
        Err(MutateError {
            code: 5,
            message: "it is taken".to_owned(),
        })
    }

    fn insert(&mut self, table: &str, stream: &[u8]) -> Result<u64, MutateError> {
        assert_eq!(table, "a");
        assert_eq!(stream, to_stream(&[Row { id: 1 }]).unwrap());
        Ok(1)
    }

    fn settle(&mut self, completed: bool) {
        assert!(completed);
    }
}

impl Models for Own {
    fn embed(&mut self, texts: &[String]) -> Result<Vec<Vec<f32>>, AiError> {
        Ok(texts.iter().map(|text| vec![text.len() as f32]).collect())
    }

    fn classify(
        &mut self,
        text: &str,
        categories: &[String],
    ) -> Result<Vec<Classification>, AiError> {
        let ranking = categories.iter().map(|category| Classification {
            category: category.clone(),
            score: text.len() as f32,
        });
        Ok(ranking.collect())
    }

    fn generate(&mut self, request: &GenerateRequest) -> Result<GenerateResponse, AiError> {
        Err(AiError {
            code: 3,
            message: request.user_prompt.clone(),
        })
    }
}

#[test]
fn tables_and_models_of_a_test_answer() {
    let mut host = Host::new().tables(Own).models(Own);
    host.run(|| {
        assert_eq!(query_as::<i64>("SELECT id FROM a"), Ok(vec![7, 9]));
        assert_eq!(
            execute("x").map_err(|error| error.code),
            Err(Code::Constraint)
        );
        assert_eq!(insert("a", &[Row { id: 1 }]), Ok(1));
        assert_eq!(embed("four").unwrap(), [4.0]);
        assert_eq!(
            embed_batch(&["a".to_owned(), "bb".to_owned()]).unwrap(),
            [[1.0], [2.0]]
        );
        let ranking = classify("four", &["b".to_owned()]).unwrap();
        assert_eq!((&*ranking[0].category, ranking[0].score), ("b", 4.0));
        let error = generate(&question()).unwrap_err();
        assert_eq!((error.code, &*error.message), (3, "a"));
        Ok::<_, ()>(())
    })
    .unwrap();
}

#[test]
fn what_a_run_stages_takes_effect_if_it_completes_and_its_trail_stays() {
    let mut host = Host::new();
    let first = host.run(|| {
        record("began", "a", "first");
        emit("told", "first")?;
        let kept = schedule("kept", When::Cron("0 6 * * *"), "b", "c")?;
        cancel(schedule("gone", When::At(1), "b", "c")?)?;
        Ok::<_, String>(kept)
    });
    assert_eq!(first, Ok(2));
    let failed = host.run(|| {
        record("began", "a", "second");
        emit("told", "second")?;
        cancel(2)?;
        let again = cancel(2).unwrap_err();
        assert_eq!((again.code, &*again.message), (12, "there is no task 2"));
        Err::<(), _>("it failed".to_owned())
    });
    assert_eq!(failed, Err("it failed".to_owned()));
    let panicked = panic_of(|| {
        let run = host.run(|| {
            emit("told", "third").unwrap();
            panic!("it panicked");
        });
        run == Ok::<(), ()>(())
    });
    assert_eq!(panicked, "it panicked");

    assert_eq!(host.trail(), ["[began] a — first", "[began] a — second"]);
    assert_eq!(host.emitted(), [("told", &b"first"[..])]);
    let tasks: Vec<_> = host
        .scheduled()
        .iter()
        .map(|(id, task)| (*id, &*task.name))
        .collect();
    assert_eq!(tasks, [(2, "kept")]);
    assert_eq!(host.run(|| cancel(2)), Ok(()));
    assert!(host.scheduled().is_empty());
}

#[test]
fn a_host_says_who_runs_and_why() {
    let said = |mut host: Host| {
        host.run(|| Ok::<_, ()>((own_name(), trigger("EVENT_TYPE"))))
            .unwrap()
    };
    assert_eq!(said(Host::new()), ("lib-micro-app".to_owned(), None));
    let host = Host::new()
        .named("permit-check")
        .trigger("EVENT_TYPE", "permit-expired");
    let expected = ("permit-check".to_owned(), Some("permit-expired".to_owned()));
    assert_eq!(said(host), expected);
}

#[test]
fn a_run_inside_of_a_run_is_refused() {
    let nested = || {
        Host::new()
            .run(|| Host::new().run(|| Ok::<_, ()>(true)))
            .unwrap()
    };
    assert_eq!(
        panic_of(nested),
        "a run goes on in this thread already: `Host::run` was called inside of `Host::run`"
    );
}
