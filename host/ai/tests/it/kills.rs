//! The program that runs models ends in the middle of a call: each guest gets an error of the engine, the host goes on, and
//! the next call to a program that was started again has an answer.
//!
//! `FRACTALAW_TEST_KILLS` sets how often it is killed.

use std::thread;
use std::time::Duration;

use fractalaw_ai::Ai;
use fractalaw_host::{Host, MicroApp, Outcome, Report, Run, Section};
use fractalaw_testing::{ModelServer, RUNTIME, models_program, tiny_writers};

use crate::guests::Does::{self, Generate};
use crate::guests::{guest, said};

const KILLS: u32 = 8;

/// More than any test waits for.
const LONG: Duration = Duration::from_secs(120);

const ALPHABET: &str = "abcdefghijklmnopqrstuvwxyz.";

/// A host, and a run that asks a model at this socket.
struct Lab {
    host: Host,
    folder: tempfile::TempDir,
}

impl Lab {
    fn new() -> Lab {
        Lab {
            host: Host::builder().slots(4).offer(Ai::new()).build().unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn server(&self, program: &std::path::Path) -> ModelServer {
        ModelServer::start(program, &tiny_writers(), &self.socket())
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("models.sock")
    }

    fn app(&self, does: Does<'_>) -> MicroApp {
        self.host.load(&guest(&[does])).unwrap()
    }

    fn run(&self, model: &str, app: &MicroApp) -> Report {
        let url = format!("unix:{}", self.socket().display());
        let lines = format!(
            "interfaces.\"fractal:app/ai-embeddings\" = true\ninterfaces.\"fractal:app/ai-classify\" = true\n\
             interfaces.\"fractal:app/ai-inference\" = true\nai.embed = true\nai.classify = true\n\
             ai.generate = {{ model = \"{model}\", url = \"{url}\" }}"
        );
        let run = Run::new().deadline(LONG);
        let run = run.grant(Section::parse(&lines).unwrap());
        RUNTIME.block_on(self.host.run(app, &run)).unwrap()
    }
}

/// The error that a guest returned, without the reason that the system gave.
fn failed(report: &Report) -> &str {
    let Outcome::GuestError(error) = &report.outcome else {
        panic!("{}", report.outcome);
    };
    error
}

#[test]
fn the_host_goes_on_when_the_program_is_killed_in_the_middle_of_a_call() {
    let Some(program) = models_program() else {
        return;
    };
    let kills = std::env::var("FRACTALAW_TEST_KILLS").map_or(KILLS, |text| text.parse().unwrap());
    let lab = Lab::new();
    let endless = lab.app(Generate(None, "go", 1_024, 0.0));
    let (mut killed, mut answered) = (0, 0);
    while killed < kills {
        let mut server = lab.server(&program);
        assert!(said(&lab.run("alphabet", &endless)).starts_with(ALPHABET));
        let report = thread::scope(|scope| {
            let run = scope.spawn(|| lab.run("endless", &endless));
            while server.requests() == 0 && !run.is_finished() {}
            server.kill();
            run.join().unwrap()
        });
        // An answer that was faster than the signal is no kill in the middle of a call.
        if let Outcome::Completed(_) = report.outcome {
            answered += 1;
            assert!(answered < 10 * kills, "the model is too fast to be killed");
            continue;
        }
        let error = failed(&report);
        assert!(
            error.starts_with("5: the server of the model `endless` gave no answer: "),
            "{error}"
        );
        assert_eq!(report.effects, []);
        killed += 1;
        // While nobody listens, there is no such model.
        let error = lab.run("endless", &endless);
        let error = failed(&error);
        assert!(
            error.starts_with("1: the server of the model `endless` is not reachable: "),
            "{error}"
        );
    }
    eprintln!("{killed} kills in the middle of a call, {answered} calls were answered before");
}

#[test]
fn a_program_without_memory_gives_the_guest_an_error() {
    let Some(program) = models_program() else {
        return;
    };
    let lab = Lab::new();
    let small = lab.app(Generate(None, "go", 100, 0.0));
    // In JSON each byte of it is six.
    let text = "\u{1}".repeat(120 * 1024);
    let large = lab.app(Generate(None, &text, 100, 0.0));
    let mut server = lab.server(&program);
    // With memory, the prompt is only too long.
    let error = lab.run("alphabet", &large);
    assert!(failed(&error).starts_with("2: "), "{}", error.outcome);
    drop(server);
    server = lab.server(&program);
    assert!(said(&lab.run("alphabet", &small)).starts_with(ALPHABET));
    server.starve();
    let error = lab.run("alphabet", &large);
    assert!(
        failed(&error).starts_with("5: the server of the model `alphabet` gave no answer: "),
        "{}",
        error.outcome
    );
    server.ended();
    let _again = lab.server(&program);
    assert!(said(&lab.run("alphabet", &small)).starts_with(ALPHABET));
}
