//! From the text of `fractalaw.toml` to what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fractalaw_events_engine::{EventError, Schedule, check_name, check_type};
use fractalaw_host::MAX_SLOTS;
use fractalaw_manifest::terminal::one_line;
use toml::de::DeTable;

use super::error::ConfigError;
use super::settings::{App, Check, Config, Cron, Data, Models, Serve, Swap};
use super::text::{Text, Value};
use crate::limits::{APPS, ATTEMPTS_MAX, CRON_TASKS, GRACE_MAX};

const SECTIONS: [&str; 4] = ["serve", "apps", "data", "models"];
const SERVE: [&str; 7] = [
    "ledger", "policy", "slots", "listen", "grace", "set", "emit",
];
const APP: [&str; 6] = ["source", "concurrency", "retry", "swap", "check", "cron"];
const CHECK: [&str; 2] = ["payload", "type"];
const CRON: [&str; 3] = ["name", "schedule", "payload"];
const DATA: [&str; 1] = ["adbc-program"];
const MODELS: [&str; 2] = ["record", "replay"];

pub(super) fn config(path: &Path, text: &str) -> Result<Config, ConfigError> {
    let text = Text { path, text };
    let document = text.document()?;
    let mut config = Config::default();
    config.serve.ledger = path.with_file_name(&config.serve.ledger);
    for (key, value) in document.get_ref() {
        match &**key.get_ref() {
            "serve" => text.serve(text.table(value, "serve")?, &mut config.serve)?,
            "apps" => config.apps = text.apps(text.table(value, "apps")?)?,
            "data" => config.data = text.data(text.table(value, "data")?)?,
            "models" => config.models = text.models(text.table(value, "models")?)?,
            other => return Err(text.unknown(key.span().start, other, &SECTIONS)),
        }
    }
    Ok(config)
}

impl<'a> Text<'a> {
    fn serve(&self, table: &DeTable<'a>, serve: &mut Serve) -> Result<(), ConfigError> {
        for (key, value) in table {
            match &**key.get_ref() {
                "ledger" => serve.ledger = self.file(value, "ledger")?,
                "policy" => serve.policy = Some(self.file(value, "policy")?),
                "slots" => serve.slots = self.number(value, "slots", 1, MAX_SLOTS)?,
                "listen" => serve.listen = self.listen(value)?,
                "grace" => serve.grace = self.duration(value, "grace", GRACE_MAX)?,
                "set" => {
                    let is_on = value.get_ref().as_bool();
                    serve.set =
                        is_on.ok_or_else(|| self.expected(value, "set", "`true` or `false`"))?;
                }
                "emit" => serve.emit = self.emit(self.table(value, "emit")?)?,
                other => return Err(self.unknown(key.span().start, other, &SERVE)),
            }
        }
        Ok(())
    }

    fn listen(&self, value: &Value<'a>) -> Result<Option<SocketAddr>, ConfigError> {
        let hint = "only this machine reaches `\"127.0.0.1:7878\"`, and `false` switches HTTP off";
        match (value.get_ref().as_str(), value.get_ref().as_bool()) {
            (Some(text), _) => text.parse().map(Some).map_err(|_| {
                let text = one_line(text);
                let message = format!("`listen` is `{text}`, expected an address with a port");
                self.error(value.span().start, message).hint(hint)
            }),
            (None, Some(false)) => Ok(None),
            (None, _) => {
                let error = self.expected(value, "listen", "an address with a port, or `false`");
                Err(error.hint(hint))
            }
        }
    }

    /// Types of events, each with the name of a variable.
    fn emit(&self, table: &DeTable<'a>) -> Result<BTreeMap<String, String>, ConfigError> {
        let types = table.iter();
        let emit = types.map(|(event_type, value)| {
            let (at, event_type) = (event_type.span().start, event_type.get_ref());
            check_type(event_type).map_err(|refused| self.refused(at, &refused))?;
            Ok((event_type.to_string(), self.name(value, event_type)?))
        });
        emit.collect()
    }

    fn apps(&self, table: &DeTable<'a>) -> Result<BTreeMap<String, App>, ConfigError> {
        let mut apps = BTreeMap::new();
        let mut tasks = 0;
        for (name, value) in table {
            let at = name.span().start;
            check_name("app", name.get_ref()).map_err(|refused| self.refused(at, &refused))?;
            let app = self.app(at, name.get_ref(), self.table(value, name.get_ref())?)?;
            tasks += app.cron.len();
            apps.insert(name.get_ref().to_string(), app);
            let full = [("apps", apps.len(), APPS), ("tasks", tasks, CRON_TASKS)];
            if let Some((what, _, most)) = full.into_iter().find(|(_, has, most)| has > most) {
                let message = format!("more than {most} {what}");
                let hint = "run some of the apps with another supervisor";
                return Err(self.error(at, message).hint(hint));
            }
        }
        Ok(apps)
    }

