//! A deterministic run does the same to data each time, because the engine uses its clock and its seed.

use crate::guests::Does::{Execute, Query};
use crate::guests::guest;
use crate::lab::{Lab, host, ran};

#[test]
fn time_and_randomness_are_the_runs_own() {
    let guest = guest(&[
        Query("SELECT random()"),
        Execute("INSERT INTO secret VALUES (CURRENT_TIMESTAMP), (random()), (hex(randomblob(8)))"),
    ]);
    let words = |seed: u64| {
        let lab = Lab::new();
        let report = ran(&host(), &guest, &lab.run().deterministic().seed(seed));
        assert_eq!(report.outcome.kind(), "completed");
        (
            report.fuel.consumed(),
            lab.rows("SELECT word FROM secret WHERE word <> 'hush'"),
        )
    };
    let (first, again, other) = (words(7), words(7), words(8));
    assert_eq!(first, again);
    assert_eq!(first.1[0], "2025-01-01 00:00:00");
    assert_ne!(first.1[1..], other.1[1..]);
}
