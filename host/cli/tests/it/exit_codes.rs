//! Exit codes tell a script who is at fault, for every command.

use std::process::Command;

#[test]
fn every_command_has_the_same_exit_code_for_the_same_fault() {
    let folder = tempfile::tempdir().unwrap();
    let damaged = folder.path().join("damaged.wasm");
    std::fs::write(&damaged, b"\0asm\x0d\0\x01\0\x07\x02\x01\x7f\x07").unwrap();
    let missing = folder.path().join("missing.wasm");
    let says = "No such file or directory (os error 2)";
    for command in ["run", "inspect", "profile"] {
        for (path, code, message) in [(&damaged, 3, "invalid component: "), (&missing, 2, says)] {
            let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
                .args([command.as_ref(), path.as_os_str()])
                .env("XDG_CACHE_HOME", folder.path())
                .output()
                .unwrap();
            let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
            assert_eq!(output.status.code(), Some(code), "{command}: {told}");
            assert!(told.contains(message), "{command}: {told}");
        }
    }
}