    fn app(&self, at: usize, name: &str, table: &DeTable<'a>) -> Result<App, ConfigError> {
        let mut app = App {
            source: PathBuf::new(),
            concurrency: None,
            retry: None,
            swap: Swap::default(),
            check: None,
            cron: Vec::new(),
        };
        for (key, value) in table {
            match &**key.get_ref() {
                "source" => app.source = self.file(value, "source")?,
                "concurrency" => {
                    app.concurrency = Some(self.number(value, "concurrency", 0, MAX_SLOTS)?);
                }
                "retry" => app.retry = Some(self.number(value, "retry", 1, ATTEMPTS_MAX)?),
                "swap" => app.swap = self.swap(value)?,
                "check" => app.check = self.check(value)?,
                "cron" => app.cron = self.cron(value)?,
                other => return Err(self.unknown(key.span().start, other, &APP)),
            }
        }
        match app.source.as_os_str().is_empty() {
            true => Err(self
                .error(at, format!("app `{}` has no `source`", one_line(name)))
                .hint("name its component: `source = \"guests/NAME.wasm\"`")),
            false => Ok(app),
        }
    }

    fn swap(&self, value: &Value<'a>) -> Result<Swap, ConfigError> {
        match value.get_ref().as_str() {
            Some("at-once") => Ok(Swap::AtOnce),
            Some("drain") => Ok(Swap::Drain),
            Some(other) => {
                let other = one_line(other);
                let message = format!("`swap` is `{other}`, expected `at-once` or `drain`");
                Err(self.error(value.span().start, message))
            }
            None => Err(self.expected(value, "swap", "`at-once` or `drain`")),
        }
    }

    fn check(&self, value: &Value<'a>) -> Result<Option<Check>, ConfigError> {
        if let Some(is_on) = value.get_ref().as_bool() {
            return Ok(is_on.then(Check::default));
        }
        let Some(table) = value.get_ref().as_table() else {
            return Err(self.expected(value, "check", "`true` or a table"));
        };
        let mut check = Check::default();
        for (key, value) in table {
            match &**key.get_ref() {
                "payload" => check.payload = Some(self.file(value, "payload")?),
                "type" => check.event_type = Some(self.name(value, "type")?),
                other => return Err(self.unknown(key.span().start, other, &CHECK)),
            }
        }
        Ok(Some(check))
    }

    fn cron(&self, value: &Value<'a>) -> Result<Vec<Cron>, ConfigError> {
        let list = value.get_ref().as_array();
        let list = list.ok_or_else(|| {
            self.expected(value, "cron", "a list")
                .hint("each task is a section of its own: `[[apps.NAME.cron]]`")
        })?;
        let mut names = BTreeSet::new();
        let mut tasks = Vec::new();
        for value in list {
            let task = self.task(value)?;
            if !names.insert(task.name.clone()) {
                let name = one_line(&task.name);
                let message = format!("two tasks of the app have the name `{name}`");
                return Err(self
                    .error(value.span().start, message)
                    .hint("give each its own"));
            }
            tasks.push(task);
        }
        Ok(tasks)
    }

    fn task(&self, value: &Value<'a>) -> Result<Cron, ConfigError> {
        let (mut name, mut schedule, mut payload) = (None, None, String::new());
        for (key, value) in self.table(value, "cron")? {
            match &**key.get_ref() {
                "name" => {
                    let text = self.name(value, "name")?;
                    let checked = check_name("task", &text);
                    checked.map_err(|refused| self.refused(value.span().start, &refused))?;
                    name = Some(text);
                }
                "schedule" => {
                    let text = self.name(value, "schedule")?;
                    let parsed = Schedule::parse(&text);
                    parsed.map_err(|refused| self.refused(value.span().start, &refused))?;
                    schedule = Some(text);
                }
                "payload" => {
                    let text = value.get_ref().as_str();
                    let text = text.ok_or_else(|| self.expected(value, "payload", "a text"))?;
                    payload = text.to_owned();
                }
                other => return Err(self.unknown(key.span().start, other, &CRON)),
            }
        }
        let missing = |key: &str| {
            let message = format!("a task has no `{key}`");
            let hint = "a task has a `name` and a `schedule`, such as `\"0 6 * * 1-5\"`";
            self.error(value.span().start, message).hint(hint)
        };
        Ok(Cron {
            name: name.ok_or_else(|| missing("name"))?,
            schedule: schedule.ok_or_else(|| missing("schedule"))?,
            payload,
        })
    }

    /// What the engine says of a name or an expression.
    fn refused(&self, at: usize, refused: &EventError) -> ConfigError {
        match refused.message.split_once("\nhint: ") {
            Some((message, hint)) => self.error(at, message).hint(hint),
            None => self.error(at, &*refused.message),
        }
    }

    fn data(&self, table: &DeTable<'a>) -> Result<Data, ConfigError> {
        let mut data = Data::default();
        for (key, value) in table {
            match &**key.get_ref() {
                "adbc-program" => data.adbc_program = Some(self.file(value, "adbc-program")?),
                other => return Err(self.unknown(key.span().start, other, &DATA)),
            }
        }
        Ok(data)
    }

    fn models(&self, table: &DeTable<'a>) -> Result<Models, ConfigError> {
        let mut models = Models::default();
        for (key, value) in table {
            match &**key.get_ref() {
                "record" => models.record = Some(self.file(value, "record")?),
                "replay" => models.replay = Some(self.file(value, "replay")?),
                other => return Err(self.unknown(key.span().start, other, &MODELS)),
            }
            if models.record.is_some() && models.replay.is_some() {
                let message = "both `record` and `replay` are given, expected one";
                let hint = "record first; later take the answers from that file";
                return Err(self.error(key.span().start, message).hint(hint));
            }
        }
        Ok(models)
    }
}
