//! A connection to a server, made at most until the run's deadline.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use fractalaw_catalogue::Place;
use fractalaw_host::capability::Account;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

use crate::served::failed::Failed;

/// How often a call looks whether the host is to stop.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) trait Stream: Read + Write {
    fn wait_at_most(&self, time: Duration) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn wait_at_most(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

impl Stream for UnixStream {
    fn wait_at_most(&self, time: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(time))?;
        self.set_write_timeout(Some(time))
    }
}

/// Connects. A server that is stopped has as many connections as its system lets wait, and further ones wait too.
pub(crate) fn connected(place: &Place, account: &Account) -> Result<Box<dyn Stream>, Failed> {
    let connection = patiently(account, |time| match place {
        Place::Tcp(at) => tcp(at, time),
        Place::Unix(path) => unix(path, time),
    })?;
    connection.map_err(Failed::Unreachable)
}

/// Does this, each time for so long, until it was not interrupted by looking at the time. The outer error is the end of the
/// run.
pub(crate) fn patiently<T>(
    account: &Account,
    mut work: impl FnMut(Duration) -> io::Result<T>,
) -> Result<io::Result<T>, Failed> {
    loop {
        account.check_time().map_err(Failed::Ended)?;
        let left = account.deadline().saturating_duration_since(Instant::now());
        let done = work(left.clamp(Duration::from_millis(1), LOOK));
        match done.as_ref().map_err(io::Error::kind) {
            Err(ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted) => {}
            _ => return Ok(done),
        }
    }
}

fn tcp(at: &SocketAddr, time: Duration) -> io::Result<Box<dyn Stream>> {
    TcpStream::connect_timeout(at, time).map(|stream| Box::new(stream) as _)
}

/// The standard library connects without an end.
fn unix(path: &Path, time: Duration) -> io::Result<Box<dyn Stream>> {
    let flags = SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    set_socket_timeout(&socket, Timeout::Send, Some(time))?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    Ok(Box::new(UnixStream::from(socket)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_server_that_takes_no_connection_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("models.sock");
        let time = Duration::from_millis(1);
        let kind = |place| unix(place, time).map(drop).map_err(|error| error.kind());
        assert_eq!(kind(&place), Err(ErrorKind::NotFound));
        let listener = UnixListener::bind(&place).unwrap();
        // One connection may wait, and it does.
        rustix::net::listen(&listener, 0).unwrap();
        let waits = UnixStream::connect(&place).unwrap();
        assert_eq!(kind(&place), Err(ErrorKind::WouldBlock));
        listener.accept().unwrap();
        assert_eq!(kind(&place), Ok(()));
        drop((waits, listener));
        assert_eq!(kind(&place), Err(ErrorKind::ConnectionRefused));
    }
}
