//! HTTP: the status page for people, what monitoring asks, and events from other programs.

mod page;

mod answer;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use crate::error::ServeError;
use crate::limits::{CONNECTIONS, HEAD_BYTES, PAUSE, REQUEST_TIME};
use crate::supervisor::Supervisor;
use answer::Site;

/// The address, open.
pub struct Http {
    listener: TcpListener,
    site: Arc<Site>,
}

impl Http {
    /// Opens the address. The tokens of `[serve.emit]` are read from their variables with `variable`.
    ///
    /// # Errors
    ///
    /// If the address cannot be listened at, or if a token is not set.
    pub async fn open(
        address: SocketAddr,
        supervisor: &Supervisor,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Http, ServeError> {
        let site = Arc::new(Site::new(
            supervisor.clone(),
            address.ip().is_loopback(),
            variable,
        )?);
        let listener = TcpListener::bind(address).await;
        let listener = listener.map_err(|source| ServeError::Listen {
            place: address.to_string(),
            source,
        })?;
        Ok(Http { listener, site })
    }

    /// Where it listens. A port of 0 in the file is another one here.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.local_addr().ok()
    }

    /// Answers until it is dropped.
    pub async fn serve(&self) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let site = Arc::clone(&self.site);
                    tokio::spawn(async move {
                        connection(stream, &site).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::error!("cannot accept a connection: {error}");
                    sleep(PAUSE).await;
                }
            }
        }
    }
}

/// One connection has one request, so a slow client holds nothing for longer than that takes.
async fn connection(stream: TcpStream, site: &Site) {
    let answers =
        service_fn(|request| async move { Ok::<_, Infallible>(site.answer(request).await) });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_TIME)
        .max_buf_size(HEAD_BYTES)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answers);
    // Twice: once for the request, and once for the answer.
    let _ = timeout(REQUEST_TIME * 2, connection).await;
}
