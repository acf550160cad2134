//! One case: a file of limits and grants, and the component that it is for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context, Result, anyhow, bail, ensure};
use bytesize::ByteSize;
use fractalaw_events::{EventSpec, TickSpec};
use fractalaw_events_engine::Time;
use fractalaw_host::{DirGrant, Run, Section, Tier};
use serde::Deserialize;

use crate::ai::AiSpec;
use crate::data::DataSpec;
use crate::freshness::Guests;
use crate::granted::Granted;
use crate::name::Name;
use crate::regular;
use crate::trigger;

/// A case.
pub(crate) struct Case {
    pub(crate) name: Name,
    /// The folder of the file. Its inputs are beside it.
    folder: PathBuf,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Spec {
    about: String,
    component: Option<Component>,
    /// The time at which the run begins, in RFC 3339 and UTC: a text, or TOML's own type.
    clock: Option<toml::Value>,
    /// The seed of its randomness.
    seed: Option<Number>,
    #[serde(default)]
    limits: LimitsSpec,
    #[serde(default)]
    grants: GrantsSpec,
    data: Option<DataSpec>,
    ai: Option<AiSpec>,
    event: Option<EventSpec>,
    tick: Option<TickSpec>,
}

/// Where the component of a fixture comes from. A guest's case leaves it out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
enum Component {
    /// A file beside the case. Text in a `.wat` file is assembled.
    File(PathBuf),
    /// The first bytes of such a file.
    Truncated { file: PathBuf, bytes: usize },
    /// That many zero bytes.
    Zeros(ByteSize),
}

/// A number. TOML has none above 2^63, so a larger one is a text.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "toml::Value")]
struct Number(u64);

impl TryFrom<toml::Value> for Number {
    type Error = String;

