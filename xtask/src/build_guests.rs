//! `cargo xtask build-guests`: builds components from the source of guests, if they are stale.

// From the ground up, as in `main.rs`.

// Cargo and the compiler, as guests are built with them.
pub(crate) mod fetch;
mod guest_cargo;
mod guest_profile;
pub(crate) mod hermetic;
pub(crate) mod toolchain;

// From source to core module, and from core module to component.
mod reading;

mod compile;
mod contract;
pub(crate) mod contract_files;
mod encode;
mod languages;
mod sizes;
mod standing;

// From several components to one.
mod compose;
mod order;

// What is kept of a build, and whether it is still valid.
mod encoder_sources;
mod fresh;
mod summary;

mod outcome;

// Either of both ways from source.
mod makers;

// For measurements.
mod lines;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::fault::{FAILED, Fault, list};
use crate::files::{lock, remove_files, remove_folders, remove_if_there, write_atomically};
use crate::flags::BuildGuests;
use crate::guest::Guest;
use crate::lock::Lock;
use crate::project::Project;
use compile::Compiler;
use compose::Composed;
use contract::Contract;
use fetch::{For, fetch};
use fresh::{Before, Common, Outputs, Record};
use languages::{Languages, Made};
pub(crate) use lines::{WithLines, has_lines, with_lines};
use makers::Makers;
use order::Order;
pub(crate) use order::{inside, users};
pub(crate) use outcome::Outcome;
use reading::on_its_stack;
use standing::Standing;
use summary::{Built, Status, Summary};
use toolchain::Toolchain;

/// Runs the command: builds, then prints the result.
pub(crate) fn run(project: &Project, flags: &BuildGuests) -> Result<()> {
    let names = project.select(&flags.names)?;
    if flags.check {
        return check(project, &names);
    }
    let outcome = build(project, &names)?;
    if flags.json {
        println!(
            "{}",
            summary::json(project, &outcome.built, &outcome.failures)
        );
    } else if !outcome.built.is_empty() {
        println!("{}", summary::table(&outcome.built));
    }
    if flags.sizes {
        for built in &outcome.built {
            let name = &built.summary.name;
            let path = project.component(name);
            let component =
                fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
            let sizes = on_its_stack(|| sizes::breakdown(name, &component))?;
            println!("\n{sizes}");
        }
    }
    outcome.check()
}

/// Prints the names of the stale guests, one on each line, and fails if there are any. It writes nothing and
/// waits for nobody. A guest that is being built has no record, so it counts as stale.
fn check(project: &Project, names: &[String]) -> Result<()> {
    let common = Common::look(project, &Toolchain::ask(project)?)?;
    let lock = Lock::read(&project.root)?;
    let order = Order::of(project, names)?;
    let mut all = BTreeSet::new();
    for name in &order.names {
        let is_fresh = match Record::load(project, name) {
            Some(record) => record.holds(project, &common.of(project.language(name)), &lock)?,
            None => false,
        };
        let is_refused = order.refused.contains_key(name);
        if !is_fresh || is_refused || order.parts(name).any(|part| all.contains(part)) {
            all.insert(&**name);
        }
    }
    let stale: Vec<&String> = names.iter().filter(|name| all.contains(&***name)).collect();
    for name in &stale {
        println!("{name}");
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Fault::new(
        FAILED,
        format!(
            "not built from their sources as they are now: {}",
            list(stale)
        ),
    )
    .hint("run `cargo xtask build-guests`")
    .into())
}

/// Builds for another command, and prints only what was rebuilt. Builds all guests if `names` is empty.
pub(crate) fn ensure(project: &Project, names: &[String]) -> Result<()> {
    attempt(project, &project.select(names)?)?.check()
}

/// Whether an argument means a file, and no guest.
pub(crate) fn is_path(what: &str) -> bool {
    what.contains(['/', std::path::MAIN_SEPARATOR]) || what.ends_with(".wasm")
}

/// The component that an argument means: a guest's, built if it is stale, or the one at a path.
pub(crate) fn component(project: &Project, what: &str) -> Result<PathBuf> {
    if is_path(what) {
        return Ok(Path::new(what).to_owned());
    }
    ensure(project, &[what.to_owned()])?;
    Ok(project.component(what))
}

/// The same for exactly these guests. The command goes on with those that can be built.
pub(crate) fn attempt(project: &Project, names: &[String]) -> Result<Outcome> {
    let outcome = build(project, names)?;
    let is_rebuilt = |built: &&Built| built.status == Status::Rebuilt;
    let rebuilt: Vec<Built> = outcome.built.iter().filter(is_rebuilt).cloned().collect();
    if !rebuilt.is_empty() {
        eprintln!("{}", summary::table(&rebuilt));
    }
    Ok(outcome)
}

/// The folders of packages, and files outside of them, that the last build of a guest read. Nothing if it has no record.
pub(crate) fn read_by(project: &Project, name: &str) -> Vec<PathBuf> {
    let record = Record::load(project, name);
    let read = record.iter().flat_map(Record::read);
    read.map(|path| project.root.join(path)).collect()
}

