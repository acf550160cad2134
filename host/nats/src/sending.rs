//! What goes out: each message is stored in the set once, however often it is sent.

use anyhow::{Result, bail};
use async_nats::connection::State;
use async_nats::jetstream::message::PublishMessage;
use fractalaw_events_engine::Outgoing;
use futures_util::future::join_all;

use crate::file::File;
use crate::owners::is_other_revision;
use crate::set::Set;
use crate::wire;

/// Sends whatever the engine lets out, as long as this is not stopped. It ends only with an error.
pub(crate) async fn run(set: &Set, file: &File) -> Result<()> {
    let mut seen = 0;
    loop {
        let outgoing = file.with(|exchange| exchange.outgoing()).await?;
        if outgoing.is_empty() {
            seen = file.changed(seen).await?;
            continue;
        }
        if let Some(fault) = set.may_not_send() {
            bail!(fault);
        }
        // What is handed to a client without a connection waits there, and goes out whenever the connection comes back.
        if set.jetstream.client().connection_state() != State::Connected {
            bail!("no server is connected");
        }
        set.sends();
        let (sent, failed) = send(set, outgoing).await;
        file.with(move |exchange| exchange.sent(&sent)).await?;
        failed?;
        set.is_answered();
    }
}

/// Sends messages all at once. Returns those that the set has, and the first failure.
async fn send(set: &Set, outgoing: Vec<Outgoing>) -> (Vec<Outgoing>, Result<()>) {
    let mut waiting = Vec::with_capacity(outgoing.len());
    let mut ended = Ok(());
    for outgoing in outgoing {
        let publish = PublishMessage::build()
            .payload(wire::write(&outgoing.message).into())
            // None is on the subject yet.
            .expected_last_subject_sequence(0);
        let subject = wire::subject(&outgoing.message);
        match set.jetstream.send_publish(subject, publish).await {
            Ok(answer) => waiting.push((outgoing, answer)),
            Err(error) => ended = ended.and(Err(error.into())),
        }
    }
    // All at once, because answers that are lost with a connection take their time.
    let answers = waiting
        .into_iter()
        .map(|(outgoing, answer)| async { (outgoing, answer.await) });
    let mut sent = Vec::new();
    for (outgoing, answer) in join_all(answers).await {
        match answer {
            Ok(_) => sent.push(outgoing),
            Err(error) if is_other_revision(&error) => sent.push(outgoing),
            Err(error) => ended = ended.and(Err(error.into())),
        }
    }
    (sent, ended)
}
