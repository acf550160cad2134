//! What comes in: a message is pulled for an app, owned, put into the file, and acknowledged, in this order.
//!
//! If another node owns it, it goes straight there, with the subject on which it is acknowledged. If that node is down,
//! the server delivers it again later.

use std::sync::Arc;

use anyhow::{Result, bail};
use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, AckKind};
use fractalaw_events_engine::{App, Arrival, Kind, Message, Put};
use futures_util::future::{FutureExt, join_all};
use futures_util::stream::StreamExt;

use crate::file::File;
use crate::limits::{ACK_WAIT, LATER, PENDING_MESSAGES, PULL_MESSAGES, PULL_WAIT};
use crate::owners::State;
use crate::set::{Set, say};
use crate::wire;

/// The header of a message that goes to its owner: the subject on which it is acknowledged. Servers refuse that as a
/// reply.
const ACKNOWLEDGE: &str = "Fractalaw-Acknowledge";

/// Pulls for an app, as long as this is not stopped. It ends only with an error.
pub(crate) async fn run(set: &Set, file: &File, name: &str, app: &App) -> Result<()> {
    let consumer = consumer(set, name, app).await?;
    let puller = Puller {
        set,
        file,
        name: name.into(),
        app,
    };
    tokio::try_join!(puller.pull(&consumer), puller.listen())?;
    Ok(())
}

impl Puller<'_> {
    async fn pull(&self, consumer: &PullConsumer) -> Result<()> {
        let mut seen = 0;
        loop {
            let app = Arc::clone(&self.name);
            let room = self.file.with(move |exchange| exchange.room(&app)).await?;
            if room == 0 || self.app.concurrency == 0 {
                seen = self.file.changed(seen).await?;
                continue;
            }
            let most = PULL_MESSAGES.min(usize::try_from(room).unwrap_or(PULL_MESSAGES));
            let batch = consumer.batch().max_messages(most).expires(PULL_WAIT);
            let mut batch = batch.messages().await?;
            while let Some(first) = batch.next().await {
                // Those that are here already share a write to the disk.
                let mut group = vec![first];
                while let Some(Some(next)) = batch.next().now_or_never() {
                    group.push(next);
                }
                let group: std::result::Result<Vec<_>, _> = group.into_iter().collect();
                let group = group.map_err(|error| anyhow::anyhow!(error))?;
                self.take(group).await?;
            }
        }
    }

    /// Takes what other nodes were given although this one owns it.
    async fn listen(&self) -> Result<()> {
        let client = self.set.jetstream.client();
        let subject = wire::owned(&self.set.node, &self.name);
        let mut messages = client.subscribe(subject).await?;
        while let Some(message) = messages.next().await {
            let context = self.set.jetstream.clone();
            let mut message = jetstream::Message { message, context };
            let headers = message.headers.as_ref();
            let reply = headers.and_then(|headers| headers.get(ACKNOWLEDGE));
            let reply = reply.map(|reply| reply.as_str().into());
            message.message.reply = reply;
            if message.reply.is_some() {
                self.take(vec![message]).await?;
            }
        }
        bail!("the subscription ended")
    }
}

/// The consumer of an app, which all nodes share. Whatever the app is subscribed to decides what it gets.
///
/// A subscription counts from when it is made, as on one node. So the consumer starts at a sequence that it keeps.
/// `DeliverPolicy::New` would leave the choice to the consumer's leader, and each leader that is elected before the
/// others know of the choice makes it again: what came in between would be lost.
async fn consumer(set: &Set, name: &str, app: &App) -> Result<PullConsumer> {
    let types = app.on.keys().map(|event_type| wire::events(event_type));
    let mut filters: Vec<String> = types.chain([wire::ticks(name)]).collect();
    filters.sort();
    let durable = wire::consumer(name);
    let mut config = pull::Config {
        durable_name: Some(durable.clone()),
        description: Some(format!("micro-app {name}")),
        ack_policy: AckPolicy::Explicit,
        ack_wait: ACK_WAIT,
        // A message is never given up: dead deliveries are those of the engine.
        max_deliver: -1,
        max_ack_pending: PENDING_MESSAGES.into(),
        filter_subjects: filters.clone(),
        ..pull::Config::default()
    };
    let found = || set.events.get_consumer::<pull::Config>(&durable);
    if let Ok(found) = found().await {
        let is = &found.cached_info().config;
        let mut has = is.filter_subjects.clone();
        has.sort();
        if has == filters {
            return Ok(found);
        }
        config.deliver_policy = is.deliver_policy;
        return Ok(set.events.update_consumer(config).await?);
    }
    config.deliver_policy = DeliverPolicy::ByStartSequence {
        start_sequence: set.events.get_info().await?.state.last_sequence + 1,
    };
    match set.events.create_consumer_strict(config).await {
        Ok(made) => Ok(made),
        // Another node made it at the same moment, and read another sequence.
        Err(error) => found().await.map_err(|_| error.into()),
    }
}

struct Puller<'a> {
    set: &'a Set,
    file: &'a File,
    name: Arc<str>,
    app: &'a App,
}

/// What is to be done with a message.
enum Next {
    /// This node owns it: it is put into the file, and then acknowledged.
    Put(Arrival),
    /// This node has it, or nobody needs it any more: it is acknowledged.
    Acknowledge,
    /// Another node owns it, and acknowledges it.
    Forward(String),
    /// It comes again later.
    Leave,
    /// It is nothing that a node sends.
    Refuse,
}

