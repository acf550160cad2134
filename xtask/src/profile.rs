//! `cargo xtask profile`: how much fuel each function of a guest used, exactly.

// From the ground up, as in `main.rs`.
#[cfg(test)]
pub(crate) mod samples;

mod flame;
mod folded;
mod table;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail};
use fractalaw_manifest::terminal::one_line;
use fractalaw_report::{FunctionsUsed, Profile};
use serde_json::{Value, json};

use crate::build_guests;
use crate::cases::asked::{Asked, neighbour};
use crate::cases::names::Cases;
use crate::cases::recording::{Wanted, record};
use crate::cases::records;
use crate::children;
use crate::fault::{FAILED, Fault, USAGE};
use crate::files::write_atomically;
use crate::flags;
use crate::flags::Format;
use crate::programs;
use crate::project::Project;
use crate::revision;

/// Runs the command.
pub(crate) fn run(project: &Project, flags: &flags::Profile) -> Result<ExitCode> {
    one_run(flags)?;
    if !is_path(&flags.what) && flags.options.is_empty() {
        project.select(std::slice::from_ref(&flags.what))?;
        let (cases, case) = (Cases::find(project), case(flags));
        if !cases.has(&case) {
            return Err(cases.unknown("case", &case).into());
        }
    }
    let now = profile(project, flags, Side::Now)?;
    let before = flags
        .against
        .as_deref()
        .map(|against| profile(project, flags, Side::Before(against)))
        .transpose()?;
    let name = title(flags);
    let text = match (flags.format, &before) {
        (Format::Table, None) => match table::parts(&now) {
            Some(parts) => format!("{}\n{parts}", table::functions(&now, flags.all)),
            None => table::functions(&now, flags.all),
        },
        (Format::Table, Some(before)) => {
            let used = |profile: &Profile| FunctionsUsed::of(&profile.functions);
            table::changes(&used(before).moved(&used(&now)), flags.all)
        }
        (Format::Folded, None) => folded::stacks(&now)?,
        (Format::Folded, Some(before)) => folded::both(before, &now)?,
        (Format::Html, before) => flame::page(&name, before.as_ref(), &now)?,
        (Format::Json, _) => serde_json::to_string_pretty(&json(&now))? + "\n",
    };
    match &flags.out {
        Some(path) => {
            fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))?
        }
        None => print!("{text}"),
    }
    // People read the table. The picture is for when the table is not enough.
    if flags.format == Format::Table {
        let path = project
            .target
            .join("profiles")
            .join(format!("{}.html", name.replace('/', "-")));
        let page = flame::page(&name, before.as_ref(), &now)?;
        write_atomically(&path, page.as_bytes())?;
        eprintln!("flame graph: {}", project.relative(&path).display());
    }
    Ok(ExitCode::SUCCESS)
}

/// The functions and the call tree, with names that are safe to print. A function of a composed component has its part.
fn json(profile: &Profile) -> Value {
    let functions = profile.functions.iter().map(|function| {
        let mut value = json!({
            "name": one_line(&function.name),
            "calls": function.calls,
            "own_fuel": function.own_fuel,
            "total_fuel": function.total_fuel,
        });
        if let Some(part) = &function.part {
            value["part"] = one_line(part).into();
        }
        value
    });
    json!({ "functions": functions.collect::<Vec<_>>(), "nodes": profile.nodes })
}

/// A case says how its guest is run, and a component given by its path has no cases.
fn one_run(flags: &flags::Profile) -> Result<()> {
    let Some(case) = &flags.case else {
        return Ok(());
    };
    let what = &flags.what;
    if is_path(what) {
        return Err(Fault::new(
            USAGE,
            format!("`{what}` is a component, which has no case `{case}`"),
        )
        .hint(format!(
            "give the options of its run behind `--`, as in `cargo xtask profile {what} -- --arg {case}`"
        ))
        .into());
    }
    if !flags.options.is_empty() {
        return Err(Fault::new(
            USAGE,
            format!(
                "the case `{what}/{case}` says how the guest is run, expected nothing behind `--`"
            ),
        )
        .hint("leave out the case, or what stands behind `--`")
        .into());
    }
    Ok(())
}

/// One of the two profiles.
#[derive(Clone, Copy)]
enum Side<'a> {
    Now,
    /// Of another revision, or of a component.
    Before(&'a str),
}

fn title(flags: &flags::Profile) -> String {
    let what = Path::new(&flags.what).file_stem().unwrap_or_default();
    let what = what.to_string_lossy();
    match &flags.case {
        Some(case) if !is_path(&flags.what) => format!("{what}/{case}"),
        _ => what.into_owned(),
    }
}