/// Builds what is stale. A guest that fails does not stop the others.
fn build(project: &Project, names: &[String]) -> Result<Outcome> {
    let _alone = lock(&project.outputs())?;
    prune(project)?;
    contract_files::ready(project)?;
    let mut toolchain = Toolchain::ask(project)?;
    let common = Common::look(project, &toolchain)?;
    let lock = Lock::read(&project.root)?;
    let order = Order::of(project, names)?;
    let mut outcome = Outcome::default();
    let mut stale: Vec<(&str, Option<Record>)> = Vec::new();
    for name in &order.names {
        let part_is_stale = (order.parts(name)).any(|part| {
            order.refused.contains_key(part) || stale.iter().any(|(stale, _)| *stale == part)
        });
        match Record::load(project, name) {
            _ if order.refused.contains_key(name) => {
                let why = order.refused[name].clone();
                outcome.failures.push((name.clone(), why));
            }
            Some(record)
                if !part_is_stale
                    && record.holds(project, &common.of(project.language(name)), &lock)? =>
            {
                outcome.built.push(Built {
                    summary: record.summary,
                    status: Status::Fresh,
                });
            }
            record => stale.push((name, record)),
        }
    }
    if stale.is_empty() {
        return Ok(outcome);
    }
    let contract = Contract::read(project)?;
    let in_rust = stale.iter().map(|(name, _)| *name);
    let in_rust: Vec<&str> = in_rust
        .filter(|name| project.language(name).is_none())
        .collect();
    if !in_rust.is_empty() {
        toolchain.ready(project)?;
        fetch(project, in_rust, For::Build)?;
    }
    let mut makers = Makers {
        compiler: Compiler::new(project, &mut toolchain),
        languages: Languages::default(),
    };
    for (name, record) in stale {
        let language = project.language(name);
        let common = common.of(language);
        if let Some(part) =
            (order.parts(name)).find(|part| outcome.failed().any(|one| one == *part))
        {
            let why = format!("`{name}` is composed of `{part}`, which could not be built");
            if outcome.without_tools.iter().any(|one| one == part) {
                outcome.without_tools.push(name.to_owned());
            }
            outcome.failures.push((name.to_owned(), why));
            continue;
        }
        // It was stale because a part was. If that gave the same bytes again, there is nothing to do.
        if let Some(record) = &record
            && order.parts(name).next().is_some()
            && record.holds(project, &common, &lock)?
        {
            outcome.built.push(Built {
                summary: record.summary.clone(),
                status: Status::Fresh,
            });
            continue;
        }
        if let Some(language) = language {
            let failed = match makers.languages.ready(project, language) {
                Ok(Ok(())) => None,
                Ok(Err(why)) => {
                    outcome.without_tools.push(name.to_owned());
                    Some(languages::without_tools(name, language, &why).to_string())
                }
                // Such as another digest than the pinned one. Other guests are built, and this is never skipped.
                Err(error) => Some(format!("`{name}` is not built: {error:#}")),
            };
            if let Some(why) = failed {
                outcome.failures.push((name.to_owned(), why));
                continue;
            }
        }
        eprintln!("building `{name}`");
        match build_one(project, &mut makers, &contract, &common, name, record) {
            Ok(built) => outcome.built.push(built),
            Err(error) => outcome
                .failures
                .push((name.to_owned(), format!("{error:#}"))),
        }
    }
    outcome.lose_what_was_changed(project);
    outcome
        .built
        .sort_by(|a, b| a.summary.name.cmp(&b.summary.name));
    Ok(outcome)
}

fn build_one(
    project: &Project,
    makers: &mut Makers<'_>,
    contract: &Contract,
    common: &str,
    name: &str,
    record: Option<Record>,
) -> Result<Built> {
    let guest = Guest::read(project, name)?;
    let before = Before::look(project, name, record.as_ref())?;
    // From here until the new record is written, nothing is known about this guest.
    Record::remove(project, name)?;
    let standing = Standing::look(project)?;
    let (made, compiled) = makers.make(project, &guest, &before.changed)?;
    standing.check(project, name)?;
    let own =
        on_its_stack(|| encode::component(&guest, &made).with_context(|| format!("`{name}`")))?;
    let core = match &made {
        Made::Module(core) => Some(core.as_slice()),
        Made::Component(_) => None,
    };
    let Composed {
        component,
        tier,
        parts,
    } = match guest.build.compose.is_empty() {
        false => compose::composed(project, &project.outputs(), &guest, &made, &own)?,
        true => Composed {
            component: own,
            tier: guest.manifest.tier,
            parts: BTreeMap::new(),
        },
    };
    let imports = on_its_stack(|| contract.check(&guest, &component))?;
    match core {
        Some(core) => write_atomically(&project.core_module(name), core)?,
        None => remove_if_there(&project.core_module(name))?,
    }
    write_atomically(&project.component(name), &component)?;
    let summary = Summary {
        name: name.to_owned(),
        tier,
        core_bytes: core.map(<[u8]>::len),
        component_bytes: component.len(),
        imports,
    };
    let outputs = Outputs {
        core,
        component: &component,
        parts,
    };
    Record::new(
        project,
        common,
        before,
        compiled.as_ref(),
        outputs,
        summary.clone(),
    )?
    .store(project)?;
    Ok(Built {
        summary,
        status: Status::Rebuilt,
    })
}

/// Removes what deleted guests left behind.
fn prune(project: &Project) -> Result<()> {
    let known = project.guests()?;
    let orphan = |name: &str| {
        let stem = name
            .strip_suffix(".wasm")
            .or_else(|| name.strip_suffix(".json"));
        stem.is_some_and(|stem| !known.iter().any(|guest| guest == stem))
    };
    let outputs = project.outputs();
    for folder in [outputs.join("core"), outputs.join("fresh"), outputs] {
        remove_files(&folder, orphan)?;
    }
    remove_folders(&project.cargo_outputs(""), |name| {
        known.iter().all(|guest| guest != name)
    })?;
    // Builds that were killed.
    remove_folders(&project.workshop(), |_| true)?;
    Ok(())
}
