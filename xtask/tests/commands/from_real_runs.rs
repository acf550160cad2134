//! A run that a real host recorded becomes a case, and the real harness repeats it: `run --record`, `test --from`, `test`. It
//! is given all that a run can be given: arguments, variables, standard input, a folder, a database, a grant by name, the
//! time and chance.

use std::fs;
use std::process::Command;

use crate::made::{Made, text};

const GUEST: &str = "berth-desk";

const SOURCE: &str = r#"//! Gives a ship a berth. A guest of the tests.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, stdin};
use std::time::{SystemTime, UNIX_EPOCH};

use acme::desk::weather::wind;
use fractal::app::audit_log::{AuditEntry, record_event};
use fractal::app::data_mutate::execute;
use fractal::app::data_query::query;

wit_bindgen::generate!({ path: "../../wit", world: "micro-app", generate_all });

struct App;

impl Guest for App {
    fn run() -> Result<String, String> {
        let place = std::env::args().nth(1).ok_or("no place")?;
        let desk = std::env::var("DESK").map_err(|error| error.to_string())?;
        let mut ship = String::new();
        stdin().read_to_string(&mut ship).map_err(|error| error.to_string())?;
        let rules = fs::read_to_string("/rules/draught.txt").map_err(|error| error.to_string())?;
        let knots = wind(&place)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?;
        let chance = RandomState::new().build_hasher().finish();
        let free = query("SELECT number FROM berth WHERE ship IS NULL").map_err(|error| error.message)?;
        let ship = ship.trim();
        let rows = execute(&format!(
            "UPDATE berth SET ship = '{ship}' WHERE number = (SELECT min(number) FROM berth WHERE ship IS NULL)"
        ));
        let rows = rows.map_err(|error| error.message)?;
        fs::write("/rules/last.txt", ship).map_err(|error| error.to_string())?;
        record_event(&AuditEntry {
            event_type: "berth-given".into(),
            resource: ship.into(),
            detail: format!("{desk}, {} bytes of berths, at {}", free.len(), now.as_nanos()),
        });
        Ok(format!("{ship}: {rows} at {place}, {knots} knots, draught {}, {chance:016x}", rules.trim()))
    }
}

export!(App);
"#;

const SCHEMA: &str = "CREATE TABLE berth (number INTEGER PRIMARY KEY, ship TEXT);
INSERT INTO berth (number) VALUES (1), (2);
";

#[test]
fn a_recorded_run_becomes_a_case_that_is_green_at_once_and_holds_the_guest_to_it() {
    let made = Made::new(&[]);
    let manifest = made.read("guests/storm-notice/Cargo.toml");
    let manifest = manifest.replace("storm-notice", GUEST);
    made.write(&format!("guests/{GUEST}/Cargo.toml"), &manifest);
    made.write(&format!("guests/{GUEST}/src/lib.rs"), SOURCE);
    made.write(
        "policy.toml",
        &format!(
            "[apps.{GUEST}]\ninterfaces.\"acme:desk/weather\" = true\nplaces = {{ Dover = true }}\n"
        ),
    );
    made.write("schema.sql", SCHEMA);
    made.write("ship.txt", "Aurora\n");
    made.write("rules/draught.txt", "7 m\n");
    // It compiles the host, which makes the database.
    made.ends(0, &["inspect", GUEST]);
    let output = Command::new(made.program("desk"))
        .args(["data", "import", "port.db", "schema.sql"])
        .current_dir(&made.root)
        .output();
    let output = output.unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));

    let run = ["run", GUEST, "--policy", "policy.toml", "--arg", "Dover"];
    let brought = [
        "--env",
        "DESK=north",
        "--stdin",
        "ship.txt",
        "--dir",
        "rules::/rules:rw",
    ];
    let kept = ["--data", "port.db:rw", "--record", "first-ship"];
    let said = made.ends(0, &[&run[..], &brought, &kept].concat());
    let result = said.lines().next().unwrap().to_owned();
    assert!(
        result.starts_with("Aurora: 1 at Dover, 38 knots, draught 7 m, "),
        "{said}"
    );

    let said = made.ends(0, &["test", "--from", "first-ship"]);
    assert!(said.ends_with("\n1 passed, 0 failed\n"), "{said}");
    let case = format!("{GUEST}/first-ship");
    let snapshot = made.read(&format!("tests/snapshots/{case}.behaviour.snap"));
    for expected in [
        "outcome: completed",
        &result,
        "[berth-given] Aurora",
        "north, ",
    ] {
        assert!(snapshot.contains(expected), "{expected}\n{snapshot}");
    }
    // The real things have changed since: the case has its own.
    made.write("ship.txt", "Borealis\n");
    made.write("rules/draught.txt", "9 m\n");
    fs::remove_file(made.root.join("port.db")).unwrap();
    fs::remove_dir_all(made.root.join("first-ship")).unwrap();
    let said = made.ends(0, &["test", GUEST]);
    assert!(said.contains(&format!("{case} ")), "{said}");
    assert!(said.ends_with("\n1 passed, 0 failed\n"), "{said}");

    // It is a case as any other: it fails if the guest does something else.
    let source = format!("guests/{GUEST}/src/lib.rs");
    made.edit(&source, "berth-given", "berth-taken");
    let said = made.ends(12, &["test", GUEST]);
    assert!(said.contains("[berth-taken] Aurora"), "{said}");
}