    fn try_from(value: toml::Value) -> Result<Number, String> {
        let number = match &value {
            toml::Value::Integer(number) => u64::try_from(*number).ok(),
            toml::Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let wrong = || format!("{value} is no whole number from 0 to {}", u64::MAX);
        number.map(Number).ok_or_else(wrong)
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct LimitsSpec {
    tier: Option<Tier>,
    fuel: Option<Number>,
    timeout: Option<String>,
    memory: Option<ByteSize>,
    /// Quotas by name, as in a policy.
    #[serde(default)]
    quotas: BTreeMap<String, u64>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GrantsSpec {
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, String>,
    stdin: Option<String>,
    stdin_file: Option<PathBuf>,
    #[serde(default)]
    dirs: Vec<DirSpec>,
    /// Lines of policy, for what nothing else in a case grants.
    #[serde(default)]
    lines: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct DirSpec {
    /// A folder beside the case. Without it, the folder is empty: git keeps no empty folder.
    host: Option<PathBuf>,
    guest: String,
    #[serde(default)]
    writable: bool,
}

impl Case {
    /// Reads the file of the case with this name.
    pub(crate) fn read(name: Name, path: &Path) -> Result<Case> {
        let text = String::from_utf8(regular::read(path)?)
            .with_context(|| format!("`{}`", path.display()))?;
        let spec: Spec = toml::from_str(&text).map_err(|error| {
            let (path, error) = (path.display(), error.to_string());
            let error = error.trim_end();
            anyhow!("`{path}`: {error}\nhint: `tests/README.md` has every key of a case")
        })?;
        let folder = path.parent().context("a case stands in a folder")?;
        Ok(Case {
            name,
            folder: folder.to_owned(),
            spec,
        })
    }

    /// What the case shows, in a sentence.
    pub(crate) fn about(&self) -> &str {
        &self.spec.about
    }

    /// Whether the case has a component of its own.
    pub(crate) fn is_fixture(&self) -> bool {
        self.spec.component.is_some()
    }

    /// Why the case cannot run on this machine, if it cannot.
    pub(crate) fn missing(&self) -> Option<String> {
        self.spec.data.as_ref().and_then(DataSpec::missing)
    }

    /// The bytes to run. A guest's come from the folder of built components.
    pub(crate) fn component(&self, guests: &Guests) -> Result<Vec<u8>> {
        match &self.spec.component {
            None => guests.component(&self.name.subject),
            Some(Component::File(file)) => self.assemble(file),
            Some(Component::Truncated { file, bytes }) => {
                let mut component = self.assemble(file)?;
                ensure!(
                    *bytes < component.len(),
                    "`{}` has only {} bytes",
                    file.display(),
                    component.len()
                );
                component.truncate(*bytes);
                Ok(component)
            }
            Some(Component::Zeros(size)) => Ok(vec![0; usize::try_from(size.as_u64())?]),
        }
    }

    fn assemble(&self, file: &Path) -> Result<Vec<u8>> {
        let path = self.folder.join(file);
        let bytes = regular::read(&path)?;
        if path.extension().is_some_and(|extension| extension == "wat") {
            return wat::parse_bytes(&bytes)
                .map(Into::into)
                .with_context(|| format!("`{}`", path.display()));
        }
        Ok(bytes)
    }

    /// Copies of the granted folders, and a database of its own, for one run.
    pub(crate) fn granted(&self) -> Result<Granted> {
        let mut folders = Vec::new();
        for dir in &self.spec.grants.dirs {
            let host = dir.host.as_ref().map(|host| self.folder.join(host));
            folders.push((host, &*dir.guest, dir.writable));
        }
        let context = || format!("`{}`", self.name);
        let mut granted = Granted::copy(&folders).with_context(context)?;
        if let Some(data) = &self.spec.data {
            granted.database = Some(data.seed(&self.folder).with_context(context)?);
        }
        Ok(granted)
    }

    /// The limits and grants, with these folders and this database.
    pub(crate) fn run(&self, granted: &Granted) -> Result<Run> {
        let LimitsSpec {
            tier,
            fuel,
            timeout,
            memory,
            quotas: _,
        } = &self.spec.limits;
        let mut run = Run::new().deterministic().trace();
        if let Some(clock) = &self.spec.clock {
            run = run.clock(self.parse_clock(clock)?);
        }
        if let Some(Number(seed)) = self.spec.seed {
            run = run.seed(seed);
        }
        if let Some(tier) = tier {
            run = run.tier(*tier);
        }
        if let Some(Number(units)) = fuel {
            run = run.fuel(*units);
        }
        if let Some(timeout) = timeout {
            run = run.deadline(self.parse_duration(timeout)?);
        }
        if let Some(size) = memory {
            run = run.memory_bytes(usize::try_from(size.as_u64())?);
        }
        self.grant(self.started(run)?, granted)
    }

    /// The run with what starts it, if the case says so.
    fn started(&self, run: Run) -> Result<Run> {
        let Spec {
            event,
            tick,
            grants,
            clock,
            ..
        } = &self.spec;
        let (app, folder) = (&*self.name.subject, &*self.folder);
        let has_input = grants.stdin.is_some() || grants.stdin_file.is_some();
        ensure!(
            !has_input || event.is_none() && tick.is_none(),
            "`{}` has a payload and `stdin`, expected one of them",
            self.name
        );
        match (event, tick) {
            (None, None) => Ok(run),
            (Some(event), None) => trigger::bytes(&event.payload, folder)
                .map(|payload| run.trigger(event.trigger(app, &payload)).stdin(payload)),
            (None, Some(tick)) => {
                let time = clock.as_ref().map(|clock| self.parse_clock(clock));
                let time = time.transpose()?.with_context(|| {
                    format!("`{}` has a tick, expected its time in `clock`", self.name)
                })?;
                let seconds = i64::try_from(time.as_secs())?;
                let at = Time::from_unix_s(seconds);
                trigger::bytes(&tick.payload, folder)
                    .map(|payload| run.trigger(tick.trigger(app, at)).stdin(payload))
            }
            (Some(_), Some(_)) => bail!("`{}` has both `[event]` and `[tick]`", self.name),
        }
        .with_context(|| format!("`{}`", self.name))
    }

    fn grant(&self, mut run: Run, granted: &Granted) -> Result<Run> {
        let grants = &self.spec.grants;
        for arg in &grants.args {
            run = run.arg(arg);
        }
        for (name, value) in &grants.env {
            run = run.env(name, value);
        }
        run = match (&grants.stdin, &grants.stdin_file) {
            (None, None) => run,
            (Some(text), None) => run.stdin(text.clone()),
            (None, Some(file)) => {
                let path = self.folder.join(file);
                run.stdin(regular::read(&path)?)
            }
            (Some(_), Some(_)) => bail!("`{}` has both `stdin` and `stdin-file`", self.name),
        };
        for (dir, (copy, guest)) in grants.dirs.iter().zip(&granted.folders) {
            run = run.dir(DirGrant {
                host: copy.clone(),
                guest: guest.clone(),
                writable: dir.writable,
            });
        }
        let mut section = self.lines()?.or(self.quotas()?);
        if let (Some(data), Some(database)) = (&self.spec.data, &granted.database) {
            section = section.or(data.section(database)?);
        }
        if let Some(ai) = &self.spec.ai {
            section = section.or(ai.section(&self.folder)?);
        }
        Ok(run.grant(section))
    }

    /// The lines of policy for what nothing else in the case grants.
    fn lines(&self) -> Result<Section> {
        let lines = &self.spec.grants.lines;
        if lines.is_empty() {
            return Ok(Section::default());
        }
        let is_elsewhere = |line: &&String| {
            let key = line.trim_start().split(['.', ' ', '=']).next();
            matches!(key, Some("ai" | "data"))
        };
        if let Some(line) = lines.iter().find(is_elsewhere) {
            bail!(
                "`{}`: `lines` of `[grants]` has `{line}`\nhint: `[data]` and `[ai]` grant data and models, so that each run has its own",
                self.name
            );
        }
        Section::parse(&lines.join("\n")).map_err(|error| {
            anyhow!(
                "`{}`: `lines` of `[grants]`: {error}\nhint: {}",
                self.name,
                error.hint
            )
        })
    }

    /// The lines of policy that lower quotas.
    fn quotas(&self) -> Result<Section> {
        if self.spec.limits.quotas.is_empty() {
            return Ok(Section::default());
        }
        let quotas = self.spec.limits.quotas.iter();
        let lines: String = quotas
            .map(|(name, most)| format!("quotas.{} = {most}\n", toml::Value::from(&**name)))
            .collect();
        Section::parse(&lines)
            .map_err(|error| anyhow!("`{}`: {error}\nhint: {}", self.name, error.hint))
    }

    fn parse_clock(&self, clock: &toml::Value) -> Result<Duration> {
        let text = match clock {
            toml::Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let expected = "expected a time such as `2026-02-28T23:59:00Z`";
        let time = humantime::parse_rfc3339(&text)
            .with_context(|| format!("`clock` of `{}` is `{text}`, {expected}", self.name))?;
        time.duration_since(UNIX_EPOCH)
            .with_context(|| format!("`clock` of `{}` is before 1970", self.name))
    }

    fn parse_duration(&self, text: &str) -> Result<Duration> {
        humantime::parse_duration(text).with_context(|| format!("`timeout` of `{}`", self.name))
    }
}
