//! What is written on subjects and into messages. Nodes of different versions read it, so it does not change.

use fractalaw_events_engine::{Kind, Message, Place, Time};
use serde::{Deserialize, Serialize};

use crate::limits::MESSAGE_BYTES;

const VERSION: u32 = 1;

/// The first line of a message. The payload follows it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Head {
    fractalaw: u32,
    ledger: String,
    number: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tick: Option<Tick>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Event {
    #[serde(rename = "type")]
    event_type: String,
    source: String,
    depth: u32,
    root: u64,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Tick {
    target: String,
    task: String,
    scheduled_for_ms: i64,
    missed: u64,
}

/// A message as bytes.
pub(crate) fn write(message: &Message) -> Vec<u8> {
    let (event, tick) = match &message.kind {
        Kind::Event {
            event_type,
            source,
            place,
        } => {
            let event = Event {
                event_type: event_type.clone(),
                source: source.clone(),
                depth: place.depth,
                root: place.root,
            };
            (Some(event), None)
        }
        Kind::Tick {
            target,
            name,
            scheduled_for,
            missed,
        } => {
            let tick = Tick {
                target: target.clone(),
                task: name.clone(),
                scheduled_for_ms: scheduled_for.unix_ms(),
                missed: *missed,
            };
            (None, Some(tick))
        }
    };
    let head = Head {
        fractalaw: VERSION,
        ledger: message.ledger.clone(),
        number: message.number,
        event,
        tick,
    };
    // Strings and numbers always become JSON.
    let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend(&message.payload);
    bytes
}

/// Reads what [`write()`] wrote. The error says what is wrong.
pub(crate) fn read(bytes: &[u8]) -> Result<Message, String> {
    if bytes.len() as u64 > MESSAGE_BYTES {
        return Err(format!("it has {} bytes", bytes.len()));
    }
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let end = end.ok_or("it has no first line")?;
    let head: Head = serde_json::from_slice(&bytes[..end]).map_err(|error| error.to_string())?;
    if head.fractalaw != VERSION {
        let found = head.fractalaw;
        return Err(format!("it has version {found}, expected {VERSION}"));
    }
    let kind = match (head.event, head.tick) {
        (Some(event), None) => Kind::Event {
            event_type: event.event_type,
            source: event.source,
            place: Place {
                depth: event.depth,
                root: event.root,
            },
        },
        (None, Some(tick)) => Kind::Tick {
            target: tick.target,
            name: tick.task,
            scheduled_for: Time::from_unix_ms(tick.scheduled_for_ms),
            missed: tick.missed,
        },
        _ => return Err("it is neither an event nor a tick".to_owned()),
    };
    Ok(Message {
        ledger: head.ledger,
        number: head.number,
        kind,
        payload: bytes[end + 1..].to_vec(),
    })
}

/// The subject of a message. There is one message on it, so sending it again changes nothing.
pub(crate) fn subject(message: &Message) -> String {
    match &message.kind {
        Kind::Event { event_type, .. } => {
            format!("fx.ev.{}.{}", token(event_type), name(message))
        }
        Kind::Tick { target, .. } => format!("fx.tick.{}.{}", token(target), name(message)),
    }
}

/// The subjects of all messages.
pub(crate) const SUBJECTS: [&str; 2] = ["fx.ev.*.*", "fx.tick.*.*"];

/// The subjects of all events of a type.
pub(crate) fn events(event_type: &str) -> String {
    format!("fx.ev.{}.*", token(event_type))
}

/// The subjects of all ticks for an app.
pub(crate) fn ticks(app: &str) -> String {
    format!("fx.tick.{}.*", token(app))
}

/// The consumer of an app.
pub(crate) fn consumer(app: &str) -> String {
    format!("app-{}", token(app))
}

/// Where a node gets messages for an app that it owns and another node was given.
pub(crate) fn owned(node: &str, app: &str) -> String {
    format!("fx.owned.{}.{}", token(node), token(app))
}

/// The name of a delivery in the set: `APP.LEDGER-EVENT`, or `APP.==tick-TASK-TIME`. No ledger is written with `==`.
pub(crate) fn delivery(app: &str, key: &str) -> String {
    let name = match key.split_once(':') {
        Some(("event", rest)) => match rest.rsplit_once('-') {
            Some((ledger, event)) => format!("{}-{event}", token(ledger)),
            None => token(rest),
        },
        Some((_, rest)) => match rest.rsplit_once(':') {
            Some((task, time)) => format!("==tick-{}-{time}", token(task)),
            None => token(rest),
        },
        None => token(key),
    };
    format!("{}.{name}", token(app))
}

fn name(message: &Message) -> String {
    match &message.kind {
        Kind::Event { .. } => format!("{}-{}", token(&message.ledger), message.number),
        Kind::Tick {
            name,
            scheduled_for,
            ..
        } => format!("{}-{}", token(name), scheduled_for.unix_s()),
    }
}

/// A name as part of a subject. Names that subjects cannot have are written in hexadecimal digits after `=`.
pub(crate) fn token(name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !name.is_empty() && name.bytes().all(is_plain) {
        return name.to_owned();
    }
    let digits = name.bytes().map(|byte| format!("{byte:02x}"));
    format!("={}", digits.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: &str, ledger: &str) -> Message {
        Message {
            ledger: ledger.to_owned(),
            number: 65_537,
            kind: Kind::Event {
                event_type: event_type.to_owned(),
                source: "import \"x\"".to_owned(),
                place: Place {
                    depth: 3,
                    root: u64::MAX,
                },
            },
            payload: b"first\nsecond\0".to_vec(),
        }
    }

    fn tick(target: &str, name: &str) -> Message {
        Message {
            kind: Kind::Tick {
                target: target.to_owned(),
                name: name.to_owned(),
                scheduled_for: Time::from_unix_s(-5),
                missed: 2,
            },
            ..event("x", "l")
        }
    }

    #[test]
    fn a_message_is_read_as_it_was_written() {
        for message in [event("duty-changed", "00ff"), tick("a b", "täglich")] {
            assert_eq!(read(&write(&message)), Ok(message));
        }
        let text = write(&event("x", "00ff"));
        let head = text.split(|&byte| byte == b'\n').next().unwrap();
        assert_eq!(
            String::from_utf8_lossy(head),
            r#"{"fractalaw":1,"ledger":"00ff","number":65537,"event":{"type":"x","source":"import \"x\"","depth":3,"root":18446744073709551615}}"#
        );
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let cases: [(&[u8], &str); 6] = [
            (b"", "it has no first line"),
            (b"{}", "it has no first line"),
            (b"{}\n", "missing field `fractalaw` at line 1 column 2"),
            (
                br#"{"fractalaw":2,"ledger":"a","number":1}
"#,
                "it has version 2, expected 1",
            ),
            (
                br#"{"fractalaw":1,"ledger":"a","number":1}
x"#,
                "it is neither an event nor a tick",
            ),
            (
                br#"{"fractalaw":1,"ledger":"a","number":1,"more":1}
x"#,
                "unknown field `more`, expected one of `fractalaw`, `ledger`, `number`, `event`, `tick` at line 1 column 45",
            ),
        ];
        for (bytes, expected) in cases {
            assert_eq!(read(bytes), Err(expected.to_owned()));
        }
        let long = vec![b'\n'; MESSAGE_BYTES as usize + 1];
        assert_eq!(read(&long), Err("it has 1052673 bytes".to_owned()));
    }

    #[test]
    fn each_message_and_each_delivery_has_a_name_of_its_own() {
        let cases = [
            (
                event("duty-changed", "00ff"),
                "fx.ev.duty-changed.00ff-65537",
                "gap.00ff-65537",
            ),
            (
                event("x", "a.b"),
                "fx.ev.x.=612e62-65537",
                "gap.=612e62-65537",
            ),
            (
                tick("gap", "daily"),
                "fx.tick.gap.daily--5",
                "gap.==tick-daily--5",
            ),
            (
                tick("a b", "x*"),
                "fx.tick.=612062.=782a--5",
                "gap.==tick-=782a--5",
            ),
        ];
        for (message, on, owned) in cases {
            assert_eq!(subject(&message), on);
            assert_eq!(delivery("gap", &message.key()), owned);
        }
        assert_eq!(delivery("a.b", "event:00-1"), "=612e62.00-1");
        assert_eq!(consumer("a*"), "app-=612a");
        assert_eq!((token(""), token("=")), ("=".to_owned(), "=3d".to_owned()));
    }
}
