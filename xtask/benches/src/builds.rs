//! Building guests when little or nothing is stale: the time to check freshness, and the time for each further
//! guest.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use fractalaw_measure::pairs::{self, Pair};
use fractalaw_measure::program::Flags;
use fractalaw_measure::table::{Bar, Row, Table, Unit};

fn spawn(command: &mut Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot start {command:?}"))?;
    let message = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{command:?} ended with {}\n{message}",
        output.status
    );
    Ok(())
}

/// `build-guests` of all guests when all are fresh, beside one bare `cargo build` of them, also fresh.
pub(crate) fn no_op(flags: &Flags, table: &mut Table) -> Result<()> {
    let here = Workspace::here(flags)?;
    let ours = || spawn(&mut here.build_guests());
    let bare = || spawn(&mut here.bare_cargo());
    let pair = compare(ours, bare)?;
    let name = format!("builds/no-op, {} guests", here.guests.len());
    table.add(row(name, &pair, Some(Bar::AtMost(1.5))));
    Ok(())
}

/// Fifty more guests: what each adds to a build in which nothing is stale, and the time if one is stale.
pub(crate) fn growth(flags: &Flags, table: &mut Table) -> Result<()> {
    const FEW: usize = 10;
    const MANY: usize = 60;
    let few = Workspace::generated(flags, FEW)?;
    let many = Workspace::generated(flags, MANY)?;
    let per_guest = |command: fn(&Workspace) -> Command| {
        let time = |workspace| move || spawn(&mut command(workspace));
        let pair = compare(time(&many), time(&few))?;
        Ok::<_, anyhow::Error>((pair.ours - pair.reference).as_secs_f64() / (MANY - FEW) as f64)
    };
    let (ours, reference) = (
        per_guest(Workspace::build_guests)?,
        per_guest(Workspace::bare_cargo)?,
    );
    table.add(Row {
        name: "builds/no-op, one more guest".to_owned(),
        unit: Unit::Microseconds,
        ours: ours * 1e6,
        reference: reference * 1e6,
        ratio: ours / reference,
        bar: None,
    });
    let mut edits = 0..;
    let mut change = |workspace: &Workspace| {
        let source = workspace.root.join("guests/generated-0/src/lib.rs");
        let mut text = fs::read_to_string(&source)?;
        text.push_str(&format!("// {}\n", edits.next().unwrap_or(0)));
        fs::write(&source, text).context("cannot change a generated guest")
    };
    let one_changed = |workspace: &Workspace, change: &mut dyn FnMut(&Workspace) -> Result<()>| {
        change(workspace)?;
        let rebuilt = rebuilt(workspace)?;
        ensure!(
            rebuilt == 1,
            "{rebuilt} guests were rebuilt for one that changed"
        );
        Ok(())
    };
    one_changed(&many, &mut change)?;
    one_changed(&few, &mut change)?;
    let mut pairs = Vec::new();
    for _ in 0..5 {
        let mut time = |workspace| {
            let start = Instant::now();
            one_changed(workspace, &mut change).map(|()| start.elapsed().as_secs_f64())
        };
        pairs.push((time(&many)?, time(&few)?));
    }
    let median = |of: fn(&(f64, f64)) -> f64| pairs::median(pairs.iter().map(of).collect());
    table.add(Row {
        name: format!("builds/one changed of {MANY}, beside one of {FEW}"),
        unit: Unit::Milliseconds,
        ours: median(|pair| pair.0) * 1e3,
        reference: median(|pair| pair.1) * 1e3,
        ratio: median(|pair| pair.0 / pair.1),
        bar: None,
    });
    Ok(())
}

/// Measures two processes alternately, after each has run once, because the first time there is something to
/// build.
fn compare(ours: impl Fn() -> Result<()>, reference: impl Fn() -> Result<()>) -> Result<Pair> {
    ours()?;
    reference()?;
    Ok(pairs::measure(
        30,
        || ours().map(|()| 1).expect("it ran before"),
        || reference().map(|()| 1).expect("it ran before"),
    ))
}

