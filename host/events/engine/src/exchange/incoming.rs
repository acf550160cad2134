//! What comes in: a delivery is put once, and its row stays until the set knows that it is done.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Exchange;
use crate::error::EngineError;
use crate::limits::{
    AHEAD_DELIVERIES, BACKLOG_BYTES, BACKLOG_DELIVERIES, EXCHANGE_ROWS, OUTSIDE_TENTHS,
    PAYLOAD_BYTES,
};
use crate::message::{Kind, Message};
use crate::names::{check_name, check_type};
use crate::time::Time;

/// A message for an app that this node owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The app that is to be run.
    pub app: String,
    /// The place of the message in the set's stream.
    pub sequence: u64,
    /// What came.
    pub message: Message,
}

/// What became of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is on disk, and the engine runs it once.
    New,
    /// It came before. Nothing has changed.
    Known,
    /// There is no room for it. It is not on this node.
    NoRoom,
    /// It is nothing that an engine sends: a name or a payload is not as it must be. It is not on this node.
    Malformed,
}

/// A delivery that came from the set, and that the node has not forgotten.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    id: i64,
    /// The app.
    pub app: String,
    /// The key of the message.
    pub key: String,
    /// The place of the message in the set's stream.
    pub sequence: u64,
    /// Whether it is known that the set does not deliver the message to the app again.
    pub is_acknowledged: bool,
}

impl Exchange {
    /// How many deliveries may be pulled for an app now.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn room(&self, app: &str) -> Result<u64, EngineError> {
        let free = self.free()?;
        if free.1 == 0 {
            return Ok(0);
        }
        // Dead ones do not count: they wait for a person, and the others go on.
        let sql = "SELECT (SELECT count(*) FROM (SELECT 1 FROM incoming WHERE app = ?1 AND state = 0 LIMIT ?2))
                        + (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE app = ?1 AND state = 0 LIMIT ?2))
                        + (SELECT count(*) FROM (SELECT 1 FROM deliveries WHERE app = ?1 AND state = 3 LIMIT ?2))";
        let waiting = self.connection.prepare(sql).and_then(|mut read| {
            read.query_row(params![app, AHEAD_DELIVERIES as i64], |row| {
                row.get::<_, i64>(0)
            })
        });
        let ahead = AHEAD_DELIVERIES.saturating_sub(self.map(waiting)? as u64);
        Ok(ahead.min(free.0))
    }

    /// The deliveries and bytes that may come from outside.
    fn free(&self) -> Result<(u64, u64), EngineError> {
        self.map(free(&self.connection))
    }

    /// Puts deliveries, each at most once. They are on disk when this returns, so that they can be acknowledged.
    ///
    /// # Errors
    ///
    /// If they cannot be written. Then none of them is on this node.
    pub fn put(&mut self, arrivals: &[Arrival]) -> Result<Vec<Put>, EngineError> {
        self.write(true, |connection| {
            let mut room = free(connection)?;
            arrivals
                .iter()
                .map(|arrival| put(connection, arrival, &mut room))
                .collect()
        })
    }

    /// Whether a delivery is on this node, and not forgotten.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn has(&self, app: &str, key: &str) -> Result<bool, EngineError> {
        self.map(has(&self.connection, app, key))
    }

    /// Notes that the set does not deliver these messages again: their acknowledgements were confirmed.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn acknowledged<'a>(
        &mut self,
        messages: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), EngineError> {
        self.write(false, |connection| {
            let sql = "UPDATE incoming SET acknowledged = 1 WHERE app = ? AND key = ?";
            for (app, key) in messages {
                connection.prepare(sql)?.execute([app, key])?;
            }
            Ok(())
        })
    }

    /// The first deliveries that are done: completed or dropped.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn done(&self) -> Result<Vec<Held>, EngineError> {
        let sql = "SELECT incoming_id, app, key, sequence, acknowledged FROM incoming
                   WHERE state = 2 ORDER BY incoming_id LIMIT ?";
        self.map(held(&self.connection, sql, [EXCHANGE_ROWS as i64]))
    }

    /// Deliveries that are not done, in the order in which they came, after this one.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn held(&self, after: Option<&Held>) -> Result<Vec<Held>, EngineError> {
        let sql = "SELECT incoming_id, app, key, sequence, acknowledged FROM incoming
                   WHERE state < 2 AND incoming_id > ? ORDER BY incoming_id LIMIT ?";
        let after = after.map_or(i64::MIN, |held| held.id);
        self.map(held(&self.connection, sql, [after, EXCHANGE_ROWS as i64]))
    }

    /// Forgets deliveries that are done, because the set knows it.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn forget(&mut self, done: &[Held]) -> Result<(), EngineError> {
        self.write(false, |connection| {
            let sql = "DELETE FROM incoming WHERE app = ? AND key = ? AND state = 2";
            for Held { app, key, .. } in done {
                connection.prepare(sql)?.execute([app, key])?;
            }
            Ok(())
        })
    }

    /// Takes a delivery from this node, because the set gave it to another. It has no effect after this session of the
    /// engine is vouched for, because a run of it may go on.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn withdraw(&mut self, gone: &[Held]) -> Result<(), EngineError> {
        self.write(true, |connection| {
            let is_vouched = "SELECT vouched = session FROM exchange";
            if connection.query_row(is_vouched, (), |row| row.get(0))? {
                return Ok(());
            }
            gone.iter().try_for_each(|gone| withdraw(connection, gone))
        })
    }
}

