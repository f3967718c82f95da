//! The endpoint service of Microsoft 365, from the catalogue: the same paths, parameters and shapes as the real one, for
//! anybody, as there.

use super::listen::Reply;
use super::{Service, reply};
use http::{Method, StatusCode};
use std::collections::BTreeMap;

/// The answer to a question about endpoints, with the name of the route; nothing for other paths.
pub(super) fn answer(
    service: &Service,
    method: &Method,
    path: &[String],
    query: &BTreeMap<String, String>,
) -> Option<(Reply, &'static str)> {
    if method != Method::GET && method != Method::HEAD {
        return None;
    }
    let days = service.settings.catalog.limit("m365", "endpoint-lead-days", "");
    let lead = days.and_then(|days| u32::try_from(days).ok()).unwrap_or(0);
    let answer = m365::service::answer(&service.endpoints, path, query, &service.settings.base, lead)?;
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Some((reply::text(status, answer.kind, answer.body), "Endpoints"))
}
