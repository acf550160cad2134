//! What the cases reach, line by line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::dwarf::Code;
use crate::cases::records::Record;

/// What the cases reach, and what is not known.
pub(crate) struct Covered {
    pub(super) lines: Lines,
    /// The guests, each with its folder from the root of the workspace.
    pub(super) folders: Vec<(String, PathBuf)>,
    /// Guests and cases that are not counted, and why.
    pub(super) left_out: Vec<(String, String)>,
}

/// The files in the folder of one guest, by their paths there.
pub(super) struct Group<'a> {
    pub(super) name: &'a str,
    pub(super) files: Vec<(&'a Path, &'a File)>,
}

/// The name of the files in no guest's folder.
const ELSEWHERE: &str = "elsewhere in the workspace";

impl Covered {
    /// The files by guest. Those that guests share come last.
    pub(super) fn groups(&self) -> Vec<Group<'_>> {
        let mut groups: BTreeMap<(bool, &str), Vec<(&Path, &File)>> = BTreeMap::new();
        for (path, file) in &self.lines.0 {
            let path = Path::new(path);
            let within = |folder: &PathBuf| {
                Some((folder.as_os_str().len(), path.strip_prefix(folder).ok()?))
            };
            let found = (self.folders.iter())
                .filter_map(|(name, folder)| Some((within(folder)?, name)))
                .max_by_key(|((length, _), _)| *length);
            let (group, path) = match found {
                Some(((_, path), name)) => ((false, name.as_str()), path),
                None => ((true, ELSEWHERE), path),
            };
            groups.entry(group).or_default().push((path, file));
        }
        let groups = groups.into_iter();
        groups
            .map(|((_, name), files)| Group { name, files })
            .collect()
    }

    /// What is not counted: each reason in one line, with whom it concerns. What to do about a refusal is told by the test.
    pub(super) fn reasons(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (name, why) in &self.left_out {
            let why = why.lines().next().unwrap_or_default();
            reasons.entry(why).or_default().push(name);
        }
        reasons
    }
}

/// How many lines there are, and how many of them a case reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) reached: usize,
    pub(super) count: usize,
}

impl Share {
    pub(super) fn of<'a>(files: impl IntoIterator<Item = &'a File>) -> Share {
        files.into_iter().fold(Share::default(), |sum, file| Share {
            reached: sum.reached + file.reached(),
            count: sum.count + file.count(),
        })
    }

    /// In thousandths, rounded down: never all if a line is missing.
    pub(super) fn per_mille(self) -> usize {
        (self.reached * 1000).checked_div(self.count).unwrap_or(0)
    }

    /// As a number with one decimal.
    pub(super) fn percent(self) -> String {
        let per_mille = self.per_mille();
        format!("{}.{}", per_mille / 10, per_mille % 10)
    }
}

/// The files of guests, from the root of the workspace.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lines(pub(crate) BTreeMap<String, File>);

/// The lines of a file that can run, each with the number of cases that reach it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct File(pub(crate) BTreeMap<u32, u32>);

/// The code of guests. Two guests may have the same code, from different lines, if only their data differ.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    /// By the digest of the code, and then by the guest.
    all: BTreeMap<String, BTreeMap<String, Code>>,
    /// The guests whose code is in the component of each.
    inside: BTreeMap<String, Vec<String>>,
}

impl Codes {
    pub(crate) fn add(&mut self, guest: &str, code: Code) {
        let same = self.all.entry(code.sha256.clone()).or_default();
        same.insert(guest.to_owned(), code);
    }

    /// Says whose code is in the component of a guest.
    pub(crate) fn add_inside(&mut self, guest: &str, inside: Vec<String>) {
        self.inside.insert(guest.to_owned(), inside);
    }

    /// The code with this digest in the component of a guest.
    fn of(&self, guest: &str, sha256: &str) -> Option<&Code> {
        let same = self.all.get(sha256)?;
        let mut inside = self.inside.get(guest)?.iter();
        inside.find_map(|part| same.get(part))
    }
}

impl Lines {
    /// Brings together what ran and where it comes from. Code that nothing is known of is left out.
    pub(crate) fn of(records: &[Record], codes: &Codes) -> Lines {
        let mut lines = Lines::default();
        for record in records {
            let coverage = record.coverage.iter();
            let modules = coverage.flat_map(|coverage| &coverage.modules);
            let mut reached = BTreeSet::new();
            for module in modules {
                let Some(code) = codes.of(&record.subject, &module.code_sha256) else {
                    continue;
                };
                for row in &code.rows {
                    let ran = meets(&module.ran, row.range);
                    if ran {
                        reached.insert((&row.file, row.line));
                    } else if !meets(&module.not_ran, row.range) {
                        // No instruction that can run.
                        continue;
                    }
                    let file = match lines.0.get_mut(&row.file) {
                        Some(file) => file,
                        None => lines.0.entry(row.file.clone()).or_default(),
                    };
                    file.0.entry(row.line).or_default();
                }
            }
            for (file, line) in reached {
                if let Some(count) = lines.0.get_mut(file).and_then(|file| file.0.get_mut(&line)) {
                    *count += 1;
                }
            }
        }
        lines
    }
}

