//! `--trigger`: what starts a run, in the words of a case of `cargo xtask test`.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fractalaw_events::{EventSpec, Payload, TickSpec};
use fractalaw_events_engine::Time;
use fractalaw_host::Run;
use serde::Deserialize;

use crate::usage::wrong;

/// The value of the flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Started {
    /// An event.
    Event(EventSpec),
    /// A tick of a task.
    Tick(TickSpec),
}

/// The line, which has one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    event: Option<EventSpec>,
    tick: Option<TickSpec>,
}

const EXPECTED: &str = "expected `event = { type = \"…\", source = \"…\" }` or `tick = { name = \"…\" }`, with the other \
                        keys that `tests/README.md` lists";

/// Reads the line.
pub(crate) fn parse(text: &str) -> Result<Started, String> {
    let line: Line = toml::from_str(text)
        .map_err(|error: toml::de::Error| format!("{}, {EXPECTED}", error.message()))?;
    match (line.event, line.tick) {
        (Some(event), None) => Ok(Started::Event(event)),
        (None, Some(tick)) => Ok(Started::Tick(tick)),
        _ => Err(EXPECTED.to_owned()),
    }
}

impl Started {
    /// Where the payload is.
    fn payload(&self) -> &Payload {
        match self {
            Started::Event(event) => &event.payload,
            Started::Tick(tick) => &tick.payload,
        }
    }

    /// The payload: that of the line, or else standard input.
    pub(crate) fn input(
        &self,
        stdin: Option<Vec<u8>>,
        read: impl Fn(&Path) -> anyhow::Result<Vec<u8>>,
    ) -> anyhow::Result<Vec<u8>> {
        let Payload { text, file } = self.payload();
        match (text, file, stdin) {
            (Some(text), None, None) => Ok(text.clone().into_bytes()),
            (None, Some(file), None) => read(file),
            (None, None, stdin) => Ok(stdin.unwrap_or_default()),
            _ => Err(wrong(
                "the run has several payloads, expected one",
                "give one of `payload`, `payload-file` and `--stdin`",
            )),
        }
    }

    /// The run, started by this. A tick is for the time at which the run begins.
    pub(crate) fn start(
        &self,
        run: Run,
        app: &str,
        clock: Option<Duration>,
        payload: Vec<u8>,
    ) -> anyhow::Result<Run> {
        let trigger = match self {
            Started::Event(event) => event.trigger(app, &payload),
            Started::Tick(tick) => {
                let now = || SystemTime::now().duration_since(UNIX_EPOCH);
                let clock = clock.unwrap_or_else(|| now().unwrap_or_default());
                tick.trigger(app, Time::from_unix_s(i64::try_from(clock.as_secs())?))
            }
        };
        Ok(run.trigger(trigger).stdin(payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_a_case_says() {
        for line in [
            "event = { type = \"data-ingested\", source = \"import\" }",
            "event = { type = \"a\", source = \"b\", payload-file = \"c\", id = 65537, attempt = 2 }",
            "tick = { name = \"remind\", task = 7, missed = 3, payload = \"x\" }",
        ] {
            assert!(parse(line).is_ok(), "{line}");
        }
        for (line, said) in [
            ("", ""),
            ("event = { type = \"a\" }", "missing field `source`, "),
            (
                "event = { type = \"a\", source = \"b\", sauce = 1 }",
                "unknown field `sauce`, ",
            ),
            ("tick = { task = 7 }", "missing field `name`, "),
            (
                "events = 1",
                "unknown field `events`, expected `event` or `tick`, ",
            ),
            (
                "event = { type = \"a\", source = \"b\" }\ntick = { name = \"c\" }",
                "",
            ),
        ] {
            assert_eq!(parse(line), Err(format!("{said}{EXPECTED}")), "{line}");
        }
    }
}
