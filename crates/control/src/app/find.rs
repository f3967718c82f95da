//! From a request to its route, and from a route to an answer.

use super::{ROUTES, Route, Verb};
use crate::{Answer, Call, Fault, Settings, Tx};
use arm_api::{ArmError, Template};
use http::StatusCode;
use jiff::Timestamp;
use std::collections::BTreeMap;
use store::Store;

/// How often a decision is made again when other writers are first.
const ATTEMPTS: u32 = 20;

/// The route of a verb and a path (cut at its slashes, decoded), with the names in the path.
///
/// # Errors
///
/// 404 when there is no such path, 405 when it has no such verb.
pub fn find(verb: Verb, path: &[String]) -> Result<(&'static Route, BTreeMap<String, String>), ArmError> {
    let mut other_verb = false;
    for route in ROUTES.iter().flat_map(|routes| routes.iter()) {
        if let Some(names) = Template::new(route.path).names(path) {
            if route.verb == verb {
                return Ok((route, names.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()));
            }
            other_verb = true;
        }
    }
    if other_verb {
        let text = format!("{verb:?} is not served at /{}", path.join("/")).to_lowercase();
        return Err(ArmError::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", text));
    }
    Err(ArmError::not_found("InvalidResourceType", format!("nothing is served at /{}", path.join("/"))))
}

/// Runs the handler of a route and commits what it wrote; again, on newer reads, when another writer was first.
///
/// # Errors
///
/// What the caller is refused; 503 when the store fails.
pub async fn run(
    store: &dyn Store,
    settings: &Settings,
    route: &Route,
    call: &Call,
    now: Timestamp,
) -> Result<Answer, ArmError> {
    for _ in 0..ATTEMPTS {
        let mut tx = Tx::new(store, settings, now, &call.caller.name, call.request.to_string());
        let decided = (route.handler)(&mut tx, call).await;
        let fault = match decided {
            Ok(answer) if !tx.writes() => return Ok(answer),
            Ok(answer) => match tx.commit().await {
                Ok(_) => return Ok(answer),
                Err(fault) => fault,
            },
            Err(fault) => fault,
        };
        match fault {
            Fault::Stale => {}
            Fault::Refused(error) => return Err(error),
            Fault::Store(error) => {
                tracing::error!(request = %call.request, "{error}: {}", error.cause);
                let text = "the store does not answer; try again";
                return Err(ArmError::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text));
            }
        }
    }
    let text = "other writers were always first; try again";
    Err(ArmError::new(StatusCode::TOO_MANY_REQUESTS, "RetryableError", text))
}
