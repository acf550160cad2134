//! What goes out: rows that the engine wrote, until they are sent.

use rusqlite::{Connection, Row, params};

use super::Exchange;
use crate::error::EngineError;
use crate::limits::{EXCHANGE_BYTES, EXCHANGE_ROWS};
use crate::message::{Kind, Message};
use crate::step::Place;
use crate::time::Time;

/// A message that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    id: i64,
    /// What is to be sent.
    pub message: Message,
}

impl Exchange {
    /// The first messages that wait to be sent, in the order in which they took effect.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn outgoing(&self) -> Result<Vec<Outgoing>, EngineError> {
        let sql = "SELECT outgoing_id, target, number, name, source, depth, root, scheduled_for, missed, payload
                   FROM outgoing ORDER BY outgoing_id LIMIT ?";
        let read = self.connection.prepare(sql).and_then(|mut read| {
            let mut rows = read.query([EXCHANGE_ROWS as i64])?;
            let (mut found, mut bytes) = (Vec::new(), 0);
            while let Some(row) = rows.next()?
                && bytes < EXCHANGE_BYTES
            {
                let outgoing = of(row, &self.ledger_id)?;
                bytes += outgoing.message.payload.len() as u64;
                found.push(outgoing);
            }
            Ok(found)
        });
        self.map(read)
    }

    /// Removes what was sent, and what the set had already.
    ///
    /// # Errors
    ///
    /// If it cannot be written. Then it is sent again.
    pub fn sent(&mut self, sent: &[Outgoing]) -> Result<(), EngineError> {
        self.write(false, |connection| {
            sent.iter().try_for_each(|sent| remove(connection, sent))
        })
    }
}

fn of(row: &Row<'_>, ledger: &str) -> rusqlite::Result<Outgoing> {
    let scheduled_for = row.get::<_, Option<i64>>(7)?.map(Time::from_unix_ms);
    let kind = match scheduled_for {
        Some(scheduled_for) => Kind::Tick {
            target: row.get(1)?,
            name: row.get(3)?,
            scheduled_for,
            missed: row.get::<_, i64>(8)? as u64,
        },
        None => Kind::Event {
            event_type: row.get(3)?,
            source: row.get(4)?,
            place: Place {
                depth: row.get(5)?,
                root: row.get::<_, i64>(6)? as u64,
            },
        },
    };
    Ok(Outgoing {
        id: row.get(0)?,
        message: Message {
            ledger: ledger.to_owned(),
            number: row.get::<_, i64>(2)? as u64,
            kind,
            payload: row.get(9)?,
        },
    })
}

/// The key too, because SQLite may give the number of the last row that went to another.
fn remove(connection: &Connection, sent: &Outgoing) -> rusqlite::Result<()> {
    let sql = "DELETE FROM outgoing WHERE outgoing_id = ? AND target = ? AND key = ?";
    let message = &sent.message;
    let removed =
        connection
            .prepare(sql)?
            .execute(params![sent.id, message.target(), message.key()])?;
    if removed > 0 {
        let sql =
            "UPDATE exchange SET outgoing = outgoing - 1, outgoing_bytes = outgoing_bytes - ?";
        let bytes = message.payload.len() as i64;
        connection.prepare(sql)?.execute([bytes])?;
    }
    Ok(())
}