impl Puller<'_> {
    async fn take(&self, group: Vec<jetstream::Message>) -> Result<()> {
        let nexts = join_all(group.iter().map(|message| self.next(message))).await;
        // What failed comes again.
        let nexts: Vec<Next> = nexts
            .into_iter()
            .map(|next| {
                next.unwrap_or_else(|error| {
                    say(&format!("`{}`: {error:#}", self.name));
                    Next::Leave
                })
            })
            .collect();
        let arrivals = nexts.iter().filter_map(|next| match next {
            Next::Put(arrival) => Some(arrival.clone()),
            _ => None,
        });
        let arrivals: Vec<Arrival> = arrivals.collect();
        let puts = self
            .file
            .with(move |exchange| exchange.put(&arrivals))
            .await?;
        let mut puts = puts.into_iter();
        let ends = nexts.into_iter().map(|next| match next {
            Next::Put(_) => match puts.next() {
                Some(Put::New | Put::Known) => Next::Acknowledge,
                Some(Put::Malformed) => Next::Refuse,
                Some(Put::NoRoom) | None => Next::Leave,
            },
            next => next,
        });
        let ends: Vec<_> = group.iter().zip(ends).collect();
        let acknowledged =
            join_all(ends.iter().map(|(message, next)| self.end(message, next))).await;
        let keys = ends.iter().zip(acknowledged).filter(|(_, is)| *is);
        let keys: Vec<String> = keys
            .filter_map(|((message, _), _)| Some(wire::read(&message.payload).ok()?.key()))
            .collect();
        let app = Arc::clone(&self.name);
        self.file
            .with(move |exchange| exchange.acknowledged(keys.iter().map(|key| (&*app, &**key))))
            .await
    }

    /// Decides who runs a message.
    async fn next(&self, message: &jetstream::Message) -> Result<Next> {
        let read = match wire::read(&message.payload) {
            Ok(read) => read,
            Err(why) => {
                say(&format!("`{}` is not a message: {why}", message.subject));
                return Ok(Next::Refuse);
            }
        };
        match self.wants(&read) {
            Some(true) => {}
            // Nodes have the same subscriptions, so no other node wants it.
            Some(false) => return Ok(Next::Acknowledge),
            // A node that has another version of the app does.
            None => return Ok(Next::Leave),
        }
        let delivery = wire::delivery(&self.name, &read.key());
        let arrival = Arrival {
            app: self.name.to_string(),
            sequence: message
                .info()
                .map_err(|error| anyhow::anyhow!(error))?
                .stream_sequence,
            message: read,
        };
        let Some(entry) = self.set.own(&delivery, &message.payload).await? else {
            return Ok(Next::Put(arrival));
        };
        if entry.owner.state == State::Done {
            return Ok(Next::Acknowledge);
        }
        if *entry.owner.node != *self.set.node {
            return Ok(Next::Forward(entry.owner.node));
        }
        let (app, key) = (Arc::clone(&self.name), arrival.message.key());
        if self
            .file
            .with(move |exchange| exchange.has(&app, &key))
            .await?
        {
            return Ok(Next::Acknowledge);
        }
        // It is not in the file: the program ended before it was put. Or it was done and forgotten, and what was read is
        // old. Writing the same again decides.
        let owner = self.set.this(State::Owned);
        let is_ours = self
            .set
            .set_owner(&delivery, &owner, &entry.message, entry.revision)
            .await?;
        Ok(if is_ours {
            Next::Put(arrival)
        } else {
            Next::Leave
        })
    }

    /// Whether the app on this node is subscribed to it. `None` if it does not know the type at all.
    fn wants(&self, message: &Message) -> Option<bool> {
        match &message.kind {
            Kind::Tick { target, .. } => (*target == *self.name).then_some(true),
            Kind::Event {
                event_type, source, ..
            } => {
                let sources = self.app.on.get(event_type)?;
                Some(
                    sources
                        .as_ref()
                        .is_none_or(|sources| sources.contains(source)),
                )
            }
        }
    }

    /// Returns whether the server confirmed that the message does not come again. What is not confirmed comes again.
    async fn end(&self, message: &jetstream::Message, next: &Next) -> bool {
        match next {
            Next::Acknowledge => self.acknowledge(message).await,
            Next::Refuse => {
                if let Ok(read) = wire::read(&message.payload) {
                    // The file did not take it, and nobody else needs to try.
                    say(&format!(
                        "`{}` is nothing that a node sends",
                        message.subject
                    ));
                    let delivery = wire::delivery(&self.name, &read.key());
                    if let Err(error) = self.set.done(&delivery).await {
                        // This node would own it for ever.
                        say(&format!("`{}`: {error:#}", self.name));
                        return self.leave(message).await;
                    }
                }
                let _ = message.ack_with(AckKind::Term).await;
                false
            }
            Next::Forward(node) => {
                if let Some(reply) = &message.reply {
                    let client = self.set.jetstream.client();
                    let subject = wire::owned(node, &self.name);
                    let mut headers = HeaderMap::new();
                    headers.insert(ACKNOWLEDGE, reply.as_str());
                    let payload = message.payload.clone();
                    let _ = client.publish_with_headers(subject, headers, payload).await;
                }
                false
            }
            Next::Leave | Next::Put(_) => self.leave(message).await,
        }
    }

    async fn leave(&self, message: &jetstream::Message) -> bool {
        let _ = message.ack_with(AckKind::Nak(Some(LATER))).await;
        false
    }

    /// A request, because its answer says if no server is responsible at the moment.
    async fn acknowledge(&self, message: &jetstream::Message) -> bool {
        let Some(reply) = &message.reply else {
            return false;
        };
        let client = self.set.jetstream.client();
        client
            .request(reply.clone(), AckKind::Ack.into())
            .await
            .is_ok()
    }
}
