//! Deliveries of a node that does not come back are taken by another one, because a person says so.

use std::fs::OpenOptions;
use std::path::Path;

use anyhow::{Result, bail};
use fractalaw_events_engine::{Arrival, Put};

use crate::fault::Fault;
use crate::file::File;
use crate::owners::{Entry, State};
use crate::set::Set;
use crate::wire;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) taken: u64,
    /// Those of apps that this node does not have. They stay where they are.
    pub(crate) left: u64,
}

/// Takes what `from` owns and what is not done.
pub(crate) async fn take(set: &Set, file: &File, events: &Path, from: &str) -> Result<Taken> {
    if *from == *set.node {
        let what = format!("`{from}` is this node");
        bail!(Fault::new(
            what,
            "name the node whose deliveries are to be taken"
        ));
    }
    if set.node(from).await?.is_none() {
        let what = format!("the set has no node `{from}`");
        bail!(Fault::new(what, "`fractalaw-nats status` lists the nodes"));
    }
    if set.is_alive(from).await? {
        let what = format!("node `{from}` is running");
        bail!(Fault::new(
            what,
            "stop its supervisor and its `fractalaw-nats` first: what it has begun would run twice"
        ));
    }
    // Two of these commands at once could not tell what the other has put.
    let lock = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(events.with_extension("db-take"))?;
    if lock.try_lock().is_err() {
        let what = "another `take` is running on this node".to_owned();
        bail!(Fault::new(what, "wait until it ends"));
    }
    let apps = file.with(|exchange| exchange.apps()).await?;
    let mut found = Vec::new();
    let mut taken = Taken::default();
    set.scan(|delivery, entry| {
        let owner = &entry.owner;
        let is_theirs = owner.node == from && owner.state != State::Done;
        // An earlier command ended between its steps.
        let is_given = *owner.node == *set.node && owner.state == State::Given;
        if is_theirs || is_given {
            found.push((delivery.to_owned(), entry));
        }
    })
    .await?;
    for (delivery, entry) in found {
        let app = apps.0.keys().find(|app| {
            let rest = delivery.strip_prefix(&wire::token(app));
            rest.is_some_and(|rest| rest.starts_with('.'))
        });
        match app {
            Some(app) => taken.taken += u64::from(one(set, file, app, &delivery, entry).await?),
            None => taken.left += 1,
        }
    }
    Ok(taken)
}

/// First the entry is this node's, then the file has the delivery, then the entry says so.
async fn one(set: &Set, file: &File, app: &str, delivery: &str, entry: Entry) -> Result<bool> {
    let message = match wire::read(&entry.message) {
        Ok(message) => message,
        Err(why) => bail!("the entry of `{delivery}` in `OWNERS` has no message: {why}"),
    };
    let (name, key) = (app.to_owned(), message.key());
    let is_here = file.with(move |exchange| exchange.has(&name, &key)).await?;
    let given = set.this(State::Given);
    if !set
        .set_owner(delivery, &given, &entry.message, entry.revision)
        .await?
    {
        // It was done in the meantime, or somebody else took it.
        return Ok(false);
    }
    if !is_here {
        let arrival = Arrival {
            app: app.to_owned(),
            // It was acknowledged by its first owner, or comes to this node and is known.
            sequence: 0,
            message,
        };
        let put = file.with(move |exchange| exchange.put(&[arrival])).await?;
        match put.first() {
            Some(Put::New | Put::Known) => {}
            Some(Put::NoRoom) => bail!(Fault::new(
                "there is no room for more deliveries on this node",
                "let it work some off, and take the rest with the same command"
            )),
            _ => bail!("`{delivery}` is not what a node sends"),
        }
    }
    let entry = set.owner(delivery).await?;
    if let Some(entry) = entry.filter(|entry| entry.owner == given) {
        let owned = set.this(State::Owned);
        set.set_owner(delivery, &owned, &entry.message, entry.revision)
            .await?;
    }
    Ok(true)
}
