//! Folders that the command line grants.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Output};

use fractalaw_testing::guest;

fn fractalaw(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fractalaw"));
    command.args(args).env_remove("RUST_LOG").output().unwrap()
}

#[test]
fn a_folder_that_cannot_be_granted_says_why_and_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    fs::create_dir(at("in")).unwrap();
    fs::write(at("file"), "").unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(at("pipe"))
            .status()
            .unwrap()
            .success()
    );
    symlink("loop", at("loop")).unwrap();
    let component = guest("file-facts").display().to_string();
    let writable = format!("{}::/w:rw", at("in"));
    let exists = "hint: a grant names an existing folder on the host\n";
    let cases: [(&[&str], String); 5] = [
        (
            &["--dir", &at("absent")],
            format!(
                "could not open granted folder `{}`: No such file or directory (os error 2)\n{exists}",
                at("absent")
            ),
        ),
        (
            &["--dir", &at("file")],
            format!(
                "could not open granted folder `{}`: Not a directory (os error 20)\n{exists}",
                at("file")
            ),
        ),
        (
            &["--dir", &at("pipe")],
            format!(
                "could not open granted folder `{}`: Not a directory (os error 20)\n{exists}",
                at("pipe")
            ),
        ),
        (
            &["--dir", &at("loop")],
            format!(
                "could not open granted folder `{}`: Too many levels of symbolic links (os error 40)\n",
                at("loop")
            ),
        ),
        (
            &["--dir", &at("in"), "--dir", &writable],
            format!(
                "granted folder `{0}` is writable and overlaps with granted folder `{0}`, expected them to be apart\n\
                 hint: grant a folder that is written to once, to a group of those that share it, and nothing inside or \
                 around it to others\n",
                at("in")
            ),
        ),
    ];
    for (args, message) in cases {
        let args = [&["run", "--no-cache"], args, &[&component]].concat();
        let output = fractalaw(&args);
        assert_eq!(
            String::from_utf8_lossy(&output.stderr),
            format!("error: {message}")
        );
        assert_eq!(output.status.code(), Some(2));
    }
}
