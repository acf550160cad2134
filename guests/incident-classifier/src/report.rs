//! The reports, as they come in.

/// One report.
pub(crate) struct Report<'a> {
    pub(crate) number: &'a str,
    pub(crate) text: &'a str,
}

/// Reads a report from each line that is not empty.
pub(crate) fn read(text: &str) -> Result<Vec<Report<'_>>, String> {
    let lines = (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty());
    let reports: Vec<_> = lines
        .map(|(number, line)| {
            let (report, text) = line.split_once(':').ok_or_else(|| {
                format!("line {number} has no number, expected one, such as `I-7: a pump leaked`")
            })?;
            Ok(Report {
                number: report.trim(),
                text: text.trim(),
            })
        })
        .collect::<Result<_, String>>()?;
    if reports.is_empty() {
        return Err("standard input is empty, expected a report on each line".to_owned());
    }
    Ok(reports)
}
