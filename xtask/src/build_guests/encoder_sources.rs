//! The sources that shape a component, besides a guest's own. If one of them changes, all guests are encoded
//! again.
//!
//! The list is written by hand, so that `xtask` needs no build script. A test compares it with the folders: a new
//! file must be listed here, or left out with a reason. `fractalaw-contract` lists its own.

use fractalaw_contract::sources;

/// Paths from the folder of this package, each with the text of the file when it was compiled.
macro_rules! sources {
    ($($path:literal,)*) => {
        [$(($path, include_str!(concat!("../../", $path)))),*]
    };
}

/// Path and text of each of our own.
const SOURCES: [(&str, &str); 12] = sources![
    // A symbolic link to `compose/src`, which is in another package.
    "linked/compose/main.rs",
    "src/guest.rs",
    "src/guest/declared.rs",
    "src/build_guests/compile.rs",
    "src/build_guests/compose.rs",
    "src/build_guests/contract.rs",
    "src/build_guests/encode.rs",
    "src/build_guests/encode/memory_first.rs",
    "src/build_guests/encode/memory_first/parts.rs",
    "src/build_guests/guest_profile.rs",
    "src/build_guests/hermetic.rs",
    "src/build_guests/reading.rs",
];

/// The text of each source, ours and the contract's.
pub(super) fn texts() -> impl Iterator<Item = &'static str> {
    let all = SOURCES.iter().chain(&sources::SOURCES);
    all.map(|(_, text)| *text)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::SOURCES;

    /// The files for guests in other languages. Each language has a digest of its own, in `languages.rs`.
    const LANGUAGES: &str = "src/build_guests/languages";

    /// The folders whose files shape a component.
    const FOLDERS: [&str; 2] = ["linked", "src/build_guests"];

    /// The files in these folders that do not, and why.
    const LEFT_OUT: [(&str, &str); 14] = [
        (
            "linked/ledger-help.txt",
            "what `cargo xtask ledger --help` prints",
        ),
        (
            "src/build_guests/contract_files.rs",
            "compares the copy of the contract, which counts by itself",
        ),
        ("src/build_guests/encoder_sources.rs", "lists the others"),
        ("src/build_guests/fetch.rs", "runs before a build"),
        (
            "src/build_guests/fresh.rs",
            "decides what is built, not how",
        ),
        (
            "src/build_guests/guest_cargo.rs",
            "starts the cargo that `compile.rs` describes",
        ),
        (
            "src/build_guests/lines.rs",
            "builds other components, for coverage",
        ),
        ("src/build_guests/order.rs", "decides what is built first"),
        ("src/build_guests/outcome.rs", "what is said of a build"),
        ("src/build_guests/makers.rs", "calls the others"),
        ("src/build_guests/sizes.rs", "reads what has been built"),
        (
            "src/build_guests/standing.rs",
            "looks at other guests' files",
        ),
        ("src/build_guests/summary.rs", "what is printed"),
        (
            "src/build_guests/toolchain.rs",
            "its version counts by itself",
        ),
    ];

    fn add_files(root: &Path, folder: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if path.starts_with(LANGUAGES) {
                continue;
            }
            if entry.path().is_dir() {
                add_files(root, &path, found);
            } else {
                found.insert(path);
            }
        }
    }

    #[test]
    fn every_file_of_these_folders_is_listed_or_left_out_for_a_reason() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = BTreeSet::new();
        for folder in FOLDERS {
            add_files(root, folder, &mut found);
        }
        let listed = SOURCES.iter().map(|(path, _)| *path);
        let known: BTreeSet<String> = listed
            .chain(LEFT_OUT.iter().map(|(path, _)| *path))
            .filter(|path| FOLDERS.iter().any(|folder| path.starts_with(folder)))
            .map(str::to_owned)
            .collect();
        assert_eq!(found, known);
    }
}
