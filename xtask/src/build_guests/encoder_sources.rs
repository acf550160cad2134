//! The sources that shape a component, besides a guest's own. If one of them changes, all guests are encoded
//! again.
//!
//! The list is written by hand, so that `xtask` needs no build script. A test compares it with the folders: a new
//! file must be listed here, or left out with a reason.

/// Paths from the root of the repository, each with the text of the file when it was compiled.
macro_rules! sources {
    ($($path:literal,)*) => {
        [$(($path, include_str!(concat!("../../../", $path)))),*]
    };
}

/// Path and text of each source.
pub(super) const SOURCES: [(&str, &str); 29] = sources![
    "xtask/compose/src/main.rs",
    "xtask/src/guest.rs",
    "xtask/src/guest/declared.rs",
    "xtask/src/build_guests/compile.rs",
    "xtask/src/build_guests/compose.rs",
    "xtask/src/build_guests/contract.rs",
    "xtask/src/build_guests/encode.rs",
    "xtask/src/build_guests/encode/memory_first.rs",
    "xtask/src/build_guests/encode/memory_first/parts.rs",
    "xtask/src/build_guests/guest_profile.rs",
    "xtask/src/build_guests/hermetic.rs",
    "xtask/src/build_guests/reading.rs",
    "host/contract/src/judge.rs",
    "host/contract/src/limits.rs",
    "host/contract/src/matching.rs",
    "host/contract/src/offered.rs",
    "host/contract/src/proposals.rs",
    "host/contract/src/shape.rs",
    "host/contract/src/slot_fit.rs",
    "host/contract/src/standard.rs",
    "host/contract/src/type_depth.rs",
    "host/contract/src/type_depth/scopes.rs",
    "host/contract/src/validity.rs",
    "host/contract/wit/cli.wit",
    "host/contract/wit/clocks.wit",
    "host/contract/wit/filesystem.wit",
    "host/contract/wit/io.wit",
    "host/contract/wit/random.wit",
    "host/contract/wit/sockets.wit",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::SOURCES;

    /// The files for guests in other languages. Each language has a digest of its own, in `languages.rs`.
    const LANGUAGES: &str = "xtask/src/build_guests/languages";

    /// The folders whose files shape a component.
    const FOLDERS: [&str; 4] = [
        "host/contract/src",
        "host/contract/wit",
        "xtask/compose/src",
        "xtask/src/build_guests",
    ];

    /// Why the contract is not listed.
    const CONTRACT: &str = "the folder `wit/` counts by itself";

    /// The files in these folders that do not, and why.
    const LEFT_OUT: [(&str, &str); 20] = [
        ("host/contract/src/function_name.rs", "names in tables"),
        ("host/contract/src/hint.rs", "words of a refusal"),
        ("host/contract/src/lib.rs", "declares the others"),
        ("host/contract/wit/app/ai.wit", CONTRACT),
        ("host/contract/wit/app/audit.wit", CONTRACT),
        ("host/contract/wit/app/data.wit", CONTRACT),
        ("host/contract/wit/app/events.wit", CONTRACT),
        ("host/contract/wit/app/world.wit", CONTRACT),
        (
            "xtask/src/build_guests/contract_files.rs",
            "compares the copy of the contract, which counts by itself",
        ),
        (
            "xtask/src/build_guests/encoder_sources.rs",
            "lists the others",
        ),
        ("xtask/src/build_guests/fetch.rs", "runs before a build"),
        (
            "xtask/src/build_guests/fresh.rs",
            "decides what is built, not how",
        ),
        (
            "xtask/src/build_guests/guest_cargo.rs",
            "starts the cargo that `compile.rs` describes",
        ),
        (
            "xtask/src/build_guests/lines.rs",
            "builds other components, for coverage",
        ),
        (
            "xtask/src/build_guests/order.rs",
            "decides what is built first",
        ),
        ("xtask/src/build_guests/makers.rs", "calls the others"),
        (
            "xtask/src/build_guests/sizes.rs",
            "reads what has been built",
        ),
        (
            "xtask/src/build_guests/standing.rs",
            "looks at other guests' files",
        ),
        ("xtask/src/build_guests/summary.rs", "what is printed"),
        (
            "xtask/src/build_guests/toolchain.rs",
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
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
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
