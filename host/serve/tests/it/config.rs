//! `fractalaw.toml`: what it says, and what is wrong with it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use fractalaw_serve::config::{App, Check, Config, Cron, Data, Models, Serve, Swap};

const PATH: &str = "/srv/duties/fractalaw.toml";

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(Path::new(PATH), text).map_err(|error| error.to_string())
}

fn app(source: &str) -> App {
    App {
        source: PathBuf::from(source),
        concurrency: None,
        retry: None,
        swap: Swap::AtOnce,
        check: None,
        cron: Vec::new(),
    }
}

#[test]
fn an_empty_file_has_the_defaults() {
    let expected = Config {
        serve: Serve {
            ledger: PathBuf::from("/srv/duties/audit.ledger"),
            policy: None,
            slots: 16,
            listen: Some(([127, 0, 0, 1], 7878).into()),
            grace: Duration::from_secs(10),
            set: false,
            emit: [].into(),
        },
        ..Config::default()
    };
    assert_eq!(parse(""), Ok(expected));
}

#[test]
fn each_key_means_what_it_says() {
    let text = r#"
[serve]
ledger = "/var/audit.ledger"
policy = "policy.toml"
slots = 0x20
listen = "127.0.0.1:0"
grace = "1m 30s"
set = true
emit.data-ingested = "INGEST_TOKEN"

[apps.watch]
source = "watch.wasm"

[apps.analyse]
source = "/opt/analyse.wasm"
concurrency = 1
retry = 3
swap = "drain"
check = { payload = "sample.json", type = "duty-changed" }

[[apps.analyse.cron]]
name = "nightly"
schedule = "30 2 * * *"
payload = "all"

[[apps.analyse.cron]]
name = "hourly"
schedule = "0 * * * *"

[apps.off]
source = "off.wasm"
concurrency = 0
swap = "at-once"
check = true

[data]
adbc-program = "bin/fractalaw-adbc"

[models]
replay = "answers.jsonl"
"#;
    let cron = |name: &str, schedule: &str, payload: &str| Cron {
        name: name.to_owned(),
        schedule: schedule.to_owned(),
        payload: payload.to_owned(),
    };
    let analyse = App {
        concurrency: Some(1),
        retry: Some(3),
        swap: Swap::Drain,
        check: Some(Check {
            payload: Some(PathBuf::from("/srv/duties/sample.json")),
            event_type: Some("duty-changed".to_owned()),
        }),
        cron: vec![
            cron("nightly", "30 2 * * *", "all"),
            cron("hourly", "0 * * * *", ""),
        ],
        ..app("/opt/analyse.wasm")
    };
    let off = App {
        concurrency: Some(0),
        check: Some(Check::default()),
        ..app("/srv/duties/off.wasm")
    };
    let expected = Config {
        serve: Serve {
            ledger: PathBuf::from("/var/audit.ledger"),
            policy: Some(PathBuf::from("/srv/duties/policy.toml")),
            slots: 32,
            listen: Some(([127, 0, 0, 1], 0).into()),
            grace: Duration::from_secs(90),
            set: true,
            emit: [("data-ingested".to_owned(), "INGEST_TOKEN".to_owned())].into(),
        },
        apps: [
            ("analyse".to_owned(), analyse),
            ("off".to_owned(), off),
            ("watch".to_owned(), app("/srv/duties/watch.wasm")),
        ]
        .into(),
        data: Data {
            adbc_program: Some(PathBuf::from("/srv/duties/bin/fractalaw-adbc")),
        },
        models: Models {
            record: None,
            replay: Some(PathBuf::from("/srv/duties/answers.jsonl")),
        },
    };
    assert_eq!(parse(text), Ok(expected));
    assert_eq!(
        parse("[serve]\nlisten = false\n").unwrap().serve.listen,
        None
    );
    assert_eq!(
        parse("[apps.a]\nsource = \"a\"\ncheck = false")
            .unwrap()
            .apps["a"]
            .check,
        None
    );
}

