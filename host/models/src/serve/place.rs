//! Where the program listens: a unix socket, or a port of this machine.

use std::fmt;
use std::fs::{self, TryLockError};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::{Duration, Instant};

use anyhow::Context;
use rustix::fs::Mode;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

use fractalaw_catalogue::Fault;

use crate::limits::OPEN_TIME;

/// How often a program that waits for another one looks.
const LOOK: Duration = Duration::from_millis(5);

/// A place to listen at, as the command line says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Place, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path.is_empty() {
                true => Err("expected a path after `unix:`".to_owned()),
                false => Ok(Place::Unix(path.into())),
            };
        }
        let address: SocketAddr = text
            .parse()
            .map_err(|_| "expected `unix:PATH` or `127.0.0.1:PORT`".to_owned())?;
        match address.ip().is_loopback() {
            true => Ok(Place::Tcp(address)),
            false => Err(format!(
                "`{}` is no address of this machine alone: texts are sent without encryption, so use `127.0.0.1`",
                address.ip()
            )),
        }
    }
}

/// The open socket.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        path: PathBuf,
        /// Device and inode, by which the file is known again.
        file: (u64, u64),
    },
}

/// A connection.
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Listener {
    /// Opens the socket. The file of a unix socket is for the program's own user only.
    pub(crate) async fn open(place: &Place) -> anyhow::Result<Listener> {
        match place {
            Place::Tcp(address) => Ok(Listener::Tcp(
                TcpListener::bind(address)
                    .await
                    .with_context(|| format!("cannot listen at `{address}`"))?,
            )),
            Place::Unix(path) => Listener::open_unix(path, OPEN_TIME).await,
        }
    }

    /// Opens a unix socket. Another program that is about to open one in the same folder may take so long.
    async fn open_unix(path: &Path, time: Duration) -> anyhow::Result<Listener> {
        let cannot = || format!("cannot listen at `{}`", path.display());
        let path = std::path::absolute(path).with_context(cannot)?;
        let _alone = alone(&path, time).await.with_context(cannot)?;
        let listener = match bind(&path) {
            Err(error) if error.kind() == ErrorKind::AddrInUse => {
                remove_left_over(&path).await?;
                bind(&path)
            }
            bound => bound,
        };
        let listener = listener.with_context(cannot)?;
        let file = identity(&path).with_context(cannot)?;
        Ok(Listener::Unix {
            listener,
            path,
            file,
        })
    }

    pub(super) async fn accept(&self) -> io::Result<Stream> {
        Ok(match self {
            Listener::Tcp(listener) => Stream::Tcp(listener.accept().await?.0),
            Listener::Unix { listener, .. } => Stream::Unix(listener.accept().await?.0),
        })
    }
}

/// The address as a host's policy takes it.
impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listener::Tcp(listener) => match listener.local_addr() {
                Ok(address) => write!(f, "http://{address}/v1"),
                Err(_) => f.write_str("an unknown address"),
            },
            Listener::Unix { path, .. } => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The file of a unix socket goes with it, unless another program has put its own there.
impl Drop for Listener {
    fn drop(&mut self) {
        if let Listener::Unix { path, file, .. } = self
            && identity(path).is_ok_and(|found| found == *file)
        {
            let _ = fs::remove_file(path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let file = fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Waits until no other program opens a socket in the folder. Two programs that find the same left file would otherwise both
/// replace it, and one of them would listen where nobody can reach it.
async fn alone(path: &Path, time: Duration) -> io::Result<fs::File> {
    let folder = fs::File::open(path.parent().unwrap_or(Path::new("/")))?;
    let until = Instant::now() + time;
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                tokio::time::sleep(LOOK).await
            }
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another program holds its folder"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

/// Binds with a mask, so that there is no moment at which others could connect.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let before = rustix::process::umask(Mode::from_raw_mode(0o177));
    let bound = UnixListener::bind(path);
    rustix::process::umask(before);
    bound
}

/// Removes the file of a program that was killed. A file behind which somebody listens, or that is no socket, stays.
async fn remove_left_over(path: &Path) -> anyhow::Result<()> {
    let shown = path.display();
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    let is_left = match UnixStream::connect(path).await {
        Err(error) => is_socket && error.kind() == ErrorKind::ConnectionRefused,
        Ok(_) => false,
    };
    if !is_left {
        return Err(Fault::new(
            format!("cannot listen at `{shown}`: it is in use"),
            match is_socket {
                true => "end the program that listens there, or name another path",
                false => "it is no socket: name another path",
            },
        )
        .into());
    }
    fs::remove_file(path).with_context(|| format!("cannot remove `{shown}`, which a program left"))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::net;
    use std::time::Duration;

    use super::{Listener, Place};

    #[test]
    fn one_program_at_a_time_replaces_a_file_that_was_left() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.sock");
        drop(net::UnixListener::bind(&path).unwrap());
        let open = || runtime.block_on(Listener::open_unix(&path, Duration::ZERO));
        let other = fs::File::open(folder.path()).unwrap();
        other.lock().unwrap();
        let error = open().err().unwrap();
        assert_eq!(
            format!("{error:#}"),
            format!(
                "cannot listen at `{}`: another program holds its folder",
                path.display()
            )
        );
        drop(other);
        drop(open().unwrap());
        assert!(!path.exists());
    }

    #[test]
    fn only_this_machine_is_a_place() {
        for (text, expected) in [
            (
                "127.0.0.1:0",
                Ok(Place::Tcp("127.0.0.1:0".parse().unwrap())),
            ),
            ("[::1]:80", Ok(Place::Tcp("[::1]:80".parse().unwrap()))),
            ("unix:models.sock", Ok(Place::Unix("models.sock".into()))),
            ("unix:", Err("expected a path after `unix:`")),
            ("localhost", Err("expected `unix:PATH` or `127.0.0.1:PORT`")),
            (
                "0.0.0.0:80",
                Err(
                    "`0.0.0.0` is no address of this machine alone: texts are sent without encryption, so use `127.0.0.1`",
                ),
            ),
        ] {
            assert_eq!(
                text.parse::<Place>(),
                expected.map_err(str::to_owned),
                "{text}"
            );
        }
    }
}
