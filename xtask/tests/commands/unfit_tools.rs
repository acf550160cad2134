//! Tools of other languages that are not the pinned ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::scratch::Scratch;
use crate::tools::are_there;

/// A tool that is not the pinned one is a failure of the guests that need it, and never a reason to skip them.
#[test]
fn a_tool_with_another_digest_stops_no_other_guest() {
    if !are_there(
        "a_tool_with_another_digest_stops_no_other_guest",
        &["javascript"],
    ) {
        return;
    }
    let scratch = Scratch::new().env("EXPECTED", "pending");
    scratch.add_stand_ins_beside_guests();
    scratch.write("host/tests/it.rs", "#[test]\nfn passes() {}\n");
    scratch.add_guest("unfit-a", "this does not compile");
    scratch.write("guests/unfit-a/src/lib.rs", "this does not compile");
    let folder = "guests/javascript/unfit-b";
    scratch.write(
        &format!("{folder}/micro-app.toml"),
        "version = \"0.1.0\"\nsource = \"app.js\"\n",
    );
    scratch.write(
        &format!("{folder}/app.js"),
        "export const run = () => 'b';\n",
    );
    scratch.add_guest("unfit-c", "c");
    // It downloads something else.
    let programs = scratch.path("../programs");
    fs::create_dir_all(&programs).unwrap();
    let npm = programs.join("npm");
    let says = "#!/bin/sh\n[ \"$1\" = pack ] && echo other > \"$4/package.tgz\"\nexit 0\n";
    fs::write(&npm, says).unwrap();
    fs::set_permissions(&npm, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
    let scratch = scratch.env("PATH", path);
    for command in ["build-guests", "test"] {
        let ended = scratch.xtask([command]);
        assert_eq!(ended.code, 11, "{command}: {}", ended.stderr);
        assert!(!scratch.component("unfit-c").is_empty());
        for expected in [
            "error: `unfit-a` does not compile\n",
            "error: `unfit-b` is not built: `@esbuild/linux-x64` 0.28.2 has the digest ",
            "\nhint: use nothing of it: a version that was published does not change\n",
        ] {
            assert!(
                ended.stderr.contains(expected),
                "{command}: {}",
                ended.stderr
            );
        }
        let last = "error: 2 of 3 guests failed to build: `unfit-a`, `unfit-b`\n";
        assert!(ended.stderr.ends_with(last), "{command}: {}", ended.stderr);
        assert!(
            !ended.stderr.contains("SKIPPED"),
            "{command}: {}",
            ended.stderr
        );
    }
}