fn free(connection: &Connection) -> rusqlite::Result<(u64, u64)> {
    let sql = "SELECT deliveries + incoming + outgoing, bytes + incoming_bytes + outgoing_bytes FROM exchange";
    connection.prepare(sql)?.query_row((), |row| {
        let left =
            |limit: u64, used: i64| (limit / 10 * OUTSIDE_TENTHS).saturating_sub(used as u64);
        Ok((
            left(BACKLOG_DELIVERIES, row.get(0)?),
            left(BACKLOG_BYTES, row.get(1)?),
        ))
    })
}

fn has(connection: &Connection, app: &str, key: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT 1 FROM incoming WHERE app = ? AND key = ?";
    let found = connection.prepare(sql)?.query_row([app, key], |_| Ok(()));
    Ok(found.optional()?.is_some())
}

fn put(connection: &Connection, arrival: &Arrival, room: &mut (u64, u64)) -> rusqlite::Result<Put> {
    let Arrival {
        app,
        sequence,
        message,
    } = arrival;
    let key = message.key();
    if has(connection, app, &key)? {
        return Ok(Put::Known);
    }
    if !is_whole(arrival) {
        return Ok(Put::Malformed);
    }
    let bytes = message.payload.len() as u64;
    if room.0 == 0 || room.1 < bytes {
        return Ok(Put::NoRoom);
    }
    *room = (room.0 - 1, room.1 - bytes);
    let (name, source, depth, root, time, missed) = match &message.kind {
        Kind::Event {
            event_type,
            source,
            place,
        } => (event_type, Some(source), place.depth, place.root, None, 0),
        Kind::Tick {
            name,
            scheduled_for,
            missed,
            ..
        } => (name, None, 0, 0, Some(scheduled_for.unix_ms()), *missed),
    };
    let sql = "INSERT INTO incoming (app, key, state, sequence, ledger, number, name, source, depth, root, scheduled_for,
                                     missed, payload)
               VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    connection.prepare(sql)?.execute(params![
        app,
        key,
        *sequence as i64,
        message.ledger,
        message.number as i64,
        name,
        source,
        depth,
        root as i64,
        time,
        missed as i64,
        message.payload
    ])?;
    let sql = "UPDATE exchange SET incoming = incoming + 1, incoming_bytes = incoming_bytes + ?";
    connection.prepare(sql)?.execute([bytes as i64])?;
    Ok(Put::New)
}

/// Whether an engine can have sent it. Whoever may write into the set's stream could send anything.
fn is_whole(arrival: &Arrival) -> bool {
    let Arrival { app, message, .. } = arrival;
    let is_number = |number: u64| i64::try_from(number).is_ok();
    let is_root = |number: u64| number > 0 && is_number(number);
    let is_known = match &message.kind {
        Kind::Event {
            event_type,
            source,
            place,
        } => {
            check_type(event_type).is_ok()
                && check_name("source", source).is_ok()
                && place.depth <= crate::limits::DEPTH
                && is_root(place.root)
        }
        Kind::Tick {
            target,
            name,
            scheduled_for,
            missed,
        } => {
            let is_time = (Time::EARLIEST..=Time::LATEST).contains(scheduled_for);
            target == app && check_name("task", name).is_ok() && is_time && is_number(*missed)
        }
    };
    is_known
        && check_name("app", app).is_ok()
        && check_name("ledger", &message.ledger).is_ok()
        && is_number(message.number)
        && message.payload.len() as u64 <= PAYLOAD_BYTES
}

fn held(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> rusqlite::Result<Vec<Held>> {
    let of = |row: &Row<'_>| {
        Ok(Held {
            id: row.get(0)?,
            app: row.get(1)?,
            key: row.get(2)?,
            sequence: row.get::<_, i64>(3)? as u64,
            is_acknowledged: row.get(4)?,
        })
    };
    connection.prepare(sql)?.query_map(values, of)?.collect()
}

fn withdraw(connection: &Connection, gone: &Held) -> rusqlite::Result<()> {
    let Held { app, key, .. } = gone;
    let sql = "SELECT length(payload) FROM incoming WHERE app = ? AND key = ? AND state = 0";
    let bytes = connection
        .prepare(sql)?
        .query_row([app, key], |row| row.get::<_, i64>(0))
        .optional()?;
    if let Some(bytes) = bytes {
        let sql = "DELETE FROM incoming WHERE app = ? AND key = ?";
        connection.execute(sql, [app, key])?;
        let sql =
            "UPDATE exchange SET incoming = incoming - 1, incoming_bytes = incoming_bytes - ?";
        connection.execute(sql, [bytes])?;
        return Ok(());
    }
    let sql = "UPDATE incoming SET state = 3 WHERE app = ? AND key = ? AND state = 1";
    connection.execute(sql, [app, key])?;
    Ok(())
}
