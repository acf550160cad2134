//! A permit as the register has it.

use serde::Deserialize;

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Status {
    InForce,
    Suspended,
    Expired,
    Revoked,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Permit {
    pub(crate) number: String,
    pub(crate) holder: String,
    pub(crate) expires: String,
    pub(crate) status: Status,
}

impl Permit {
    /// The serial number: `0417` of `EP-0417`. Any other form of number stops the run.
    pub(crate) fn serial(&self) -> &str {
        let (_, serial) = self
            .number
            .split_once('-')
            .expect("a permit's number has a dash in it");
        serial
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_serial_number_is_behind_the_dash() {
        let permit = Permit {
            number: "EP-0417".to_owned(),
            holder: String::new(),
            expires: String::new(),
            status: Status::InForce,
        };
        assert_eq!(permit.serial(), "0417");
    }
}
