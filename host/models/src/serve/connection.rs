//! A connection, from its first request to its end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;

use super::answer::Desk;
use super::place::Stream;
use super::stage::Stage;
use crate::limits::{ANSWER_TIME, HEAD_BYTES, HEAD_TIME, HEADERS};

/// Serves a connection until its client closes it, takes too long, or `stop` is dropped.
pub(super) async fn serve(stream: Stream, desk: Arc<Desk>, stop: watch::Receiver<()>) {
    match stream {
        Stream::Tcp(stream) => {
            // Answers are small and go out at once. Without this they wait all the same.
            let _ = stream.set_nodelay(true);
            of(stream, desk, stop).await;
        }
        Stream::Unix(stream) => of(stream, desk, stop).await,
    }
}

async fn of<S>(stream: S, desk: Arc<Desk>, mut stop: watch::Receiver<()>)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let stage = Stage::new();
    let answers = service_fn(|request| {
        let (desk, stage) = (&desk, &stage);
        async move {
            stage.working();
            let response = desk.answer(request).await;
            stage.answered(ANSWER_TIME);
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), answers);
    let mut connection = pin!(connection);
    let mut is_late = pin!(stage.clone().over());
    let mut goes_on = true;
    loop {
        tokio::select! {
            // A client that breaks off, or sends no HTTP, is its own business.
            _ = connection.as_mut() => return,
            () = is_late.as_mut() => return,
            _ = stop.changed(), if goes_on => {
                goes_on = false;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
