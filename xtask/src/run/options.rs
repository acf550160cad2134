//! The options of a run, which go to `fractalaw run`.

use std::ffi::OsString;

use crate::project::Project;

/// Takes `--watch` out of the options, which is ours. It may also be an argument of the guest.
pub(super) fn take_watch(options: &mut Vec<String>) -> bool {
    let at = (0..options.len()).find(|&at| {
        let before = at.checked_sub(1).map(|before| &*options[before]);
        options[at] == "--watch" && before != Some("--arg")
    });
    if let Some(at) = at {
        options.remove(at);
    }
    at.is_some()
}

/// The options of the run. `--ledger` without a file means the workspace's own ledger, which is made if it does
/// not exist.
pub(super) fn options(project: &Project, given: &[String]) -> Vec<OsString> {
    let mut options = Vec::new();
    let mut given = given.iter().peekable();
    while let Some(option) = given.next() {
        options.push(OsString::from(option));
        let alone = given.peek().is_none_or(|next| next.starts_with('-'));
        if option == "--ledger" && alone {
            options.push(project.ledger().into());
            options.push("--create-ledger".into());
        }
    }
    options
}

#[cfg(test)]
mod tests {
    use super::take_watch;

    #[test]
    fn the_flag_is_taken_and_an_argument_of_the_guest_is_not() {
        let cases: [(&str, &str, bool); 4] = [
            ("--fuel 5 --watch --json", "--fuel 5 --json", true),
            ("--arg --watch", "--arg --watch", false),
            ("--arg --watch --watch", "--arg --watch", true),
            ("", "", false),
        ];
        for (given, left, expected) in cases {
            let mut options = given.split_whitespace().map(str::to_owned).collect();
            assert_eq!(take_watch(&mut options), expected, "{given}");
            assert_eq!(options.join(" "), left);
        }
    }
}