fn row(name: String, pair: &Pair, bar: Option<Bar>) -> Row {
    Row {
        name,
        unit: Unit::Milliseconds,
        ours: pair.ours.as_secs_f64() * 1e3,
        reference: pair.reference.as_secs_f64() * 1e3,
        ratio: pair.ratio,
        bar,
    }
}

/// The number of guests that one `build-guests` found stale.
fn rebuilt(workspace: &Workspace) -> Result<usize> {
    let output = workspace.build_guests().arg("--json").output()?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let guests = report["guests"].as_array().context("no list of guests")?;
    let is_rebuilt = |guest: &&serde_json::Value| guest["state"] == "rebuilt";
    Ok(guests.iter().filter(is_rebuilt).count())
}

/// A workspace whose guests are built in two ways.
struct Workspace {
    xtask: PathBuf,
    root: PathBuf,
    /// The target folder of `build-guests`.
    target: PathBuf,
    /// The target folder of bare `cargo build`.
    bare_target: PathBuf,
    guests: Vec<String>,
}

impl Workspace {
    /// The workspace in the current folder.
    fn here(flags: &Flags) -> Result<Workspace> {
        let root = env::current_dir()?;
        let mut guests = Vec::new();
        for entry in fs::read_dir("guests").context("the workspace is the current folder")? {
            let entry = entry?;
            let manifest = entry.path().join("Cargo.toml");
            // Cargo does not compile a guest without the standard library together with those that have it.
            if manifest.is_file() && !fs::read_to_string(manifest)?.contains("lib-lean") {
                guests.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        Ok(Workspace {
            xtask: flags.xtask.clone(),
            target: flags
                .records
                .parent()
                .context("records stand in `target`")?
                .to_owned(),
            bare_target: flags.records.join("bare"),
            root,
            guests,
        })
    }

    /// A workspace with only copies of `hello-world`, each with its own name. It is kept, so that the next
    /// benchmark need not build them all again.
    fn generated(flags: &Flags, guests: usize) -> Result<Workspace> {
        let root = flags.records.join(format!("generated-{guests}"));
        let here = env::current_dir()?;
        let names: Vec<_> = (0..guests).map(|i| format!("generated-{i}")).collect();
        fs::create_dir_all(root.join("wit"))?;
        for file in fs::read_dir(here.join("wit"))? {
            let file = file?;
            fs::copy(file.path(), root.join("wit").join(file.file_name()))?;
        }
        for file in ["Cargo.lock", "rust-toolchain.toml"] {
            fs::copy(here.join(file), root.join(file))?;
        }
        let mut manifest: toml::Table = fs::read_to_string(here.join("Cargo.toml"))?.parse()?;
        let workspace = manifest["workspace"]
            .as_table_mut()
            .context("no `[workspace]` in `Cargo.toml`")?;
        workspace.insert("members".to_owned(), vec!["guests/*"].into());
        workspace.remove("default-members");
        fs::write(root.join("Cargo.toml"), manifest.to_string())?;
        let original = here.join("guests/hello-world");
        for name in &names {
            let folder = root.join("guests").join(name);
            fs::create_dir_all(folder.join("src"))?;
            let manifest = fs::read_to_string(original.join("Cargo.toml"))?;
            let named = manifest.replacen("hello-world", name, 1);
            fs::write(folder.join("Cargo.toml"), named)?;
            fs::copy(original.join("src/lib.rs"), folder.join("src/lib.rs"))?;
        }
        Ok(Workspace {
            xtask: flags.xtask.clone(),
            target: root.join("target"),
            bare_target: root.join("bare"),
            root,
            guests: names,
        })
    }

    fn build_guests(&self) -> Command {
        let mut command = Command::new(&self.xtask);
        command
            .arg("build-guests")
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target);
        command
    }

    fn bare_cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(["build", "--offline", "--target", "wasm32-wasip2"])
            .args(["--profile", "guest"])
            .args(self.guests.iter().flat_map(|guest| ["-p", guest]))
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.bare_target);
        command
    }
}