impl File {
    /// The lines that can run.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The lines that ran.
    pub(crate) fn reached(&self) -> usize {
        self.0.values().filter(|cases| **cases > 0).count()
    }

    /// The lines that no case reaches, such as `7, 12-14`. Lines between two of them that cannot run belong to both.
    pub(crate) fn missed(&self) -> String {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut goes_on = false;
        for (&line, &cases) in &self.0 {
            match ranges.last_mut() {
                Some(last) if goes_on && cases == 0 => last.1 = line,
                _ if cases == 0 => ranges.push((line, line)),
                _ => {}
            }
            goes_on = cases == 0;
        }
        let ranges = ranges.iter().map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        });
        ranges.collect::<Vec<_>>().join(", ")
    }
}

/// Whether a range meets one of these, which are in order and do not overlap.
fn meets(ranges: &[(u32, u32)], (start, end): (u32, u32)) -> bool {
    let next = ranges.partition_point(|range| range.1 <= start);
    ranges.get(next).is_some_and(|range| range.0 < end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coverage::dwarf::Row;

    #[test]
    fn a_reason_is_one_line_for_all_that_it_concerns() {
        let left_out = [
            ("a/one", "`data` is not granted\nhint: add `data` to `a`"),
            ("b/two", "`data` is not granted\nhint: add `data` to `b`"),
            ("c", "it is written in Python"),
        ];
        let covered = Covered {
            lines: Lines(BTreeMap::new()),
            folders: Vec::new(),
            left_out: left_out
                .map(|(name, why)| (name.to_owned(), why.to_owned()))
                .to_vec(),
        };
        let expected = [
            ("`data` is not granted", vec!["a/one", "b/two"]),
            ("it is written in Python", vec!["c"]),
        ];
        assert_eq!(covered.reasons(), BTreeMap::from(expected));
    }

    #[test]
    fn ranges_meet_where_they_share_a_byte() {
        let ranges = [(2, 4), (6, 7)];
        for (range, expected) in [
            ((0, 2), false),
            ((0, 3), true),
            ((3, 9), true),
            ((4, 6), false),
            ((6, 7), true),
            ((7, 9), false),
        ] {
            assert_eq!(meets(&ranges, range), expected, "{range:?}");
        }
    }

    #[test]
    fn a_line_is_reached_if_one_of_its_instructions_ran_in_one_case() {
        let row = |range, line| Row {
            range,
            file: "a.rs".to_owned(),
            line,
        };
        let code = Code {
            sha256: "c".to_owned(),
            // The last row is of code that cannot run.
            rows: vec![
                row((1, 3), 7),
                row((3, 5), 8),
                row((5, 9), 7),
                row((9, 11), 12),
                row((11, 12), 13),
                row((20, 21), 30),
            ],
        };
        let record = |ran: &[[u32; 2]], not_ran: &[[u32; 2]]| -> Record {
            let text = include_str!("../../tests/records/plain/default.json");
            let mut record: serde_json::Value = serde_json::from_str(text).unwrap();
            record["coverage"] = serde_json::json!({ "modules": [
                { "code_sha256": "c", "ran": ran, "not_ran": not_ran },
                { "code_sha256": "other", "ran": [[0, 100]], "not_ran": [] },
            ] });
            serde_json::from_value(record).unwrap()
        };
        let records = [record(&[[1, 3]], &[[3, 12]]), record(&[[1, 5]], &[[5, 12]])];
        let mut codes = Codes::default();
        codes.add("plain-part", code);
        // Another guest has the same code, from another file.
        let mut twin = row((1, 20), 1);
        twin.file = "twin.rs".to_owned();
        let twin = Code {
            sha256: "c".to_owned(),
            rows: vec![twin],
        };
        for name in ["a-twin", "twin"] {
            codes.add(name, twin.clone());
            codes.add_inside(name, vec![name.to_owned()]);
        }
        codes.add_inside("plain", vec!["plain-part".to_owned(), "plain".to_owned()]);
        let lines = Lines::of(&records, &codes);
        assert_eq!(lines.0.keys().collect::<Vec<_>>(), ["a.rs"]);
        let file = &lines.0["a.rs"];
        assert_eq!(file.0, BTreeMap::from([(7, 2), (8, 1), (12, 0), (13, 0)]));
        assert_eq!(
            (file.count(), file.reached(), &*file.missed()),
            (4, 2, "12-13")
        );
    }
}
