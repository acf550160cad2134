//! One run's use of models: what a call may ask, who answers it, and what is kept of it.

use std::mem::take;
use std::sync::{Arc, Mutex};

use fractalaw_catalogue::Price;
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Ended, RunState, Session, Threads, Verdict};
use fractalaw_host::{Effect, HostError};
use serde_json::Value;

use crate::effect::{Asked, Effects};
use crate::exact::{self, Tokens};
use crate::failure::{AiError, Code};
use crate::grant::{Granted, Model};
use crate::limits::{CALL_BYTES, CALLS, TEXT_TOKENS, TOKENS};
use crate::recording::{Line, Recording, Replayed, not_recorded, of_another};
use crate::served::{Question, Served, ask};
use crate::tables::{CALL_FUEL, TOKEN_FUEL};

/// A run's models, and what it asked them.
pub(crate) struct AiSession {
    pub(crate) granted: Granted,
    pub(crate) effects: Effects,
    pub(crate) threads: Threads,
    /// What the runs of the host replay.
    all_replayed: Arc<Mutex<Replayed>>,
    /// The answers to replay, once they are read.
    pub(crate) replayed: Option<Arc<Recording>>,
    /// The SHA-256 of the file that they are from.
    pub(crate) replayed_from: Option<String>,
    /// The answers to record.
    pub(crate) recorded: Recording,
    /// The length of the vectors that the run got from a served model.
    pub(crate) dimensions: Option<usize>,
}

impl AiSession {
    pub(crate) fn new(
        granted: Granted,
        threads: Threads,
        all_replayed: Arc<Mutex<Replayed>>,
    ) -> AiSession {
        AiSession {
            effects: Effects::shows(granted.shows_texts),
            granted,
            threads,
            all_replayed,
            replayed: None,
            replayed_from: None,
            recorded: Recording::default(),
            dimensions: None,
        }
    }
}

/// An answer of a served model.
pub(crate) struct Answered {
    pub(crate) value: Value,
    /// The SHA-256 that identifies the model, if it is known.
    pub(crate) digest: Option<String>,
}

/// Counts a call, and checks that its texts are not too long. The outer error ends the run.
pub(crate) fn begun<'t>(
    state: &mut RunState,
    texts: impl Iterator<Item = &'t str> + Clone,
) -> Called<Result<(), AiError>> {
    counted(state, texts.map(str::len).sum())
}

/// Counts a call whose texts have this many bytes together.
pub(crate) fn counted(state: &mut RunState, bytes: usize) -> Called<Result<(), AiError>> {
    state.count(&CALLS, 1)?;
    if bytes > CALL_BYTES {
        let message =
            format!("the texts have {bytes} bytes, expected at most {CALL_BYTES} in one call");
        return Ok(Err(AiError::new(Code::TooLong, message)));
    }
    Ok(Ok(()))
}

/// The tokens of texts that a model is to read. They are counted and paid before it does, by the host's own tokens,
/// whichever model it is.
pub(crate) fn paid<'t>(
    state: &mut RunState,
    model: &Model,
    texts: impl Iterator<Item = &'t str>,
) -> Called<Result<Vec<Tokens>, AiError>> {
    let mut tokens = Vec::new();
    for text in texts {
        let of_text = Tokens::of(exact::table(), text);
        let count = of_text.count();
        if let Some(error) = too_long(count) {
            return Ok(Err(error));
        }
        tokens.push(of_text);
    }
    let count: u64 = tokens.iter().map(Tokens::count).sum();
    state.count(&TOKENS, count)?;
    let price = model.price();
    pay_for_call(state, price)?;
    state.charge(count.saturating_mul(price.token.max(TOKEN_FUEL)))?;
    Ok(Ok(tokens))
}

/// The error for a text with this many tokens, if they are too many.
pub(crate) fn too_long(count: u64) -> Option<AiError> {
    let message = || format!("a text has {count} tokens, expected at most {TEXT_TOKENS}");
    (count > TEXT_TOKENS).then(|| AiError::new(Code::TooLong, message()))
}

/// Charges what a call of a model costs in addition to a call of any.
pub(crate) fn pay_for_call(state: &mut RunState, price: Price) -> Called<()> {
    state.charge(price.call.saturating_sub(CALL_FUEL))
}