#[test]
fn what_is_wrong_has_its_line_and_a_hint() {
    const PAGE: &str = "`host/serve/README.md` describes every key";
    let cases = [
        (
            "[serve",
            1,
            "not TOML: unclosed table, expected `]`",
            "a section stands once, with all its lines; texts stand in quotes",
        ),
        (
            "[app.a]",
            1,
            "unknown key `app`, expected `serve`, `apps`, `data`, `models`",
            "did you mean `apps`?",
        ),
        (
            "\n[zzz]",
            2,
            "unknown key `zzz`, expected `serve`, `apps`, `data`, `models`",
            PAGE,
        ),
        (
            "[serve]\nslot = 4",
            2,
            "unknown key `slot`, expected `ledger`, `policy`, `slots`, `listen`, `grace`, `set`, `emit`",
            "did you mean `slots`?",
        ),
        (
            "[apps.a]\nsource = \"a\"\nconcurency = 1",
            3,
            "unknown key `concurency`, expected `source`, `concurrency`, `retry`, `swap`, `check`, `cron`",
            "did you mean `concurrency`?",
        ),
        (
            "[data]\nadbc = \"a\"",
            2,
            "unknown key `adbc`, expected `adbc-program`",
            "did you mean `adbc-program`?",
        ),
        (
            "[models]\nreply = \"a\"",
            2,
            "unknown key `reply`, expected `record`, `replay`",
            "did you mean `replay`?",
        ),
        (
            "[models]\nrecord = \"a\"\nreplay = \"b\"",
            3,
            "both `record` and `replay` are given, expected one",
            "record first; later take the answers from that file",
        ),
        (
            "[serve]\nslots = 0",
            2,
            "`slots` is 0, expected a number from 1 to 4096",
            PAGE,
        ),
        (
            "[serve]\nslots = \"9\"",
            2,
            "`slots` is string, expected a number from 1 to 4096",
            PAGE,
        ),
        (
            "[serve]\nslots = -1",
            2,
            "`slots` is -1, expected a number from 1 to 4096",
            PAGE,
        ),
        (
            "[serve]\nslots = 99999999999999999999",
            2,
            "`slots` is 99999999999999999999, expected a number from 1 to 4096",
            PAGE,
        ),
        (
            "[serve]\ngrace = \"2h\"",
            2,
            "`grace` is `2h`, expected a duration of at most 1h, such as \"10s\"",
            PAGE,
        ),
        (
            "[serve]\ngrace = 5",
            2,
            "`grace` is integer, expected a duration of at most 1h, such as \"10s\"",
            PAGE,
        ),
        (
            "[serve]\nlisten = \"localhost\"",
            2,
            "`listen` is `localhost`, expected an address with a port",
            "only this machine reaches `\"127.0.0.1:7878\"`, and `false` switches HTTP off",
        ),
        (
            "[serve]\nlisten = true",
            2,
            "`listen` is boolean, expected an address with a port, or `false`",
            "only this machine reaches `\"127.0.0.1:7878\"`, and `false` switches HTTP off",
        ),
        ("[serve]\nledger = \"\"", 2, "`ledger` is empty", PAGE),
        (
            "[serve]\nemit = [\"a\"]",
            2,
            "`emit` is array, expected a table",
            PAGE,
        ),
        ("[serve.emit]\na = \"\"", 2, "`a` is empty", PAGE),
        (
            "[serve.emit]\nDataIngested = \"TOKEN\"",
            2,
            "event type `DataIngested` is not a name",
            "use at most 64 small letters and digits, with `-` between words: `duty-changed`",
        ),
        (
            "[apps.a]\nretry = 3",
            1,
            "app `a` has no `source`",
            "name its component: `source = \"guests/NAME.wasm\"`",
        ),
        ("[apps]\na = 1", 2, "`a` is integer, expected a table", PAGE),
        (
            "[apps.\"a\\u0007\"]\nsource = \"a\"",
            1,
            "app `a\\u{7}` is not a name",
            "use 1 to 128 bytes of text without control characters",
        ),
        (
            "[apps.a]\nsource = \"a\"\nretry = 0",
            3,
            "`retry` is 0, expected a number from 1 to 100",
            PAGE,
        ),
        (
            "[apps.a]\nsource = \"a\"\nswap = \"later\"",
            3,
            "`swap` is `later`, expected `at-once` or `drain`",
            PAGE,
        ),
        (
            "[apps.a]\nsource = \"a\"\nswap = 1",
            3,
            "`swap` is integer, expected `at-once` or `drain`",
            PAGE,
        ),
        (
            "[apps.a]\nsource = \"a\"\ncheck = 1",
            3,
            "`check` is integer, expected `true` or a table",
            PAGE,
        ),
        (
            "[apps.a]\nsource = \"a\"\ncheck.payloads = \"x\"",
            3,
            "unknown key `payloads`, expected `payload`, `type`",
            "did you mean `payload`?",
        ),
        (
            "[apps.a]\nsource = \"a\"\n[apps.a.cron]\nname = \"x\"",
            3,
            "`cron` is table, expected a list",
            "each task is a section of its own: `[[apps.NAME.cron]]`",
        ),
        (
            "[apps.a]\nsource = \"a\"\n[[apps.a.cron]]\nname = \"x\"",
            3,
            "a task has no `schedule`",
            "a task has a `name` and a `schedule`, such as `\"0 6 * * 1-5\"`",
        ),
        (
            "[apps.a]\nsource = \"a\"\n[[apps.a.cron]]\nschedule = \"0 6 * * *\"",
            3,
            "a task has no `name`",
            "a task has a `name` and a `schedule`, such as `\"0 6 * * 1-5\"`",
        ),
        (
            "[apps.a]\nsource = \"a\"\n[[apps.a.cron]]\nname = \"x\"\nschedule = \"0 0 30 2 *\"",
            5,
            "cron `0 0 30 2 *` never fires",
            "give a day of month that the month has",
        ),
        (
            "[apps.a]\nsource = \"a\"\n[[apps.a.cron]]\nname = \"x\"\nschedule = \"0 6 * * *\"\n[[apps.a.cron]]\nname = \"x\"\nschedule = \"0 7 * * *\"",
            6,
            "two tasks of the app have the name `x`",
            "give each its own",
        ),
        (
            "[apps.a]\nsource = \"a\"\n[[apps.a.cron]]\nname = \"x\"\nschedule = \"0 6 * * *\"\npaylod = \"\"",
            6,
            "unknown key `paylod`, expected `name`, `schedule`, `payload`",
            "did you mean `payload`?",
        ),
    ];
    for (text, line, message, hint) in cases {
        let expected = format!("`{PATH}`:{line}: {message}\nhint: {hint}");
        assert_eq!(parse(text), Err(expected), "{text}");
    }
}

#[test]
fn a_file_that_cannot_be_read_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let load = || Config::load(folder.path()).map_err(|error| (error.message, error.hint));
    assert_eq!(
        load(),
        Err((
            "could not read it: No such file or directory (os error 2)".to_owned(),
            "name the folder with the file `fractalaw.toml`: `fractalaw serve FOLDER`".to_owned()
        ))
    );
    let path = folder.path().join("fractalaw.toml");
    std::fs::write(&path, [0xff]).unwrap();
    assert_eq!(load().unwrap_err().1, "the file is text in UTF-8");
    std::fs::write(&path, "#".repeat(1024 * 1024)).unwrap();
    assert!(load().is_ok());
    std::fs::write(&path, "#".repeat(1024 * 1024 + 1)).unwrap();
    assert_eq!(
        load(),
        Err((
            "larger than 1048576 bytes".to_owned(),
            "run some of the apps with another supervisor".to_owned()
        ))
    );
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    assert!(load().is_err());
}
