//! One run's use of models.

use fractalaw_host::Effect;
use fractalaw_host::capability::wasmtime::Result as Called;
use fractalaw_host::capability::{Ended, RunState, Session};
use serde_json::Value;

use crate::effect::{Asked, Effects};
use crate::exact::{self, Sum, Tokens};
use crate::failure::{AiError, Code};
use crate::grant::Granted;
use crate::limits::{CALL_BYTES, CALLS, TEXT_TOKENS, TOKENS};
use crate::tables::TOKEN_FUEL;

/// A run's models, and what it asked them.
pub(crate) struct AiSession {
    pub(crate) granted: Granted,
    pub(crate) effects: Effects,
}

/// The texts of a call as sums of the exact model, and how many tokens they have. The call is counted and paid before
/// the sums are made. The outer error ends the run.
pub(crate) fn sums<'t>(
    state: &mut RunState,
    texts: impl Iterator<Item = &'t str> + Clone,
) -> Called<Result<(Vec<Sum>, u64), AiError>> {
    state.count(&CALLS, 1)?;
    let bytes: usize = texts.clone().map(str::len).sum();
    if bytes > CALL_BYTES {
        let message =
            format!("the texts have {bytes} bytes, expected at most {CALL_BYTES} in one call");
        return Ok(Err(AiError::new(Code::TooLong, message)));
    }
    let table = exact::table();
    let mut tokens = Vec::new();
    for text in texts {
        let of_text = Tokens::of(table, text);
        let count = of_text.count();
        if count > TEXT_TOKENS {
            let message = format!("a text has {count} tokens, expected at most {TEXT_TOKENS}");
            return Ok(Err(AiError::new(Code::TooLong, message)));
        }
        tokens.push(of_text);
    }
    let count = tokens.iter().map(Tokens::count).sum();
    state.count(&TOKENS, count)?;
    state.charge(count.saturating_mul(TOKEN_FUEL))?;
    let sums = tokens.iter().map(|tokens| Sum::of(table, tokens));
    Ok(Ok((sums.collect(), count)))
}

/// Keeps what the run asked the exact model, for the report.
pub(crate) fn asked(
    state: &mut RunState,
    kind: &'static str,
    tokens: u64,
    request: Value,
    answer: Value,
) {
    state.session::<AiSession>().effects.add(&Asked {
        kind,
        model: format!("{}@{}", exact::NAME, &exact::digest()[..12]),
        tokens,
        request,
        answer,
    });
}

impl Session for AiSession {
    fn prepare(&mut self, _: &Ended<'_>) -> Called<Vec<Effect>> {
        Ok(self.effects.take())
    }
}
