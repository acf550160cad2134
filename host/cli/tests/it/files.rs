//! Files on the command line: only regular files are read.

use std::process::Command;

use fractalaw_testing::guest;

/// Nothing of ours waits for the other end of a pipe, wherever a pipe is named.
#[test]
fn a_pipe_is_no_component_no_policy_and_no_input() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe").display().to_string();
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let component = guest("hello-world").display().to_string();
    for (args, expected) in [
        (["--json", &*pipe, ""], "a WebAssembly component\n"),
        (
            ["--policy", &*pipe, &*component],
            "a policy\nhint: name a policy file with `--policy`\n",
        ),
        (
            ["--stdin", &*pipe, &*component],
            "standard input\nhint: a pipe is read as `--stdin -`\n",
        ),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_fractalaw"))
            .args(["run", "--no-cache"])
            .args(args.iter().filter(|arg| !arg.is_empty()))
            .env_remove("RUST_LOG")
            .output()
            .unwrap();
        let expected = format!("error: `{pipe}` is no regular file, expected {expected}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
        assert_eq!(output.status.code(), Some(2));
    }
}
