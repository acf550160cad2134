//! Answers of models are recorded, and their servers and keys are not.

use std::fs;

use fractalaw_testing::{ModelServer, models_program, tiny_writers};
use toml::Table;

use super::lab::{Lab, said};

#[test]
fn answers_and_errors_of_models_are_recorded_and_keys_are_not() {
    let Some(program) = models_program() else {
        return;
    };
    let lab = Lab::new();
    lab.database("provision-polisher", &["schema.sql", "provision.csv"]);
    let socket = lab.path("models.sock");
    let model = format!(
        "ai.generate = {{ model = \"endless\", url = \"unix:{}\", key = \"MODEL_KEY\" }}",
        socket.display()
    );
    let flags = [
        "--data",
        "data.db:rw",
        "--grant",
        "interfaces.\"fractal:app/ai-inference\" = true",
        "--grant",
        &model,
    ];
    let server = ModelServer::start(&program, &tiny_writers(), &socket);
    let (report, case) = lab.recorded("provision-polisher", &flags);
    assert!(
        case.contains("\n[ai]\ngenerate = { \"model\" = \"endless\" }\nreplay = \""),
        "{case}"
    );
    assert_eq!(
        report
            .effects
            .iter()
            .filter(|effect| effect.kind == "generate")
            .count(),
        4
    );
    drop(server);
    // Nobody listens any more: the guest fails by an error of the call, and does so again.
    fs::remove_dir_all(lab.path("provision-polisher-1")).unwrap();
    let (report, _) = lab.recorded("provision-polisher", &flags);
    let outcome = report.outcome.to_string();
    assert!(outcome.contains("the model failed (1): "), "{outcome}");
    // The key stands in no file, and what has it is not recorded.
    let hint = "hint: give the guest no key, and use a server that does not send its key back\n";
    fs::create_dir(lab.path("keys")).unwrap();
    fs::write(lab.path("keys/notes.txt"), "the key: kept-to-itself.").unwrap();
    for (more, place) in [
        (&["--arg", "kept-to-itself"][..], "the case"),
        (&["--dir", "keys::/keys"], "`with-key/folder-0/notes.txt`"),
    ] {
        let all = flags.iter().chain(more).chain(&["--record", "with-key"]);
        let all: Vec<_> = all.map(|flag| (*flag).to_owned()).collect();
        let output = lab.run("provision-polisher", &all);
        let expected =
            format!("error: {place} would have the key in the variable `MODEL_KEY`\n{hint}");
        assert_eq!(said(&output), expected);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        assert!(!lab.path("with-key").exists());
    }
}

#[test]
fn a_model_of_a_list_is_recorded_without_its_server_and_its_key() {
    let lab = Lab::new();
    lab.database("provision-polisher", &["schema.sql", "provision.csv"]);
    let digest = "ab".repeat(32);
    let model = |name: &str, key: &str| {
        format!(
            "[models.{name}]\nkind = \"generation\"\nengine = \"server\"\nmax-tokens = 2048\nlicence = \"MIT\"\n\
             url = \"http://127.0.0.1:9/v1\"\nkey = \"{key}\"\nsha256 = \"{digest}\"\nmodel = \"it\"\n"
        )
    };
    let list = model("writer", "MODEL_KEY") + &model("other", "OTHER_KEY");
    fs::write(lab.path("models.toml"), list).unwrap();
    let flags = [
        "--data",
        "data.db:rw",
        "--grant",
        "interfaces.\"fractal:app/ai-inference\" = true",
        "--grant",
        "ai.models = \"models.toml\"",
        "--grant",
        "ai.generate = \"writer\"",
    ];
    // Nobody listens: the error of the call is recorded.
    let (report, case) = lab.recorded("provision-polisher", &flags);
    let outcome = report.outcome.to_string();
    assert!(outcome.contains("the model failed (1): "), "{outcome}");
    let lines =
        "[ai]\ngenerate = \"writer\"\nmodels = \"provision-polisher-1/models.toml\"\nreplay = \"";
    assert!(case.contains(lines), "{case}");
    let kept = lab.path("provision-polisher-1/provision-polisher-1/models.toml");
    let kept: Table = fs::read_to_string(kept).unwrap().parse().unwrap();
    let mut expected: Table = model("writer", "MODEL_KEY").parse().unwrap();
    let model = expected["models"]["writer"].as_table_mut().unwrap();
    model.remove("url");
    model.remove("key");
    assert_eq!(kept, expected);
    // The key of a listed model is looked for as well.
    let all = flags
        .iter()
        .chain(&["--arg", "kept-to-itself", "--record", "with-key"]);
    let all: Vec<_> = all.map(|flag| (*flag).to_owned()).collect();
    let output = lab.run("provision-polisher", &all);
    let expected = "error: the case would have the key in the variable `MODEL_KEY`\n";
    assert!(said(&output).starts_with(expected), "{}", said(&output));
}
