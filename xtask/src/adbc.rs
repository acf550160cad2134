//! The program that loads ADBC drivers. It is built only if what is run imports data and names a driver, because it
//! depends on Arrow, which nothing else needs.

use std::fs;
use std::path::Path;

use anyhow::Result;
use toml::{Table, Value};
use wasmparser::{Parser, Payload};

use crate::cargo::ADBC;
use crate::programs::program;
use crate::project::{Project, read_toml};

/// Builds the program if this component, run with these options, needs it. Whatever cannot be read needs nothing here: the
/// host says what is wrong with it.
pub(crate) fn ready(project: &Project, component: &Path, options: &[String]) -> Result<()> {
    if name_a_driver(options) && imports_data(component) {
        build(project)?;
    }
    Ok(())
}

/// Builds the program if the policy of a served folder names a driver.
pub(crate) fn ready_for_folder(project: &Project, folder: &Path) -> Result<()> {
    let config = read_toml(&folder.join("fractalaw.toml")).unwrap_or_default();
    let policy = config.get("serve").and_then(|serve| serve.get("policy"));
    let policy = policy
        .and_then(Value::as_str)
        .map(|policy| folder.join(policy));
    let names_driver =
        policy.is_some_and(|policy| read_toml(&policy).is_ok_and(|policy| has_driver(&policy)));
    match names_driver {
        true => build(project),
        false => Ok(()),
    }
}

/// Builds the program, so that a host finds it beside its own.
pub(crate) fn build(project: &Project) -> Result<()> {
    program(
        project,
        &ADBC,
        "fractalaw-adbc",
        "the program that loads database drivers",
        "this compiles Arrow and takes a minute, once",
    )?;
    Ok(())
}

/// Whether the options of a run name a driver: by an address, in a line of policy, or in a policy file.
fn name_a_driver(options: &[String]) -> bool {
    let mut given = options.iter().map(String::as_str);
    while let Some(option) = given.next() {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        };
        let names = match name {
            "--data" => is_address,
            "--grant" => |line: &str| toml::from_str(line).is_ok_and(|line| has_driver(&line)),
            "--policy" => {
                |file: &str| read_toml(Path::new(file)).is_ok_and(|policy| has_driver(&policy))
            }
            _ => continue,
        };
        if value.or_else(|| given.next()).is_some_and(names) {
            return true;
        }
    }
    false
}

/// Whether this is no plain file: a longer list of schemes is in `host/adbc/client/src/engine.rs`.
fn is_address(place: &str) -> bool {
    place.starts_with("duckdb:") || place.contains("://")
}

/// Whether any section says `data.adbc`.
fn has_driver(table: &Table) -> bool {
    table.iter().any(|(key, value)| match value {
        Value::Table(data) if key == "data" => data.contains_key("adbc"),
        Value::Table(section) => has_driver(section),
        _ => false,
    })
}

/// Whether the component imports an interface of data.
fn imports_data(component: &Path) -> bool {
    let Ok(bytes) = fs::read(component) else {
        return false;
    };
    let mut depth = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        match payload {
            Ok(Payload::Version { .. }) => depth += 1,
            Ok(Payload::End(_)) => depth -= 1,
            Ok(Payload::ComponentImportSection(imports)) if depth == 1 => {
                let mut names = imports.into_iter().flatten().map(|import| import.name);
                if names.any(|name| name.name.starts_with("fractal:app/data-")) {
                    return true;
                }
            }
            Ok(_) => {}
            Err(_) => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{imports_data, name_a_driver};

    #[test]
    fn a_driver_is_named_by_an_address_a_line_or_a_policy() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.display().to_string()
        };
        let with = file(
            "with.toml",
            "[all]\ntier = \"heavy\"\n[apps.a]\ndata.adbc = \"duckdb:a.db\"\n",
        );
        let without = file(
            "without.toml",
            "[apps.a]\ndata.file = \"a.db\"\nenv.adbc = true\n",
        );
        for (options, expected) in [
            (&["--data", "duckdb:a.db"][..], true),
            (&["--data=postgresql://h/db:rw"], true),
            (&["--data", "a.db:rw"], false),
            (&["--grant", "data.adbc = \"duckdb:a.db\""], true),
            (
                &["--grant=data.adbc = { driver = \"duckdb\", path = \"a\" }"],
                true,
            ),
            (&["--grant", "data.file = \"adbc\""], false),
            (&["--policy", &with], true),
            (&["--json", "--policy", &without, "--arg", "--data"], false),
            (&["--policy", "nowhere.toml"], false),
            (&["--data"], false),
            (&[], false),
        ] {
            let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
            assert_eq!(name_a_driver(&options), expected, "{options:?}");
        }
    }

    #[test]
    fn only_the_components_own_imports_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wasm");
        let mut import = wasm_encoder::ComponentImportSection::new();
        let mut types = wasm_encoder::ComponentTypeSection::new();
        types.instance(&wasm_encoder::InstanceType::new());
        import.import(
            "fractal:app/data-query@0.1.0",
            wasm_encoder::ComponentTypeRef::Instance(0),
        );
        let mut imports = wasm_encoder::Component::new();
        imports.section(&types).section(&import);
        let imports = imports.finish();
        let mut around = wasm_encoder::Component::new();
        around.section(&wasm_encoder::RawSection {
            id: 4,
            data: &imports,
        });
        for (bytes, expected) in [
            (&imports[..], true),
            (&around.finish(), false),
            (b"no component", false),
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(imports_data(&path), expected);
        }
        assert!(!imports_data(&folder.path().join("nowhere.wasm")));
    }
}