/// The answer of a served model: replayed, recorded before in this run, or from its server.
pub(crate) async fn answer(
    state: &mut RunState,
    served: &Arc<Served>,
    question: Question,
) -> Called<Result<Answered, AiError>> {
    let canonical = question.canonical(&served.name);
    let (is_deterministic, account) = (state.is_deterministic(), state.account().clone());
    let session = state.session::<AiSession>();
    if session.granted.replay.is_some() {
        return session.replay(served, &canonical).await;
    }
    let answered = |value: Value| Answered {
        value,
        digest: served.digest.clone(),
    };
    if let Some(recorded) = session.recorded.answer(&canonical) {
        return Ok(match AiError::of_answer(&recorded.answer) {
            Some(error) => Err(error),
            None => Ok(answered(recorded.answer)),
        });
    }
    let (of_call, of_run) = (Arc::clone(served), account.clone());
    let asking = session.threads.clone();
    let answer = asking
        .run(move || ask(&of_call, &question, &account))
        .await??;
    if session.granted.record.is_some() {
        let recorded = match &answer {
            Ok(answer) => Some(answer.clone()),
            // The repetition of this one run must find it. A recording of many runs is not to keep what may pass.
            Err(error) if is_deterministic => Some(error.to_record()),
            Err(_) => None,
        };
        if let Some(recorded) = recorded {
            let line = Line::new(&canonical, &recorded, served.digest.as_deref());
            of_run.hold(line.bytes())?;
            session.recorded.add(line);
        }
    }
    Ok(answer.map(answered))
}

impl AiSession {
    async fn replay(
        &mut self,
        served: &Served,
        canonical: &Value,
    ) -> Called<Result<Answered, AiError>> {
        let path = self.granted.replay.clone().unwrap_or_default();
        let recording = match &self.replayed {
            Some(recording) => Arc::clone(recording),
            None => {
                let (file, all) = (path.clone(), Arc::clone(&self.all_replayed));
                let read = self.threads.run(move || Replayed::read(&all, &file));
                let (read, digest) = read.await??;
                self.replayed_from = Some(digest);
                Arc::clone(self.replayed.insert(read))
            }
        };
        let Some(recorded) = recording.answer(canonical) else {
            return Err(not_recorded(&path, &served.name, canonical).into());
        };
        if let (Some(found), Some(listed)) = (&recorded.digest, &served.digest)
            && found != listed
        {
            return Err(of_another(&path, &served.name, found, listed).into());
        }
        let digest = recorded.digest.clone().or_else(|| served.digest.clone());
        let value = recorded.answer;
        Ok(match AiError::of_answer(&value) {
            Some(error) => Err(error),
            None => Ok(Answered { value, digest }),
        })
    }
}

impl AiSession {
    /// Writes what was not written yet.
    fn write(&mut self) -> Result<(), HostError> {
        let recorded = take(&mut self.recorded);
        match &self.granted.record {
            Some(path) if !recorded.is_empty() => recorded.write(path),
            _ => Ok(()),
        }
    }
}

/// A name with the first digits of what identifies it.
fn identified(name: &str, digest: Option<&str>) -> String {
    match digest.and_then(|digest| digest.get(..12)) {
        Some(digits) => format!("{name}@{digits}"),
        None => name.to_owned(),
    }
}

/// Keeps what the run asked, for the report.
pub(crate) fn asked(
    state: &mut RunState,
    (model, digest): (&Model, Option<&str>),
    kind: &'static str,
    tokens: u64,
    request: Value,
    answer: Value,
) {
    let digest = match model {
        Model::Exact => Some(exact::digest()),
        Model::Served(_) => digest,
    };
    let model = identified(model.name(), digest);
    state.session::<AiSession>().effects.add(&Asked {
        kind,
        model,
        tokens,
        request,
        answer,
    });
}

impl Session for AiSession {
    fn waits(&self) -> bool {
        !self.recorded.is_empty()
    }

    fn start_waits(&self) -> bool {
        self.granted.record.is_some()
    }

    /// What cannot be recorded is not asked: servers would have been asked for nothing.
    fn start(&mut self) -> Result<(), HostError> {
        match &self.granted.record {
            Some(path) => Recording::check(path),
            None => Ok(()),
        }
    }

    /// What models answered is recorded however the run ended, and before it counts: a run whose answers cannot be kept has
    /// no report, so nothing that it did may take effect.
    fn prepare(&mut self, ended: &Ended<'_>) -> Called<Vec<Effect>> {
        if !ended.is_measured() {
            self.write()?;
        }
        Ok(self.effects.all(self.replayed_from.as_deref()))
    }

    fn settle(mut self: Box<Self>, _: Verdict) -> Result<(), HostError> {
        // It was not prepared if another capability failed before.
        self.write()
    }
}
