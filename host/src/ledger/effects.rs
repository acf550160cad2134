//! What a run did, for its closing: sums of its effects, because a ledger keeps no rows and no texts.

use std::collections::BTreeMap;

use fractalaw_ledger::{Deeds, Effects, Hash};
use fractalaw_report::Effect;
use sha2::{Digest, Sha256};

/// What capabilities say themselves, and sums of the effects of the others.
pub(super) fn deeds(effects: &[Effect], of_capabilities: Vec<(&str, Deeds)>) -> Deeds {
    let mut deeds = Deeds::default();
    let are_said = |effect: &&Effect| {
        let mut said = of_capabilities.iter();
        !said.any(|(capability, _)| *capability == effect.capability)
    };
    deeds.effects = sums(effects.iter().filter(are_said));
    for (_, said) in of_capabilities {
        deeds.extend(said);
    }
    deeds
}

/// The sums, by capability, kind, subject, and whether they took effect.
fn sums<'e>(effects: impl Iterator<Item = &'e Effect>) -> Vec<Effects> {
    let mut sums: BTreeMap<_, (u64, Sha256)> = BTreeMap::new();
    for effect in effects {
        let (capability, kind) = (&*effect.capability, &*effect.kind);
        let key = (capability, kind, &*effect.subject, effect.settled.name());
        let (count, digest) = sums.entry(key).or_default();
        *count += 1;
        digest.update(format!("{effect}\n"));
    }
    let sums = sums.into_iter();
    sums.map(
        |((capability, kind, subject, settled), (count, digest))| Effects {
            capability: capability.to_owned(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            settled: settled.to_owned(),
            count,
            sha256: Hash(digest.finalize().into()),
        },
    )
    .collect()
}

#[cfg(test)]
mod tests {
    use fractalaw_ledger::Emitted;
    use fractalaw_report::Settled;

    use super::*;

    fn effect(capability: &str, subject: &str, id: u64) -> Effect {
        Effect {
            capability: capability.to_owned(),
            kind: "insert".to_owned(),
            subject: subject.to_owned(),
            fields: vec![("id".to_owned(), id.into())],
            settled: Settled::Committed,
        }
    }

    #[test]
    fn effects_are_summed_unless_their_capability_says_more() {
        let effects = [
            effect("data", "permit", 1),
            effect("data", "note", 2),
            effect("data", "permit", 3),
            effect("events", "changed", 4),
        ];
        let emitted = Emitted {
            id: 4,
            event_type: "changed".to_owned(),
            bytes: 0,
            sha256: Hash([0; 32]),
        };
        let said = Deeds {
            events: vec![emitted.clone()],
            ..Deeds::default()
        };
        let found = deeds(&effects, vec![("events", said)]);
        assert_eq!(found.events, [emitted]);
        let digest = |lines: &str| Hash(Sha256::digest(lines).into());
        let sums = found.effects.iter();
        let sums: Vec<_> = sums
            .map(|sum| (&*sum.subject, &*sum.settled, sum.count, sum.sha256))
            .collect();
        let (one, three) = (&effects[0], &effects[2]);
        assert_eq!(
            sums,
            [
                ("note", "committed", 1, digest(&format!("{}\n", effects[1]))),
                (
                    "permit",
                    "committed",
                    2,
                    digest(&format!("{one}\n{three}\n"))
                ),
            ]
        );
    }
}
