//! Turns the flags into what the library takes: a host, its policy, and a run.

use std::env;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use fractalaw_ai::Ai;
use fractalaw_data::Data;
use fractalaw_events::Events;
use fractalaw_host::{
    CodeCache, Durability, Given, Host, HostBuilder, HostError, Policy, Run, STDIN_BYTES,
};

use crate::policy::Answers;
use crate::record::Place;
use crate::trigger::Started;
use crate::usage::wrong;
use crate::{flags, policy};

/// A host for one guest, with the cache of the flags, this policy and this data.
pub(crate) fn host(
    flags: &flags::Run,
    policy: Option<Policy>,
    data: &Data,
) -> anyhow::Result<HostBuilder> {
    let mut builder = Host::builder()
        .slots(1)
        .offer(data.clone())
        .offer(Ai::new())
        .offer(Events::new())
        .offer_all(policy::added());
    if let Some(limit) = flags.compile_time {
        builder = builder.compile_time(limit);
    }
    if let Some(folder) = cache_folder(flags)? {
        builder = builder.cache(folder);
    }
    if let Some(policy) = policy {
        builder = builder.policy(policy);
    }
    Ok(builder)
}

pub(crate) fn durability(flag: flags::Durability) -> Durability {
    match flag {
        flags::Durability::Entry => Durability::Entry,
        flags::Durability::Run => Durability::Run,
        flags::Durability::Group => Durability::Group,
    }
}

/// The run, for this host.
pub(crate) fn run(flags: flags::Run, host: &Host, recorded: Option<&Place>) -> anyhow::Result<Run> {
    let replay = flags.replay.as_deref().map(Answers::Replay);
    let mut run = policy::granted(Run::new(), &flags.grants, replay)?;
    if let Some(tier) = flags.tier {
        run = run.tier(tier);
    }
    if let Some(units) = flags.fuel {
        run = run.fuel(units);
    }
    if let Some(deadline) = flags.timeout {
        run = run.deadline(deadline);
    }
    if let Some(size) = flags.memory {
        run = run.memory_bytes(usize::try_from(size.as_u64()).unwrap_or(usize::MAX));
    }
    for arg in flags.args {
        run = run.arg(arg);
    }
    for (name, value) in flags.env {
        run = run.env(name, value);
    }
    for dir in flags.dirs {
        run = run.dir(dir);
    }
    if flags.trace {
        run = run.trace();
    }
    if flags.deterministic {
        run = run.deterministic();
    }
    if let Some(unix_start) = flags.clock {
        run = run.clock(unix_start);
    }
    if let Some(seed) = flags.seed {
        run = run.seed(seed);
    }
    let mut clock = flags.clock;
    if let Some(place) = recorded {
        let fixed = place.fixed();
        run = run.clock(fixed.clock).seed(fixed.seed);
        clock = Some(fixed.clock);
        // A guest that has no models asks for no answers.
        let has_models = |given: Given| given.names.iter().any(|name| name.key() == "ai");
        if host.given(&flags.component, &run).is_ok_and(has_models) {
            let answers = place.answers();
            run = policy::granted(run, &flags.grants, Some(Answers::Record(&answers)))?;
        }
    }
    let stdin = flags.stdin.as_deref().map(read_input).transpose()?;
    match flags.trigger {
        Some(started) => {
            if matches!(started, Started::Tick(_)) && flags.deterministic && clock.is_none() {
                return Err(wrong(
                    "a tick starts a deterministic run, expected its time",
                    "give it with `--clock`",
                ));
            }
            let payload = started.input(stdin, |path| Ok(read_input(path)?))?;
            started.start(run, &name(host, &flags.component), clock, payload)
        }
        None => Ok(stdin.into_iter().fold(run, Run::stdin)),
    }
}

/// The name that the component has in a trigger. A component that cannot be loaded does not start.
fn name(host: &Host, component: &Path) -> String {
    let given = host.given(component, &Run::new()).ok();
    let name = given.and_then(|given| given.app.name);
    name.map_or_else(|| "unnamed".to_owned(), |name| name.to_string())
}

/// Reads a file or our own standard input up to the limit, because a device has no end.
fn read_input(path: &Path) -> Result<Vec<u8>, HostError> {
    let failed = |source| HostError::Read {
        path: path.to_owned(),
        source,
    };
    let source: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(open_input(path)?),
    };
    let mut input = Vec::new();
    source
        .take(STDIN_BYTES as u64 + 1)
        .read_to_end(&mut input)
        .map_err(failed)?;
    if input.len() > STDIN_BYTES {
        return Err(HostError::StdinTooLarge);
    }
    Ok(input)
}

/// Opening a pipe waits for its other end, and nothing of ours ends that wait.
fn open_input(path: &Path) -> Result<File, HostError> {
    let open = || {
        let kind = fs::metadata(path)?.file_type();
        match kind.is_fifo() || kind.is_socket() {
            true => Ok(None),
            false => File::open(path).map(Some),
        }
    };
    let opened = open().map_err(|source| HostError::Read {
        path: path.to_owned(),
        source,
    })?;
    opened.ok_or_else(|| HostError::NotAFile {
        path: path.to_owned(),
        expected: "standard input",
    })
}

/// A folder from the flags must work. The user's own is used if possible.
fn cache_folder(flags: &flags::Run) -> Result<Option<PathBuf>, HostError> {
    if flags.no_cache {
        return Ok(None);
    }
    if let Some(folder) = &flags.cache {
        return Ok(Some(folder.clone()));
    }
    // A relative or empty path would put code into the current directory.
    let absolute = |name| Some(PathBuf::from(env::var_os(name)?)).filter(|path| path.is_absolute());
    let from_home = || Some(absolute("HOME")?.join(".cache"));
    let Some(folder) = absolute("XDG_CACHE_HOME")
        .or_else(from_home)
        .map(|folder| folder.join("fractalaw"))
    else {
        return Ok(None);
    };
    match CodeCache::open(&folder) {
        Ok(_) => Ok(Some(folder)),
        // The host must not execute what others may have put there, so this is an error.
        Err(error @ (HostError::CacheNotPrivate { .. } | HostError::CacheNotOurs { .. })) => {
            Err(error)
        }
        Err(error) => {
            tracing::warn!("{:#}, going on without it", anyhow::Error::from(error));
            Ok(None)
        }
    }
}
