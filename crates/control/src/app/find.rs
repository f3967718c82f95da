//! From a request to its route, and from a route to an answer.

use super::locks::{self, Deed};
use super::{Action, Handled, ROUTES, Route, Verb, operator};
use crate::{Answer, Call, Fault, Settings, Tx, quirks};
use arm_api::{ArmError, Template};
use http::StatusCode;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::LazyLock;
use store::{Store, StoreError};

/// How often a decision is made again when other writers are first.
const ATTEMPTS: u32 = 20;

/// All routes with their paths, read once.
static READ: LazyLock<Vec<(Template, &'static Route)>> = LazyLock::new(|| {
    ROUTES.iter().flat_map(|routes| routes.iter()).map(|route| (Template::new(route.path), route)).collect()
});

/// The route of a verb and a path (cut at its slashes, decoded), with the names in the path.
///
/// # Errors
///
/// 404 when there is no such path, 405 when it has no such verb.
pub fn find(verb: Verb, path: &[String]) -> Result<(&'static Route, BTreeMap<String, String>), ArmError> {
    let mut other_verb = false;
    for (template, route) in READ.iter() {
        if let Some(names) = template.names(path) {
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

/// Decides: what holds for every route first, then the handler.
async fn decide(tx: &mut Tx<'_>, route: &Route, call: &Call) -> Handled {
    operator::refuse_disabled(tx, route, call).await?;
    held(tx, route, call).await?;
    match quirks::before(tx, route, call).await? {
        Some(call) => (route.handler)(tx, &call).await,
        None => (route.handler)(tx, call).await,
    }
}

/// What a caller is told when the store fails; the log is told why.
fn unavailable(call: &Call, error: &StoreError) -> ArmError {
    tracing::error!(request = %call.request, "{error}: {}", error.cause);
    let text = "the store does not answer; try again";
    ArmError::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text)
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
        let decided = decide(&mut tx, route, call).await;
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
            Fault::Refused(error) => {
                let mut tx = Tx::new(store, settings, now, &call.caller.name, call.request.to_string());
                let told = match quirks::refused(&mut tx, route, call, error).await {
                    Ok(answer) => tx.commit().await.map(|_| answer),
                    Err(fault) => Err(fault),
                };
                match told {
                    Ok(answer) => return Ok(answer),
                    Err(Fault::Stale) => {}
                    Err(Fault::Refused(error)) => return Err(error),
                    Err(Fault::Store(error)) => return Err(unavailable(call, &error)),
                }
            }
            Fault::Store(error) => return Err(unavailable(call, &error)),
        }
    }
    let text = "other writers were always first; try again";
    Err(ArmError::new(StatusCode::TOO_MANY_REQUESTS, "RetryableError", text))
}

/// Holds what writes against the locks of its scope. Locks themselves are not held by locks.
async fn held(tx: &mut Tx<'_>, route: &Route, call: &Call) -> Result<(), Fault> {
    let writes = matches!(route.action, Action::Write | Action::ProviderWrite);
    match route.verb {
        Verb::Delete if writes => locks::check(tx, &call.id, Deed::Delete).await,
        Verb::Put | Verb::Patch | Verb::Post if writes => locks::check(tx, &call.id, Deed::Write).await,
        Verb::Get | Verb::Head | Verb::Put | Verb::Patch | Verb::Post | Verb::Delete => Ok(()),
    }
}
