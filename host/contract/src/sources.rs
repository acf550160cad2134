//! The sources of this package that shape a component: what builds guests encodes all of them again when one changes.
//!
//! The list is written by hand, so that no build script is needed. A test compares it with the folders: a new file
//! must be listed here, or left out with a reason.

/// Paths from the folder of this package, each with the text of the file when it was compiled.
macro_rules! sources {
    ($($path:literal,)*) => {
        [$(($path, include_str!(concat!("../", $path)))),*]
    };
}

/// Path and text of each source.
pub const SOURCES: [(&str, &str); 20] = sources![
    "src/judge.rs",
    "src/limits.rs",
    "src/matching.rs",
    "src/offered.rs",
    "src/proposals.rs",
    "src/shape.rs",
    "src/slot_fit.rs",
    "src/slot_fit/figures.rs",
    "src/slot_fit/scope.rs",
    "src/slot_fit/unfit.rs",
    "src/standard.rs",
    "src/type_depth.rs",
    "src/type_depth/scopes.rs",
    "src/validity.rs",
    "wit/cli.wit",
    "wit/clocks.wit",
    "wit/filesystem.wit",
    "wit/io.wit",
    "wit/random.wit",
    "wit/sockets.wit",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::SOURCES;

    /// The folders whose files shape a component.
    const FOLDERS: [&str; 2] = ["src", "wit"];

    /// Why the contract of micro-apps is not listed.
    const CONTRACT: &str = "the folder of the contract counts by itself";

    /// The files in these folders that do not, and why.
    const LEFT_OUT: [(&str, &str); 9] = [
        ("src/function_name.rs", "names in tables"),
        ("src/hint.rs", "words of a refusal"),
        ("src/lib.rs", "declares the others"),
        ("src/sources.rs", "lists the others"),
        ("wit/app/ai.wit", CONTRACT),
        ("wit/app/audit.wit", CONTRACT),
        ("wit/app/data.wit", CONTRACT),
        ("wit/app/events.wit", CONTRACT),
        ("wit/app/world.wit", CONTRACT),
    ];

    fn add_files(root: &Path, folder: &str, found: &mut BTreeSet<String>) {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.path().is_dir() {
                add_files(root, &path, found);
            } else {
                found.insert(path);
            }
        }
    }

    #[test]
    fn every_file_is_listed_or_left_out_for_a_reason() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = BTreeSet::new();
        for folder in FOLDERS {
            add_files(root, folder, &mut found);
        }
        let listed = SOURCES.iter().chain(&LEFT_OUT);
        let known = listed.map(|(path, _)| (*path).to_owned());
        assert_eq!(found, known.collect());
    }
}
