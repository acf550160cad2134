//! A database that cannot be opened. The error says whether the driver, its function, the file or the program is
//! wrong, and what to do.

use std::fs;
use std::path::Path;

use fractalaw_adbc_client::{OpenError, Settings, Store};

use crate::databases::{Kind, none, program};

fn said(settings: &Settings) -> String {
    said_by(program(), settings)
}

fn said_by(program: &Path, settings: &Settings) -> String {
    let secret = |name: &str| (name == "TOP").then(|| "hunter2-hunter2".to_owned());
    match Store::open_with(settings, program, secret) {
        Ok(_) => "open".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_driver_that_is_none_is_told_by_its_cause() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("text.so");
    fs::write(
        &text,
        "no library, but long enough to be read as the head of one, if it were",
    )
    .unwrap();
    let missing = folder.path().join("missing.so");
    let with = |driver: &Path, entrypoint: Option<&str>| Settings {
        driver: "mine".to_owned(),
        uri: Some("x".to_owned()),
        library: Some(driver.to_owned()),
        entrypoint: entrypoint.map(str::to_owned),
        ..none()
    };
    let hint = "hint: name the driver's shared library, made for this system";
    let found = said(&with(&missing, None));
    let shown = missing.display();
    assert_eq!(
        found,
        format!("cannot load the driver `{shown}`: No such file or directory (os error 2)\n{hint}")
    );
    let found = said(&with(&text, None));
    let shown = text.display();
    assert!(
        found.starts_with(&format!("cannot load the driver `{shown}`: ")),
        "{found}"
    );
    assert!(
        found.contains("invalid ELF header") && found.ends_with(hint),
        "{found}"
    );
    if let Some(driver) = Kind::Duckdb.driver() {
        let shown = driver.display();
        assert_eq!(
            said(&with(&driver, Some("nothing_of_this_name"))),
            format!(
                "cannot load the driver `{shown}`: it has no function `nothing_of_this_name`\nhint: name the function that gives the driver with `entrypoint = \"…\"`, as the driver's pages do"
            )
        );
    }
    let by_name = Settings {
        driver: "postgresql".to_owned(),
        uri: Some("postgresql://me:${TOP}@localhost/db".to_owned()),
        ..none()
    };
    // A driver that stands beside the program would be found.
    let alone = folder.path().join("fractalaw-adbc");
    fs::copy(program(), &alone).unwrap();
    let found = said_by(&alone, &by_name);
    assert!(
        found.starts_with("cannot load the driver `libadbc_driver_postgresql.so`: "),
        "{found}"
    );
    assert!(
        found.ends_with("hint: install `libadbc_driver_postgresql.so` where the system looks for libraries, or name it with `library = \"PATH\"`"),
        "{found}"
    );
}

#[test]
fn a_program_that_is_not_there_is_told() {
    let settings = Settings {
        driver: "sqlite".to_owned(),
        path: Some("x".into()),
        ..none()
    };
    let error = Store::open(&settings, Path::new("no-such-program"))
        .err()
        .unwrap();
    assert!(matches!(error, OpenError::Program { .. }), "{error}");
    // A program that is not `fractalaw-adbc` ends without an answer.
    let error = Store::open(&settings, Path::new("/bin/true"))
        .err()
        .unwrap();
    assert!(matches!(error, OpenError::Died { .. }), "{error}");
}

/// If a driver's error has the secret in it, the message does not.
#[test]
fn a_secret_is_in_no_message() {
    for (kind, hint) in [(Kind::Duckdb, "correct"), (Kind::Sqlite, "correct")] {
        let Some(driver) = kind.driver() else {
            continue;
        };
        let option = if kind == Kind::Duckdb { "path" } else { "uri" };
        let settings = Settings {
            driver: "mine".to_owned(),
            library: Some(driver),
            entrypoint: Some(
                if kind == Kind::Duckdb {
                    "duckdb_adbc_init"
                } else {
                    "AdbcDriverInit"
                }
                .to_owned(),
            ),
            uri: Some("/no/such/folder/${TOP}".to_owned()),
            options: [(option.to_owned(), "/no/such/folder/${TOP}".to_owned())].into(),
            ..none()
        };
        let found = said(&settings);
        assert!(found.starts_with("cannot open the database: "), "{found}");
        assert!(
            found.contains(hint) && !found.contains("hunter2"),
            "{found}"
        );
        assert!(found.contains("/no/such/folder/[TOP]"), "{found}");
    }
}
