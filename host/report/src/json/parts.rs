//! The JSON of the parts that are not written as they are held: the app, fuel, output and durations.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::app::App;
use crate::captured::Captured;
use crate::fuel::{Certainty, Fuel};
use crate::report::Durations;

#[derive(Serialize, Deserialize)]
struct AppShape<'a> {
    name: Option<Cow<'a, str>>,
    version: Option<Cow<'a, str>>,
    sha256: Cow<'a, str>,
}

impl Serialize for App {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shape = AppShape {
            name: self.name.as_deref().map(Cow::Borrowed),
            version: self.version.as_deref().map(Cow::Borrowed),
            sha256: Cow::Borrowed(&self.digest),
        };
        shape.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for App {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<App, D::Error> {
        let shape = AppShape::deserialize(deserializer)?;
        Ok(App {
            name: shape.name.map(Into::into),
            version: shape.version.map(Into::into),
            digest: shape.sha256.into(),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct FuelShape {
    budget: u64,
    consumed: u64,
    instantiation: u64,
    guest: u64,
    host_calls: u64,
    certainty: Certainty,
    cost_model: u32,
}

impl Serialize for Fuel {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shape = FuelShape {
            budget: self.budget,
            consumed: self.consumed(),
            instantiation: self.instantiation,
            guest: self.guest,
            host_calls: self.host_calls,
            certainty: self.certainty,
            cost_model: self.cost_model,
        };
        shape.serialize(serializer)
    }
}

/// Checks that the parts sum to the whole, because readers of a report may rely on it.
impl<'de> Deserialize<'de> for Fuel {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fuel, D::Error> {
        let shape = FuelShape::deserialize(deserializer)?;
        let parts = [shape.instantiation, shape.guest, shape.host_calls];
        let sum: u128 = parts.into_iter().map(u128::from).sum();
        if sum != u128::from(shape.consumed) {
            let consumed = shape.consumed;
            let message = format!("the parts of the fuel sum to {sum}, expected {consumed}");
            return Err(de::Error::custom(message));
        }
        Ok(Fuel {
            budget: shape.budget,
            instantiation: shape.instantiation,
            guest: shape.guest,
            host_calls: shape.host_calls,
            certainty: shape.certainty,
            cost_model: shape.cost_model,
        })
    }
}

/// The bytes as text. If they are not UTF-8, the text has replacement characters, and `lossy` is true.
#[derive(Serialize, Deserialize)]
struct CapturedShape<'a> {
    text: Cow<'a, str>,
    lossy: bool,
    bytes: usize,
    dropped_bytes: u64,
}

impl Serialize for Captured {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = String::from_utf8_lossy(&self.bytes);
        let shape = CapturedShape {
            lossy: self.bytes_before.is_some() || matches!(text, Cow::Owned(_)),
            text,
            bytes: self.len(),
            dropped_bytes: self.dropped_bytes,
        };
        shape.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Captured {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Captured, D::Error> {
        let shape = CapturedShape::deserialize(deserializer)?;
        if !shape.lossy && shape.bytes != shape.text.len() {
            let (bytes, found) = (shape.bytes, shape.text.len());
            let message = format!("output of {found} bytes, expected {bytes}");
            return Err(de::Error::custom(message));
        }
        Ok(Captured {
            bytes: shape.text.into_owned().into_bytes(),
            dropped_bytes: shape.dropped_bytes,
            bytes_before: shape.lossy.then_some(shape.bytes),
        })
    }
}

#[derive(Serialize, Deserialize)]
struct DurationsShape {
    load: u64,
    wait: u64,
    run: u64,
}

impl Serialize for Durations {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shape = DurationsShape {
            load: micros(self.load),
            wait: micros(self.wait),
            run: micros(self.run),
        };
        shape.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Durations {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Durations, D::Error> {
        let shape = DurationsShape::deserialize(deserializer)?;
        Ok(Durations {
            load: Duration::from_micros(shape.load),
            wait: Duration::from_micros(shape.wait),
            run: Duration::from_micros(shape.run),
        })
    }
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
