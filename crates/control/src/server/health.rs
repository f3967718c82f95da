//! Whether the service lives, whether it can work, and what it counts.

use super::listen::Reply;
use super::{Service, reply};
use http::{Method, StatusCode};
use std::time::Duration;

/// How long the store may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The answer to a question about health, with the name of the route; nothing for other paths.
pub(super) async fn answer(service: &Service, method: &Method, path: &[String]) -> Option<(Reply, &'static str)> {
    let [name] = path else { return None };
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    match name.as_str() {
        "healthz" => Some((plain(StatusCode::OK, "ok\n"), "Health")),
        "readyz" => {
            let asked = tokio::time::timeout(PATIENCE, service.store.ping()).await;
            let reply = match asked {
                Ok(Ok(())) => plain(StatusCode::OK, "ready\n"),
                Ok(Err(_)) | Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n"),
            };
            Some((reply, "Ready"))
        }
        "metrics" => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            Some((reply::text(StatusCode::OK, kind, service.metrics.page()), "Metrics"))
        }
        _ => None,
    }
}

fn plain(status: StatusCode, text: &str) -> Reply {
    reply::text(status, "text/plain; charset=utf-8", text.to_owned())
}
