//! A node that is part of a set: what takes effect goes out, and what came from the set joins the queue.
//!
//! Another process writes `incoming`, and removes what it sent from `outgoing`. What is counted of both is in the table
//! `exchange`, because neither process sees the memory of the other.
//!
//! The states of a row of `incoming`: 0 waits for the engine, 1 has a delivery, 2 is done, 3 was given to another node.

use rusqlite::params;

use super::Store;
use super::row::{By, Of};
use super::stage::Uncommitted;
use crate::apps::Apps;
use crate::error::EngineError;
use crate::ids::{DeliveryId, EventId, TaskId};
use crate::limits::GROUP_REQUESTS;
use crate::membership::{Counts, InSet, Member, Membership};
use crate::message::root_in_set;
use crate::room::Backlog;
use crate::time::Time;

struct Waiting {
    id: i64,
    app: String,
    bytes: u64,
    depth: u32,
    root: i64,
}

impl Store<'_> {
    /// From now on, the node is part of a set.
    pub(crate) fn join(&mut self, ledger_id: &str, member: Member) {
        self.set = Some(Membership::new(ledger_id, member));
    }

    pub(crate) fn is_in_set(&self) -> bool {
        self.set.is_some()
    }

    /// How the node stands, as of the begin of this transaction.
    pub(crate) fn in_set(&self) -> Option<InSet> {
        self.set.as_ref().map(|set| InSet {
            is_vouched: set.is_vouched,
            outgoing: set.exchange.outgoing.deliveries,
        })
    }

    /// Begins a session: until the other process vouches for it, nothing is claimed. A node that is not part of a set
    /// has no subscriptions that another process could read.
    pub(crate) fn begin_session(&mut self) -> Result<(), EngineError> {
        if self.set.is_some() {
            self.run("UPDATE exchange SET session = session + 1", ())?;
        }
        match &mut self.set {
            Some(set) => set.is_vouched = false,
            None => self.has_left_the_set()?,
        }
        self.write_subscriptions()
    }

    /// Alone, nobody would send what goes out, and what came in may be another node's by now.
    fn has_left_the_set(&self) -> Result<(), EngineError> {
        let left = "SELECT (SELECT count(*) FROM outgoing), (SELECT count(*) FROM incoming)";
        let left = self.row(left, (), |row| {
            Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))
        })?;
        match left {
            None | Some((0, 0)) => Ok(()),
            Some((outgoing, incoming)) => Err(EngineError::OfSet {
                path: self.database.path.clone(),
                outgoing,
                incoming,
            }),
        }
    }

    pub(super) fn write_subscriptions(&self) -> Result<(), EngineError> {
        self.run("DELETE FROM subscribed", ())?;
        if self.set.is_none() {
            return Ok(());
        }
        let insert = "INSERT INTO subscribed VALUES (?, ?, ?, ?)";
        let Apps(apps) = &*self.apps;
        for (name, app) in apps {
            // Ticks have no type.
            self.run(insert, params![name, "", None::<String>, app.concurrency])?;
            for (event_type, sources) in &app.on {
                // Names have no control characters.
                let sources = sources
                    .as_ref()
                    .map(|sources| sources.iter().map(|s| &**s).collect::<Vec<_>>().join("\n"));
                self.run(insert, params![name, event_type, sources, app.concurrency])?;
            }
        }
        Ok(())
    }

    /// Whether the other process has written something since everything was looked at.
    pub(crate) fn has_news(&self) -> bool {
        let Some(set) = &self.set else {
            return false;
        };
        // If it cannot be read, the transaction that looks again says why.
        set.seen.is_none()
            || self
                .data_version()
                .map_or(true, |now| set.seen != Some(now))
    }

    /// SQLite changes this number when another connection has committed. Asking reads shared memory, and no file.
    fn data_version(&self) -> Result<i64, EngineError> {
        let version = self.row("PRAGMA data_version", (), |row| row.get(0))?;
        Ok(version.unwrap_or(0))
    }

    fn read_exchange(&mut self) -> Result<(), EngineError> {
        let found = self.row(
            "SELECT deliveries, bytes, incoming, incoming_bytes, outgoing, outgoing_bytes, vouched = session FROM exchange",
            (),
            |row| {
                let backlog = |at| {
                    Ok::<_, rusqlite::Error>(Backlog {
                        deliveries: row.get::<_, i64>(at)? as u64,
                        bytes: row.get::<_, i64>(at + 1)? as u64,
                    })
                };
                let counts = Counts {
                    queue: backlog(0)?,
                    incoming: backlog(2)?,
                    outgoing: backlog(4)?,
                };
                Ok((counts, row.get::<_, bool>(6)?))
            },
        )?;
        let (counts, is_vouched) = found.ok_or_else(|| self.lost())?;
        if let Some(set) = &mut self.set {
            (set.exchange, set.written, set.is_vouched) = (counts, counts, is_vouched);
        }
        Ok(())
    }

    /// The begin of each transaction: what the other process put is taken into the queue, in the order in which it came.
    pub(super) fn exchange(&mut self) -> Result<(), EngineError> {
        let has_news = self.has_news();
        let Some(set) = &mut self.set else {
            return Ok(());
        };
        set.has_arrived = false;
        let was_vouched = set.is_vouched;
        self.read_exchange()?;
        if !has_news {
            return Ok(());
        }
        let seen = self.data_version()?;
        let taken = self.take()?;
        self.remove_withdrawn()?;
        if let Some(set) = &mut self.set {
            // A full group may have left some.
            set.seen = (taken < GROUP_REQUESTS).then_some(seen);
            set.has_arrived = taken > 0 || set.is_vouched != was_vouched;
        }
        Ok(())
    }

    fn take(&mut self) -> Result<usize, EngineError> {
        let waiting = self.rows(
            "SELECT incoming_id, app, length(payload), depth, root FROM incoming
             WHERE state = 0 ORDER BY incoming_id LIMIT ?",
            [GROUP_REQUESTS as i64],
            |row| {
                Ok(Waiting {
                    id: row.get(0)?,
                    app: row.get(1)?,
                    bytes: row.get::<_, i64>(2)? as u64,
                    depth: row.get(3)?,
                    root: row.get(4)?,
                })
            },
        )?;
        for row in &waiting {
            self.count(|counts| {
                counts.incoming.deliveries -= 1;
                counts.incoming.bytes -= row.bytes;
            });
            if row.depth > 0 && row.root <= 0 {
                self.set_aside(row)?;
                continue;
            }
            let delivery = DeliveryId(self.tally.last_delivery + 1);
            let event = EventId::of_incoming(delivery);
            self.run(
                "INSERT INTO events (event_id, type, source, depth, root, payload)
                 SELECT ?, name, coalesce(source, ''), depth, root, payload FROM incoming WHERE incoming_id = ?",
                [event.0 as i64, row.id],
            )?;
            self.run(
                "UPDATE incoming SET state = 1, delivery_id = ?, payload = x'' WHERE incoming_id = ?",
                [delivery.0 as i64, row.id],
            )?;
            self.add_delivery(&row.app, Of::Event(event), 0)?;
            self.tally.backlog.bytes += row.bytes;
            if row.depth > 0 {
                self.join_root(row.root)?;
            }
        }
        Ok(waiting.len())
    }

    /// An event whose chain has no root. No engine sends one, but versions before this one took it into the file. It can
    /// never be run, and must not keep what came after it from being run. So it is done, and the set learns that.
    fn set_aside(&mut self, row: &Waiting) -> Result<(), EngineError> {
        self.tally.last_delivery += 1;
        self.run(
            "UPDATE incoming SET state = 2, delivery_id = ?, payload = x'' WHERE incoming_id = ?",
            [self.tally.last_delivery as i64, row.id],
        )?;
        Ok(())
    }

    /// Removes what was given to another node while this one was stopped. No run of it goes on, because nothing is
    /// claimed before the session is vouched for.
    fn remove_withdrawn(&mut self) -> Result<(), EngineError> {
        let withdrawn = "DELETE FROM incoming WHERE state = 3 RETURNING delivery_id";
        for id in self.rows(withdrawn, (), |row| row.get::<_, i64>(0))? {
            if let Some(row) = self.delivery(By::Id(DeliveryId(id as u64)))? {
                self.remove(&row)?;
            }
        }
        Ok(())
    }

    /// Whether deliveries may be claimed.
    pub(super) fn may_claim(&self) -> bool {
        self.set.as_ref().is_none_or(|set| set.is_vouched)
    }

    /// A delivery is done or dropped. If it came from the set, the other process learns it.
    pub(super) fn done(&self, delivery: DeliveryId, event: EventId) -> Result<(), EngineError> {
        if event.is_incoming() {
            let sql = "UPDATE incoming SET state = 2 WHERE delivery_id = ?";
            self.run(sql, [delivery.0 as i64])?;
        }
        Ok(())
    }

    /// Sends an event that takes effect. Which apps get it, the set decides.
    pub(super) fn send_event(&mut self, event: &Uncommitted) -> Result<u64, EngineError> {
        let Some(set) = &self.set else {
            return Ok(0);
        };
        let key = format!("event:{}-{}", set.ledger_id, event.id.0);
        let root = root_in_set(&set.ledger_id, event.root as u64);
        self.run(
            "INSERT INTO outgoing (target, key, number, name, source, depth, root, missed, payload)
             SELECT '', ?, event_id, type, source, depth, ?, 0, payload FROM events WHERE event_id = ?",
            params![key, root as i64, event.id.0 as i64],
        )?;
        self.run("DELETE FROM events WHERE event_id = ?", [event.id.0 as i64])?;
        self.count(|counts| {
            counts.outgoing.deliveries += 1;
            counts.outgoing.bytes += event.bytes;
        });
        Ok(1)
    }

    /// Whether an event waits to be sent.
    pub(super) fn is_outgoing(&self, event: EventId) -> Result<bool, EngineError> {
        let Some(set) = &self.set else {
            return Ok(false);
        };
        let key = format!("event:{}-{}", set.ledger_id, event.0);
        let sql = "SELECT 1 FROM outgoing WHERE target = '' AND key = ?";
        Ok(self.row(sql, [key], |_| Ok(()))?.is_some())
    }

    /// Whether all nodes of the set have the tasks of this owner.
    pub(super) fn is_shared(&self, owner: &str) -> bool {
        let set = self.set.as_ref();
        set.is_some_and(|set| set.member.configuration == owner)
    }

    /// Sends a tick. Each node does, and the set takes the first.
    pub(super) fn send_tick(
        &mut self,
        task: TaskId,
        scheduled_for: Time,
        missed: u64,
    ) -> Result<(), EngineError> {
        let sent = self.row(
            "INSERT OR IGNORE INTO outgoing (target, key, number, name, depth, root, scheduled_for, missed, payload)
             SELECT target, 'tick:' || name || ':' || ?, task_id, name, 0, 0, ?, ?, payload FROM tasks WHERE task_id = ?
             RETURNING length(payload)",
            params![
                scheduled_for.unix_s(),
                scheduled_for.unix_ms(),
                missed as i64,
                task.0 as i64
            ],
            |row| row.get::<_, i64>(0),
        )?;
        if let Some(bytes) = sent {
            self.count(|counts| {
                counts.outgoing.deliveries += 1;
                counts.outgoing.bytes += bytes as u64;
            });
        }
        Ok(())
    }

    fn count(&mut self, change: impl FnOnce(&mut Counts)) {
        if let Some(set) = &mut self.set {
            change(&mut set.exchange);
        }
    }

    /// Everything that takes up room in the file.
    pub(super) fn backlog(&self) -> Backlog {
        let queue = self.tally.backlog;
        self.set.as_ref().map_or(queue, |set| {
            let Counts {
                incoming, outgoing, ..
            } = set.exchange;
            Backlog {
                deliveries: queue.deliveries + incoming.deliveries + outgoing.deliveries,
                bytes: queue.bytes + incoming.bytes + outgoing.bytes,
            }
        })
    }

    /// The end of each transaction.
    pub(super) fn write_exchange(&mut self) -> Result<(), EngineError> {
        let queue = self.tally.backlog;
        let Some(set) = &mut self.set else {
            return Ok(());
        };
        set.exchange.queue = queue;
        let counts = set.exchange;
        if counts == set.written {
            return Ok(());
        }
        let numbers = [counts.queue, counts.incoming, counts.outgoing]
            .map(|backlog| [backlog.deliveries as i64, backlog.bytes as i64]);
        let [[a, b], [c, d], [e, f]] = numbers;
        self.run(
            "UPDATE exchange SET deliveries = ?, bytes = ?, incoming = ?, incoming_bytes = ?, outgoing = ?,
                    outgoing_bytes = ?",
            [a, b, c, d, e, f],
        )?;
        Ok(())
    }

    /// After the commit: whoever waits for something to claim looks again.
    pub(super) fn tell(&self) {
        if let Some(set) = &self.set
            && set.has_arrived
            && set.is_vouched
        {
            (set.member.wake)();
        }
    }

    /// After a transaction that failed, everything is looked at again.
    pub(super) fn look_again(&mut self) {
        if let Some(set) = &mut self.set {
            set.seen = None;
        }
    }
}
