//! A helper with credentials, which is another program: it is asked, and has a bound on what it prints and how long it takes.

use std::io::{self, Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::limits::{HELPER_BYTES, HELPER_LOOK};

/// What a helper printed, and how it ended.
pub(super) struct Answer {
    pub(super) printed: Zeroizing<Vec<u8>>,
    pub(super) ended: ExitStatus,
}

/// Asks a program for the credentials under a key. The error says what it did, as the rest of a sentence about it.
pub(super) fn ask(program: &str, key: &str, most_time: Duration) -> Result<Answer, String> {
    let until = Instant::now() + most_time;
    let unusable = |error: io::Error| format!("cannot be used: {error}");
    let mut child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(unusable)?;
    if let Some(mut input) = child.stdin.take() {
        // A helper that does not read it fails, and says so by its code. A pipe holds more than a key.
        let _ = input.write_all(key.as_bytes());
    }
    let printed = printed(&mut child, until).and_then(|printed| match printed {
        Some(printed) => Ok(ended(&mut child, until)?.map(|ended| Answer { printed, ended })),
        None => Ok(None),
    });
    if let Ok(Some(answer)) = printed {
        return Ok(answer);
    }
    // It may have ended by itself meanwhile.
    let _ = child.kill();
    let _ = child.wait();
    Err(match printed {
        Err(error) => unusable(error),
        Ok(_) => format!("did not end within {} seconds", most_time.as_secs()),
    })
}

/// Everything that it prints; `None` if it does not end in time. Another thread reads, and is left behind then: the pipe may be
/// open in a program that the helper started.
fn printed(child: &mut Child, until: Instant) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let Some(output) = child.stdout.take() else {
        return Ok(Some(Zeroizing::default()));
    };
    let (to, from) = mpsc::channel();
    thread::spawn(move || {
        let mut printed = Zeroizing::new(Vec::new());
        let read = output.take(HELPER_BYTES + 1).read_to_end(&mut printed);
        // Nobody may wait for it any more.
        let _ = to.send(read.map(|_| printed));
    });
    let left = until.saturating_duration_since(Instant::now());
    from.recv_timeout(left).ok().transpose()
}

/// How it ended; `None` if it does not end in time.
fn ended(child: &mut Child, until: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        let ended = child.try_wait()?;
        if ended.is_some() || Instant::now() >= until {
            return Ok(ended);
        }
        thread::sleep(HELPER_LOOK);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    use super::ask;

    /// What is said of a helper with this text that may take a moment.
    fn said(text: &str, most_time: Duration) -> Result<(String, Option<i32>), String> {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("docker-credential-test");
        fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let answer = ask(program.to_str().unwrap(), "host", most_time)?;
        let printed = String::from_utf8(answer.printed.to_vec()).unwrap();
        Ok((printed, answer.ended.code()))
    }

    #[test]
    fn a_helper_that_does_not_end_is_ended() {
        let moment = Duration::from_millis(1_500);
        for hangs in ["exec sleep 1000", "exec >&-\nexec sleep 1000"] {
            assert_eq!(
                said(hangs, moment),
                Err("did not end within 1 seconds".to_owned()),
                "{hangs}"
            );
        }
        let long = Duration::from_secs(60);
        assert_eq!(
            said("read key; echo $key", long),
            Ok(("host\n".to_owned(), Some(0)))
        );
        assert_eq!(said("exit 7", long), Ok((String::new(), Some(7))));
    }
}
