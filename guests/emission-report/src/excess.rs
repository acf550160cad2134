//! A stack that emitted too much of something.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the query finds.
#[derive(Debug, Deserialize)]
pub(crate) struct Excess {
    pub(crate) site: String,
    pollutant: String,
    readings: u64,
    since: String,
    level: Level,
    evidence: String,
}

/// Milligrams in a cubic metre.
#[derive(Debug, Deserialize)]
struct Level {
    worst: f64,
    average: f64,
    permitted: f64,
}

/// What is added to the database.
#[derive(Debug, Serialize)]
pub(crate) struct Breach<'a> {
    site: &'a str,
    pollutant: &'a str,
    readings: u64,
    /// JSON.
    evidence: &'a str,
}

impl Excess {
    pub(crate) fn breach(&self) -> Breach<'_> {
        Breach {
            site: &self.site,
            pollutant: &self.pollutant,
            readings: self.readings,
            evidence: &self.evidence,
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Level {
            worst,
            average,
            permitted,
        } = self.level;
        let readings = match self.readings {
            1 => "1 reading".to_owned(),
            many => format!("{many} readings"),
        };
        write!(
            f,
            "{} over {permitted} mg since {} UTC: {readings}, {worst} at worst, {average} on average",
            self.pollutant, self.since
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_how_much_was_too_much() {
        let excess = Excess {
            site: "harbour".to_owned(),
            pollutant: "NOx".to_owned(),
            readings: 2,
            since: "2026-02-01 04:00:00".to_owned(),
            level: Level {
                worst: 180.5,
                average: 165.25,
                permitted: 150.0,
            },
            evidence: String::new(),
        };
        assert_eq!(
            excess.to_string(),
            "NOx over 150 mg since 2026-02-01 04:00:00 UTC: 2 readings, 180.5 at worst, 165.25 on average"
        );
    }
}
