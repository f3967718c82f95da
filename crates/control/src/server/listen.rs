//! Connections: TLS, HTTP/1.1 and 2, their bounds, and their end.
//!
//! [`serve`] is the same for every listener of the service, also for that of the edges, whose requests wait for long:
//! a request that waits is a task that sleeps and costs others nothing.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use rustls::pki_types::CertificateDer;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// What is answered.
pub type Reply = Response<Full<Bytes>>;

/// How many connections a listener holds at a time; more wait in the kernel.
const CONNECTIONS: usize = 8192;
/// How long a client may take for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long a client may take for the head of a request, and how long a connection may rest between two.
const HEAD: Duration = Duration::from_secs(60);
/// How long requests at work have when the service stops.
const FAREWELL: Duration = Duration::from_secs(10);
/// How many bytes the head of a request may have.
const HEAD_BYTES: usize = 64 * 1024;

/// Who is at the other end.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The address.
    pub address: SocketAddr,
    /// The certificate that was shown and held, where the listener asks for one.
    pub certificate: Option<CertificateDer<'static>>,
}

/// Answers requests until `stop` says true; then takes no more, and gives those at work some seconds.
pub async fn serve<F, A>(
    listener: TcpListener,
    tls: Arc<rustls::ServerConfig>,
    answer: F,
    mut stop: watch::Receiver<bool>,
) where
    F: Fn(Request<Incoming>, Peer) -> A + Clone + Send + Sync + 'static,
    A: Future<Output = Reply> + Send + 'static,
{
    let (acceptor, graceful) = (TlsAcceptor::from(tls), GracefulShutdown::new());
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = room.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopped(&mut stop) => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, mostly: some connection has to end first.
                tracing::warn!("a connection was not accepted: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let (acceptor, answer, watcher) = (acceptor.clone(), answer.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _place = place;
            let shaken = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
            let Ok(Ok(stream)) = shaken else {
                tracing::debug!(%address, "no TLS handshake");
                return;
            };
            let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
            let peer = Peer { address, certificate: shown.map(|shown| shown.clone().into_owned()) };
            let service = service_fn(move |request| {
                let answer = answer(request, peer.clone());
                async move { Ok::<_, Infallible>(answer.await) }
            });
            let connection = builder();
            let connection = connection.serve_connection(TokioIo::new(stream), service);
            if let Err(error) = watcher.watch(connection).await {
                tracing::debug!(%address, "connection ended: {error}");
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(FAREWELL, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in {} s", FAREWELL.as_secs());
    }
}

/// Waits until a stop is said, or nobody is left to say it.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(HEAD_BYTES).unwrap_or(u32::MAX))
        .max_concurrent_streams(128)
        .keep_alive_interval(Some(Duration::from_secs(20)))
        .keep_alive_timeout(Duration::from_secs(20));
    builder
}
