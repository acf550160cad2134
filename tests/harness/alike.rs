//! Whether what a run gave is the same, and stays the same when it is read again.

use anyhow::{Result, bail, ensure};
use fractalaw_host::Report;

use crate::rendering::Observed;
use crate::whole;

/// Checks that the report's JSON contains what the run gave.
pub(crate) fn comes_back(report: &Report) -> Result<()> {
    let json = report.json();
    let read = Report::from_json(&json)?;
    ensure!(
        read == *report || read.json() == json && read.text() == report.text(),
        "what is read from the report's JSON is another report\n{}",
        whole::diff(("written", &json), ("read", &read.json()))
    );
    Ok(())
}

/// Checks that a run gave the same in another place as in a fresh slot.
pub(crate) fn same(place: &str, fresh: &Observed, other: &Observed) -> Result<()> {
    if fresh != other {
        bail!(
            "what a run gives differs between a fresh slot and {place}; a run must not notice\n{}",
            whole::diff(
                ("fresh", &format!("{fresh:#?}\n")),
                ("other", &format!("{other:#?}\n"))
            )
        );
    }
    Ok(())
}
