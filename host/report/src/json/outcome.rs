//! The JSON of how a run ended. Which fields there are depends on the kind.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::grant::{Missing, NotGranted};
use crate::outcome::{MemoryKind, Outcome};
use crate::quota::Quota;
use crate::refusal::Refusal;
use crate::trap::{During, Trap, TrapCode};

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Shape<'a> {
    Completed {
        ok: Cow<'a, str>,
    },
    GuestError {
        err: Cow<'a, str>,
    },
    OutOfFuel,
    DeadlineExceeded,
    MemoryLimit {
        of: MemoryKind,
        requested: u64,
        limit: u64,
    },
    StackOverflow,
    QuotaExceeded {
        quota: Cow<'a, str>,
        limit: u64,
        /// The unit of a quota that not every host has.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<Cow<'a, str>>,
    },
    Trap {
        trap: Cow<'a, str>,
        message: Cow<'a, str>,
        during: During,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<i32>,
    },
    Interrupted,
    Refused(RefusalShape<'a>),
}

impl Serialize for Outcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shape = match self {
            Outcome::Completed(text) => Shape::Completed { ok: text.into() },
            Outcome::GuestError(message) => Shape::GuestError {
                err: message.into(),
            },
            Outcome::OutOfFuel => Shape::OutOfFuel,
            Outcome::DeadlineExceeded => Shape::DeadlineExceeded,
            Outcome::MemoryLimit {
                kind,
                requested,
                limit,
            } => Shape::MemoryLimit {
                of: *kind,
                requested: *requested,
                limit: *limit,
            },
            Outcome::StackOverflow => Shape::StackOverflow,
            Outcome::QuotaExceeded { quota, limit } => Shape::QuotaExceeded {
                quota: Cow::Borrowed(&quota.name),
                limit: *limit,
                unit: (!quota.is_core()).then(|| Cow::Borrowed(&*quota.unit)),
            },
            Outcome::Trap(trap) => Shape::Trap {
                trap: trap.code.name().into(),
                message: Cow::Borrowed(&trap.message),
                during: trap.during,
                status: match trap.code {
                    TrapCode::Exit { status } => Some(status),
                    _ => None,
                },
            },
            Outcome::Interrupted => Shape::Interrupted,
            Outcome::Refused(refusal) => Shape::Refused(refusal.into()),
        };
        shape.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Outcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
        Ok(match Shape::deserialize(deserializer)? {
            Shape::Completed { ok } => Outcome::Completed(ok.into_owned()),
            Shape::GuestError { err } => Outcome::GuestError(err.into_owned()),
            Shape::OutOfFuel => Outcome::OutOfFuel,
            Shape::DeadlineExceeded => Outcome::DeadlineExceeded,
            Shape::MemoryLimit {
                of,
                requested,
                limit,
            } => Outcome::MemoryLimit {
                kind: of,
                requested,
                limit,
            },
            Shape::StackOverflow => Outcome::StackOverflow,
            Shape::QuotaExceeded { quota, limit, unit } => {
                let known = Quota::CORE.into_iter().find(|known| known.name == quota);
                let unit = unit.map(|unit| Quota {
                    name: quota.clone().into_owned().into(),
                    unit: unit.into_owned().into(),
                });
                let found = known.or(unit);
                let unknown = || de::Error::custom(format!("unknown quota `{quota}`"));
                Outcome::QuotaExceeded {
                    quota: found.ok_or_else(unknown)?,
                    limit,
                }
            }
            Shape::Trap {
                trap,
                message,
                during,
                status,
            } => {
                let unknown = || de::Error::custom(format!("unknown trap `{trap}`"));
                Outcome::Trap(Trap {
                    code: TrapCode::named(&trap, status).ok_or_else(unknown)?,
                    message: message.into_owned(),
                    during,
                })
            }
            Shape::Interrupted => Outcome::Interrupted,
            Shape::Refused(refusal) => {
                Outcome::Refused(refusal.try_into().map_err(de::Error::custom)?)
            }
        })
    }
}

#[derive(Serialize, Deserialize)]
struct RefusalShape<'a> {
    refusal: Cow<'a, str>,
    message: Cow<'a, str>,
    hint: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing: Option<Cow<'a, [Missing]>>,
    /// The section of policy that grants what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<Cow<'a, str>>,
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RefusalShape::from(self).serialize(serializer)
    }
}

impl<'a> From<&'a Refusal> for RefusalShape<'a> {
    fn from(refusal: &'a Refusal) -> RefusalShape<'a> {
        let not_granted = match refusal {
            Refusal::NotGranted(not_granted) => Some(not_granted),
            _ => None,
        };
        RefusalShape {
            refusal: refusal.kind().into(),
            message: refusal.to_string().into(),
            hint: refusal.hint(),
            missing: not_granted.map(|refused| Cow::Borrowed(&*refused.missing)),
            policy: not_granted.map(|refused| refused.policy().into()),
        }
    }
}

impl TryFrom<RefusalShape<'_>> for Refusal {
    type Error = &'static str;

    fn try_from(shape: RefusalShape<'_>) -> Result<Refusal, &'static str> {
        if let (Some(missing), Some(policy)) = (shape.missing, shape.policy) {
            let section = policy.lines().next().unwrap_or_default();
            let section = section
                .strip_prefix('[')
                .and_then(|name| name.strip_suffix(']'));
            let mut refused = NotGranted {
                section: section
                    .ok_or("the policy that is missing has no section")?
                    .to_owned(),
                missing: missing.into_owned(),
                is_kept_by_tools: false,
            };
            // Only the hint says it.
            let plain = Refusal::NotGranted(refused.clone().into()).hint() == shape.hint;
            refused.is_kept_by_tools = !plain;
            return Ok(Refusal::NotGranted(refused.into()));
        }
        Ok(Refusal::Recorded {
            kind: shape.refusal.into_owned(),
            message: shape.message.into_owned(),
            hint: shape.hint.into_owned(),
        })
    }
}
