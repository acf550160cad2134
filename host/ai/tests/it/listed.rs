//! Models that a policy names by their names in a list.

use std::fs;
use std::path::Path;

use fractalaw_host::{Host, HostError, Policy, Report, Run};
use fractalaw_testing::RUNTIME;

use crate::guests::Does::{self, Classify, Embed, Generate};
use crate::guests::{builder, guest, said};
use crate::served::TEXT;
use crate::server::{Reply, Server, json};

const VECTORS: &str = r#"{"data":[{"embedding":[0.6,0.8]}]}"#;

const WRITER: &str = "0c1f9a77e2b4d3c8e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c";
const OTHER: &str = "1c1f9a77e2b4d3c8e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c";

/// A list with a model of each kind on the servers with these addresses.
fn list(vectors: &str, writer: &str) -> String {
    format!(
        "[models.vectors]\nkind = \"embeddings\"\nengine = \"server\"\nurl = \"{vectors}\"\ndimensions = 2\n\
         max-tokens = 256\nlicence = \"MIT\"\nfiles.model = {{ path = \"m\", sha256 = \"{OTHER}\" }}\n\
         [models.writer]\nkind = \"generation\"\nengine = \"server\"\nurl = \"{writer}\"\nmodel = \"llama3.2:1b\"\n\
         max-tokens = 8\nlicence = \"MIT\"\nsha256 = \"{WRITER}\"\nprice = {{ call = 12_000_000, token = 1_000 }}\n"
    )
}

const POLICY: &str = "[apps.asker]\ninterfaces.\"fractal:app/ai-embeddings\" = true\n\
    interfaces.\"fractal:app/ai-classify\" = true\ninterfaces.\"fractal:app/ai-inference\" = true\n\
    ai.embed = \"vectors\"\nai.classify = \"static\"\nai.generate = \"writer\"\n";

/// A host with this policy, and the list in the folder of the policy.
fn host(folder: &Path, policy: &str) -> Result<Host, HostError> {
    let policy = Policy::parse(&folder.join("policy.toml"), policy).unwrap();
    builder().policy(policy).build()
}

