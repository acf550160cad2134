//! What becomes of a delivery after a run. Retries follow determinism: what would end in the same way again is not
//! tried again.

use sha2::{Digest, Sha256};

use crate::limits::{ATTEMPTS, RETRY, RETRY_MAX};
use crate::time::Time;

/// How a run ended, as far as its delivery is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// The run completed. What it staged takes effect, and its delivery is done.
    Completed,
    /// A guest error, a trap or the deadline: another time it may go well.
    Failed,
    /// Out of fuel, memory, stack or a quota: it would end so again.
    Exhausted,
    /// The host refused to run the component.
    Refused,
    /// The host ended the run because it stops. That says nothing about the delivery.
    Interrupted,
}

impl Ending {
    /// The ending of a run by the kind of its outcome in a report or a closing. A kind that is not known counts as a
    /// failure, and so does `host-failed`.
    pub fn of(outcome: &str) -> Ending {
        match outcome {
            "completed" => Ending::Completed,
            "out-of-fuel" | "memory-limit" | "quota-exceeded" | "stack-overflow" => {
                Ending::Exhausted
            }
            "refused" => Ending::Refused,
            "interrupted" => Ending::Interrupted,
            _ => Ending::Failed,
        }
    }
}

/// What becomes of the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    /// It is tried again at this time.
    Retry(Time),
    Dead,
    Held,
    /// It is tried again at once, and the attempt does not count.
    Again,
}

/// Decides. `attempts` counts the one that just ended, and `most` is the number that the app allows.
pub(crate) fn fate(ending: Ending, attempts: u32, most: u32, key: &str, now: Time) -> Fate {
    match ending {
        Ending::Completed => Fate::Done,
        Ending::Failed if attempts < most => Fate::Retry(now.plus(delay(attempts, key))),
        Ending::Failed | Ending::Exhausted => Fate::Dead,
        Ending::Refused => Fate::Held,
        Ending::Interrupted => Fate::Again,
    }
}

/// The time between an attempt and the next: 1 s, 4 s, 16 s …, and up to a quarter more. The additional time
/// follows from the delivery and the attempt. So deliveries that fail together do not come again together, and a
/// test sees the same times each time.
pub(crate) fn delay(attempts: u32, key: &str) -> std::time::Duration {
    let doublings = attempts.saturating_sub(1).saturating_mul(2);
    let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
    let delay = RETRY.saturating_mul(factor).min(RETRY_MAX);
    let digest = Sha256::digest(format!("{key} {attempts}"));
    delay + delay * u32::from(digest[0]) / 1024
}

/// The number of attempts of an app that has none of its own.
pub(crate) fn attempts(of_app: Option<u32>) -> u32 {
    of_app.unwrap_or(ATTEMPTS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::RETRY_LATEST;

    #[test]
    fn each_outcome_has_its_fate() {
        let now = Time::from_unix_ms(0);
        let at = |ms| Fate::Retry(Time::from_unix_ms(ms));
        let key = "event:1:a";
        let cases = [
            ("completed", [Fate::Done; 5]),
            (
                "guest-error",
                [at(1_005), at(4_128), at(16_187), at(71_875), Fate::Dead],
            ),
            (
                "trap",
                [at(1_005), at(4_128), at(16_187), at(71_875), Fate::Dead],
            ),
            (
                "deadline-exceeded",
                [at(1_005), at(4_128), at(16_187), at(71_875), Fate::Dead],
            ),
            (
                "host-failed",
                [at(1_005), at(4_128), at(16_187), at(71_875), Fate::Dead],
            ),
            ("out-of-fuel", [Fate::Dead; 5]),
            ("memory-limit", [Fate::Dead; 5]),
            ("quota-exceeded", [Fate::Dead; 5]),
            ("stack-overflow", [Fate::Dead; 5]),
            ("refused", [Fate::Held; 5]),
            ("interrupted", [Fate::Again; 5]),
        ];
        for (outcome, fates) in cases {
            let ending = Ending::of(outcome);
            let found = [1, 2, 3, 4, 5].map(|attempt| fate(ending, attempt, ATTEMPTS, key, now));
            assert_eq!(found, fates, "{outcome}");
        }
    }

    #[test]
    fn no_delay_is_longer_than_the_latest() {
        for attempts in (1..200).chain([u32::MAX / 2 + 2, u32::MAX]) {
            for key in [
                "event:1:a",
                "event:2:a",
                "tick:3:0",
                "event:65537:gap-analyser",
            ] {
                let delay = delay(attempts, key);
                assert!(delay <= RETRY_LATEST, "{attempts} {key} {delay:?}");
                assert!(delay >= RETRY.min(RETRY_MAX));
            }
        }
    }
}