fn is_path(what: &str) -> bool {
    what.contains(['/', std::path::MAIN_SEPARATOR]) || revision::is_component(what)
}

fn profile(project: &Project, flags: &flags::Profile, side: Side<'_>) -> Result<Profile> {
    let built = component(project, flags, side)?;
    // A run with its own options, and not a case of the guest.
    if is_path(&flags.what) || !flags.options.is_empty() {
        return of_component(project, &built, &flags.options);
    }
    match side {
        Side::Now => of_case(project, flags, &project.outputs(), "now"),
        Side::Before(_) => of_case(
            project,
            flags,
            &alone(project, &flags.what, &built)?,
            "against",
        ),
    }
}

/// The component of a side. A guest's is built first.
fn component(project: &Project, flags: &flags::Profile, side: Side<'_>) -> Result<PathBuf> {
    let guest = &flags.what;
    match side {
        Side::Before(component) if revision::is_component(component) => Ok(component.into()),
        Side::Now if is_path(guest) => Ok(guest.into()),
        Side::Before(revision) if is_path(guest) => Err(Fault::new(
            USAGE,
            format!("`{revision}` is no component, and `{guest}` is compared with one"),
        )
        .hint("name the `.wasm` file to compare with")
        .into()),
        Side::Now => {
            // Only a case is run by the harness.
            let beside = neighbour(project).filter(|_| flags.options.is_empty());
            let beside = beside.map(str::to_owned);
            let names: Vec<String> = [guest.clone()].into_iter().chain(beside).collect();
            build_guests::ensure(project, &names)?;
            Ok(project.component(guest))
        }
        Side::Before(revision) => {
            let guests = revision::guests(project, revision, std::slice::from_ref(guest))?;
            Ok(guests.join(format!("{guest}.wasm")))
        }
    }
}

/// Makes a folder in which the harness finds the component under the guest's name, and no other guest except its
/// own.
fn alone(project: &Project, guest: &str, component: &Path) -> Result<PathBuf> {
    let folder = project.target.join("against").join("component");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
    let beside = neighbour(project).map(|name| (name, project.component(name)));
    let alone = (guest, component.to_owned());
    for (name, component) in beside.into_iter().chain([alone]) {
        fs::copy(&component, folder.join(format!("{name}.wasm")))
            .with_context(|| format!("cannot copy `{}`", component.display()))?;
    }
    Ok(folder)
}

/// The name of the case.
fn case(flags: &flags::Profile) -> String {
    let case = flags.case.as_deref().unwrap_or("default");
    format!("{}/{case}", flags.what)
}

/// Profiles a case through the harness, which knows its grants.
fn of_case(
    project: &Project,
    flags: &flags::Profile,
    guests: &Path,
    name: &str,
) -> Result<Profile> {
    let case = case(flags);
    let wanted = Wanted {
        guests,
        cases: Asked::Cases(vec![case.clone()]),
        profiles: true,
        coverage: false,
        name,
    };
    let records = records::read(&record(project, &wanted)?)?;
    let [record] = &records[..] else {
        bail!(
            "the harness recorded {} cases, expected `{case}`",
            records.len()
        );
    };
    match (&record.profile, &record.no_profile) {
        (Some(profile), _) => Ok(profile.clone()),
        (None, reason) => Err(Fault::new(
            FAILED,
            format!(
                "`{case}` has no profile: {}",
                reason.as_deref().unwrap_or("it says no reason")
            ),
        )
        .into()),
    }
}

/// Profiles any component through the host's program.
fn of_component(project: &Project, component: &Path, options: &[String]) -> Result<Profile> {
    let host: PathBuf = programs::host(project)?;
    let mut command = Command::new(&host);
    command.arg("profile").arg(component).args(options);
    let failed = || format!("cannot start `{}`", host.display());
    let mut running = children::spawn(command.stdout(Stdio::piped())).with_context(failed)?;
    let mut json = String::new();
    if let Some(output) = &mut running.child.stdout {
        output.read_to_string(&mut json).with_context(failed)?;
    }
    if !running.wait().with_context(failed)?.success() {
        return Err(
            Fault::new(FAILED, format!("`{}` has no profile", component.display()))
                .hint("what stands above says why")
                .into(),
        );
    }
    Profile::from_json(&json).map_err(|error| {
        // The message of the error includes its source.
        Fault::new(
            FAILED,
            format!("the host's profile cannot be read: {error}"),
        )
        .into()
    })
}
