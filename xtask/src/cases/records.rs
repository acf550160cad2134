//! What the harness says of cases: outcome, cost and, if asked, which functions the cost is made of.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use fractalaw_manifest::terminal::one_line;
use serde::{Deserialize, Deserializer, Serialize};

use super::asked::Asked;
use super::harness::harness;
use crate::cargo::{shell, shown};
use crate::children;
use crate::fault::{FAILED, Fault};
use crate::progress::Progress;
use crate::project::Project;

/// One case as it runs now. The file that it is read from has more: the whole report.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Record {
    /// `subject/case`.
    pub(crate) case: String,
    pub(crate) report: Report,
    pub(crate) reviewed: Option<Reviewed>,
    pub(crate) profile: Option<Profile>,
    pub(crate) no_profile: Option<String>,
}

/// What is read of the report.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Report {
    pub(crate) outcome: Outcome,
    pub(crate) fuel: Fuel,
}

#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) kind: String,
}

/// Fuel in units.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Fuel {
    pub(crate) budget: u64,
    pub(crate) consumed: u64,
    pub(crate) certainty: String,
    pub(crate) cost_model: u32,
}

/// What the committed snapshot says.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Reviewed {
    pub(crate) cost_model: Option<u32>,
    pub(crate) fuel: Option<u64>,
}

/// Functions, and the tree of calls. The first two nodes are its roots.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Profile {
    pub(crate) functions: Vec<Function>,
    pub(crate) nodes: Vec<Node>,
}

/// What one function used.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Function {
    /// The guest's own words, made safe to print where they are read: tables, stacks and pictures show them.
    #[serde(deserialize_with = "printable")]
    pub(crate) name: String,
    pub(crate) calls: u64,
    pub(crate) own_fuel: u64,
    pub(crate) total_fuel: u64,
}

/// A place in the tree of calls; it stands behind its parent.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Node {
    pub(crate) parent: Option<u32>,
    pub(crate) function: u32,
    pub(crate) calls: u64,
    pub(crate) own_fuel: u64,
}

impl Record {
    /// The fuel, where it is the same each time.
    pub(crate) fn fuel(&self) -> Option<u64> {
        let fuel = &self.report.fuel;
        (fuel.certainty != "unrepeatable").then_some(fuel.consumed)
    }
}

fn printable<'de, D: Deserializer<'de>>(text: D) -> Result<String, D::Error> {
    String::deserialize(text).map(|text| one_line(&text))
}

/// Which cases are looked at, with which components.
pub(crate) struct Wanted<'a> {
    /// The folder of built guests.
    pub(crate) guests: &'a Path,
    pub(crate) cases: Asked,
    pub(crate) profiles: bool,
    /// Names the folder below `target/records/` in which the records stay.
    pub(crate) name: &'a str,
}

/// Runs the cases, and leaves the records in the folder that it returns.
pub(crate) fn write(project: &Project, wanted: &Wanted<'_>) -> Result<PathBuf> {
    let folder = project.target.join("records").join(wanted.name);
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot empty `{}`", folder.display()));
        }
        _ => {}
    }
    // To the harness, no name means every case.
    if let Asked::Cases(names) = &wanted.cases
        && names.is_empty()
    {
        fs::create_dir_all(&folder)
            .with_context(|| format!("cannot make `{}`", folder.display()))?;
        return Ok(folder);
    }
    let shell = shell(project)?;
    let progress = Progress::new();
    let mut command = harness(&shell, wanted.guests, &wanted.cases)
        .arg("--record")
        .arg(&folder);
    if wanted.profiles {
        command = command.arg("--profiles");
    }
    if !progress.is_shown() {
        command = command.env("CARGO_TERM_QUIET", "true");
    }
    let shown = shown(&command);
    let mut running = children::spawn(Command::from(command).stdout(Stdio::piped()))
        .with_context(|| format!("cannot start `{shown}`"))?;
    let output = running.child.stdout.take();
    let output = BufReader::new(output.with_context(|| format!("`{shown}` has no output"))?);
    let mut said = Vec::new();
    let mut done = 0;
    let mut all = String::new();
    for line in output.split(b'\n') {
        let line = line.with_context(|| format!("cannot read from `{shown}`"))?;
        let line = String::from_utf8_lossy(&line).into_owned();
        if let Some(name) = line
            .strip_prefix("test ")
            .filter(|line| line.contains(" ... "))
        {
            done += 1;
            let name = name.split(' ').next().unwrap_or_default();
            progress.say(&format!("{done} of {all} cases run, last {name}"));
        } else if let Some(count) = line.strip_prefix("running ") {
            all = count.split(' ').next().unwrap_or_default().to_owned();
        }
        said.push(line);
    }
    let status = running.wait();
    drop(progress);
    if !status
        .with_context(|| format!("cannot wait for `{shown}`"))?
        .success()
    {
        // Quiet until here: only now does it matter which case it was.
        eprintln!("{}", said.join("\n"));
        return Err(
            Fault::new(FAILED, "not every case could be run and recorded")
                .hint("the harness's messages stand above; `cargo xtask test` runs the same cases")
                .into(),
        );
    }
    Ok(folder)
}

/// Reads what [`write()`] left, in the order of the cases' names.
pub(crate) fn read(folder: &Path) -> Result<Vec<Record>> {
    let mut records = Vec::new();
    for subject in entries(folder)? {
        for file in entries(&subject)? {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("cannot read `{}`", file.display()))?;
            let record = serde_json::from_str(&text)
                .with_context(|| format!("`{}` is not a record", file.display()))?;
            records.push(record);
        }
    }
    records.sort_by(|a: &Record, b: &Record| a.case.cmp(&b.case));
    Ok(records)
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(folder)
        .with_context(|| format!("cannot list `{}`", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn the_name_of_a_function_is_safe_to_print() {
        let profile: Profile = serde_json::from_str(
            r#"{"functions": [{"name": "a\u001b[2J\nb", "calls": 1, "own_fuel": 2, "total_fuel": 2}], "nodes": []}"#,
        )
        .unwrap();
        assert_eq!(profile.functions[0].name, r"a\u{1b}[2J\nb");
    }
}
