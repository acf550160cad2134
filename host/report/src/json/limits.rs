//! The JSON of the limits of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use fractalaw_manifest::Tier;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::parts::micros;
use crate::limits::{AppliedLimits, Limits, QuotaLimit, QuotaLimits};
use crate::quota::Quota;

#[derive(Serialize, Deserialize)]
struct Shape {
    tier: Tier,
    fuel: u64,
    deadline_us: u64,
    memory_bytes: usize,
    /// All quotas, by name with `_` instead of `-`.
    quotas: BTreeMap<String, u64>,
    /// What else is known of the quotas that not every host has.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    quotas_of_capabilities: BTreeMap<String, OfCapability>,
}

#[derive(Serialize, Deserialize)]
struct OfCapability {
    unit: String,
    most: u64,
}

fn key(quota: &Quota) -> String {
    quota.name.replace('-', "_")
}

impl Serialize for AppliedLimits {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let of_capabilities = self.quotas.iter().filter(|limit| !limit.quota.is_core());
        let shape = Shape {
            tier: self.tier,
            fuel: self.limits.fuel,
            deadline_us: micros(self.limits.deadline),
            memory_bytes: self.limits.memory_bytes,
            quotas: self
                .quotas
                .iter()
                .map(|limit| (key(&limit.quota), limit.limit))
                .collect(),
            quotas_of_capabilities: of_capabilities
                .map(|limit| {
                    let of = OfCapability {
                        unit: limit.quota.unit.clone().into_owned(),
                        most: limit.most,
                    };
                    (key(&limit.quota), of)
                })
                .collect(),
        };
        shape.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AppliedLimits {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AppliedLimits, D::Error> {
        let shape = Shape::deserialize(deserializer)?;
        let of_capabilities = shape.quotas_of_capabilities.into_iter();
        let of_capabilities = of_capabilities.map(|(key, OfCapability { unit, most })| {
            let quota = Quota {
                name: key.replace('_', "-").into(),
                unit: unit.into(),
            };
            QuotaLimit::host(quota, most)
        });
        // The host's own limits of the quotas that JSON says nothing more about.
        let (of_host, standard) = (QuotaLimits::with([]), QuotaLimits::default());
        let offered = standard.iter().filter(|limit| {
            let is_of_host = of_host.named(&limit.quota.name).is_some();
            !is_of_host && shape.quotas.contains_key(&key(&limit.quota))
        });
        let mut quotas = QuotaLimits::with(offered.cloned().chain(of_capabilities));
        for (key, limit) in shape.quotas {
            let name = key.replace('_', "-");
            if quotas.named(&name).is_none() {
                return Err(de::Error::custom(format!("unknown quota `{name}`")));
            }
            quotas.lower(&name, limit);
        }
        Ok(AppliedLimits {
            tier: shape.tier,
            limits: Limits {
                memory_bytes: shape.memory_bytes,
                fuel: shape.fuel,
                deadline: Duration::from_micros(shape.deadline_us),
            },
            quotas,
        })
    }
}