fn ran(host: &Host, does: &[Does<'_>]) -> Result<Report, HostError> {
    let app = host.load(&guest(does)).unwrap();
    RUNTIME.block_on(host.run(&app, &Run::new()))
}

const DOES: [Does<'static>; 3] = [
    Embed("fire"),
    Generate(None, "u", 9, 0.7),
    Classify("fire", &["fire"]),
];

fn servers(vectors: Vec<Reply>, text: Vec<Reply>) -> (Server, Server) {
    (Server::tcp(vectors), Server::tcp(text))
}

#[test]
fn a_report_has_the_digests_of_listed_models_and_their_servers_know_them_by_other_names() {
    let folder = tempfile::tempdir().unwrap();
    let (vectors, writer) = servers(vec![json(200, VECTORS)], vec![json(200, TEXT)]);
    let path = folder.path().join("models.toml");
    fs::write(&path, list(&vectors.url, &writer.url)).unwrap();
    let policy = format!("{POLICY}ai.models = \"models.toml\"\nai.record = \"answers.jsonl\"\n");
    let host = host(folder.path(), &policy).unwrap();
    // A host keeps the list with which it started.
    fs::write(&path, "not even TOML").unwrap();
    let live = ran(&host, &DOES).unwrap();
    assert_eq!(said(&live).lines().next(), Some("3f19999a3f4ccccd"));
    let subjects: Vec<_> = live.effects.iter().map(|effect| &*effect.subject).collect();
    let digest = fractalaw_catalogue::digest::hex(format!("model {OTHER}\n").as_bytes());
    let vectors_at = format!("vectors@{}", &digest[..12]);
    assert_eq!(subjects[0], vectors_at);
    assert_eq!(subjects[1], "writer@0c1f9a77e2b4");
    assert!(subjects[2].starts_with("static@"));
    for text in [live.text(), live.json()] {
        assert!(text.contains(&vectors_at), "{text}");
    }
    assert!(vectors.request().contains("\"model\":\"vectors\""));
    let request = writer.request();
    assert!(request.contains("\"model\":\"llama3.2:1b\""), "{request}");
    // The model writes less than the guest asks for.
    assert!(request.contains("\"max_tokens\":8,"), "{request}");
    // The writer's price: 2 000 000 more for the call, and 1 000 for each of 7 tokens.
    let generate = &live
        .host_calls
        .iter()
        .find(|of| of.function.ends_with("generate"));
    let generate = generate.unwrap();
    let bytes = generate.bytes_in + generate.bytes_out;
    assert_eq!(generate.fuel, 12_000_000 + 7_000 + bytes);
}

#[test]
fn a_replay_has_the_digests_of_the_models_that_answered() {
    let folder = tempfile::tempdir().unwrap();
    let (vectors, writer) = servers(vec![json(200, VECTORS)], vec![json(200, TEXT)]);
    let path = folder.path().join("models.toml");
    fs::write(&path, list(&vectors.url, &writer.url)).unwrap();
    let record = format!("{POLICY}ai.models = \"models.toml\"\nai.record = \"answers.jsonl\"\n");
    let live = ran(&host(folder.path(), &record).unwrap(), &DOES).unwrap();
    let recorded = fs::read(folder.path().join("answers.jsonl")).unwrap();
    let replay = format!("{POLICY}ai.models = \"models.toml\"\nai.replay = \"answers.jsonl\"\n");
    // Without a list the digests are those that were recorded.
    let unlisted = POLICY
        .replace("\"vectors\"", "{ model = \"vectors\" }")
        .replace("\"writer\"", "{ model = \"writer\" }")
        .replace("9, 0.7", "8, 0.7")
        + "ai.replay = \"answers.jsonl\"\n";
    let does = [DOES[0], Generate(None, "u", 8, 0.7), DOES[2]];
    for (policy, does) in [(&replay, DOES), (&unlisted, does)] {
        let report = ran(&host(folder.path(), policy).unwrap(), &does).unwrap();
        let (replayed, asked) = report.effects.split_last().unwrap();
        assert_eq!(asked, live.effects);
        let digest = fractalaw_catalogue::digest::hex(&recorded);
        assert_eq!(
            replayed.to_string(),
            format!("[ai] replay recording — sha256 \"{digest}\" (done)")
        );
    }
    // The answers of another model with the same name are not given.
    fs::write(&path, list("unix:/a", "unix:/b").replace(WRITER, OTHER)).unwrap();
    let error = ran(&host(folder.path(), &replay).unwrap(), &DOES).unwrap_err();
    let file = folder.path().join("answers.jsonl");
    assert_eq!(
        error.to_string(),
        format!(
            "the recording `{}` has an answer of a model `writer` with the digest {WRITER}, expected {OTHER}",
            file.display()
        )
    );
    assert!(error.is_usage());
}

#[test]
fn a_policy_that_names_what_no_list_has_starts_no_host() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("models.toml");
    fs::write(&path, list("unix:/a", "unix:/b")).unwrap();
    let models = "ai.models = \"models.toml\"\n";
    let shown = path.display();
    for (policy, message, hint) in [
        (
            "[all]\nai.embed = \"stattic\"\n".to_owned(),
            "the model `stattic` is named, and no list of models is".to_owned(),
            "did you mean `static`, the model in the host?",
        ),
        (
            "[all]\nai.embed = \"vectors\"\n".to_owned(),
            "the model `vectors` is named, and no list of models is".to_owned(),
            "name the list that has it, such as `ai.models = \"models.toml\"`",
        ),
        (
            format!("[all]\n{models}[apps.asker]\nai.embed = \"vector\"\n"),
            format!("`{shown}` has no model `vector`"),
            "did you mean `vectors`?",
        ),
        (
            "[all]\nai.models = \"no.toml\"\n".to_owned(),
            format!(
                "cannot read `{}`: No such file or directory (os error 2)",
                folder.path().join("no.toml").display()
            ),
            "name a `models.toml`, or the folder that has one: `cargo xtask models get` makes one",
        ),
    ] {
        let error = host(folder.path(), &policy).map(drop).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.hint().as_deref(), Some(hint), "{message}");
        assert!(error.is_usage());
    }
    // Of which kind a model is, is judged for each run.
    for (from, to, message) in [
        (
            "ai.embed = \"vectors\"",
            "ai.embed = \"writer\"",
            "`ai.embed` names the model `writer`, which writes, expected one that makes embeddings",
        ),
        (
            "ai.generate = \"writer\"",
            "ai.generate = \"vectors\"",
            "`ai.generate` names the model `vectors`, which makes embeddings, expected one that writes",
        ),
    ] {
        let policy = format!("{}{models}", POLICY.replace(from, to));
        let error = ran(&host(folder.path(), &policy).unwrap(), &DOES).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

/// A guest that could write the list would choose to whom keys and texts are sent.
#[test]
fn no_guest_writes_the_list() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("models")).unwrap();
    let path = folder.path().join("models/models.toml");
    fs::write(&path, list("unix:/a", "unix:/b")).unwrap();
    let policy = "[all]\nai.models = \"models/models.toml\"\ndirs.\"/d\" = { host = \"models\", writable = true }\n";
    let error = host(folder.path(), policy).map(drop).unwrap_err();
    assert!(error.to_string().contains("the list of models"), "{error}");
}

#[test]
fn a_model_without_a_server_is_told_where_to_give_it_one() {
    let folder = tempfile::tempdir().unwrap();
    let list = list("unix:/a", "unix:/b").replace("url = \"unix:/b\"\n", "");
    fs::write(folder.path().join("models.toml"), list).unwrap();
    let listed = format!("{POLICY}ai.models = \"models.toml\"\n");
    let described = listed.replace("\"writer\"", "{ model = \"writer\" }");
    for (policy, place) in [
        (listed, "in its list of models"),
        (described, "in the policy"),
    ] {
        let error = ran(&host(folder.path(), &policy).unwrap(), &[DOES[1]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the model `writer` has no server and no recorded answers"
        );
        assert_eq!(
            error.hint().unwrap(),
            format!("give it a `url` {place}, or replay answers with `--replay FILE`")
        );
    }
}
