//! Unix sockets and ports.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use rustix::process::Signal;
use serde_json::json;

use crate::client::{embed, get};
use crate::folders::tiny;
use crate::program::{Program, command};

fn place(path: &Path) -> String {
    format!("unix:{}", path.display())
}

#[test]
fn a_unix_socket_answers_its_own_user_and_goes_with_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("models.sock");
    let mut program = Program::serve(&tiny(), &place(&socket));
    assert_eq!(program.address, place(&socket));
    let mode = fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (status, answer) = embed(&program.address, &json!({ "model": "tiny", "input": "" }));
    assert_eq!(
        (status, &answer["data"][0]["embedding"]),
        (200, &json!([0.0, 0.0, 0.0, 1.0]))
    );
    program.signal(Signal::TERM);
    assert_eq!(program.ended().code(), Some(0));
    assert!(!socket.exists());
}

#[test]
fn what_a_killed_program_left_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("models.sock");
    let mut killed = Program::serve(&tiny(), &place(&socket));
    killed.signal(Signal::KILL);
    killed.ended();
    assert!(socket.exists());
    let next = Program::serve(&tiny(), &place(&socket));
    assert_eq!(get(&next.address, "/healthz").0, 200);
}

#[test]
fn a_socket_or_file_of_another_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (socket, file) = (folder.path().join("used.sock"), folder.path().join("file"));
    let _listener = UnixListener::bind(&socket).unwrap();
    fs::write(&file, "text").unwrap();
    for (path, hint) in [
        (
            &socket,
            "end the program that listens there, or name another path",
        ),
        (&file, "it is no socket: name another path"),
    ] {
        let output = command(&tiny(), &["serve", "--listen", &place(path)])
            .output()
            .unwrap();
        let expected = format!(
            "error: cannot listen at `{}`: it is in use\nhint: {hint}\n",
            path.display()
        );
        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected);
        assert_eq!(output.status.code(), Some(1));
        assert!(path.exists());
    }
}
