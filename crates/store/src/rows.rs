//! Rows to values and back.

use crate::sql::{Arg, Row, decode};
use crate::{AuditEntry, Intent, Operation, Resource, Secrets, State};
use serde_json::Value;

/// The columns of [`resource`], in its order.
pub(crate) const RESOURCE: &str =
    "key, id, kind, parent, subscription, grp, revision, etag, created, changed, document, secrets";

pub(crate) fn resource(row: &Row) -> Result<Resource, sqlx::Error> {
    Ok(Resource {
        key: row.text(0)?,
        id: row.text(1)?,
        kind: row.text(2)?,
        parent: row.maybe_text(3)?,
        subscription: row.text(4)?,
        group: row.text(5)?,
        revision: row.count(6)?,
        etag: row.uuid(7)?,
        created: row.time(8)?,
        changed: row.time(9)?,
        document: row.json(10)?,
        secrets: secrets(row, 11)?,
    })
}

/// The columns of [`operation`], in its order.
pub(crate) const OPERATION: &str = "id, version, subscription, resource, kind, step, undoing, state, due, leased_until, \
     edge, input, result, error, created, ended";

pub(crate) fn operation(row: &Row) -> Result<Operation, sqlx::Error> {
    Ok(Operation {
        id: row.uuid(0)?,
        version: row.count(1)?,
        subscription: row.text(2)?,
        resource: row.text(3)?,
        kind: row.text(4)?,
        step: u32::try_from(row.int(5)?).map_err(decode)?,
        undoing: row.int(6)? != 0,
        state: state(&row.text(7)?)?,
        due: row.time(8)?,
        leased_until: row.maybe_time(9)?,
        edge: row.maybe_text(10)?,
        input: row.json(11)?,
        result: row.maybe_json(12)?,
        error: row.maybe_json(13)?,
        created: row.time(14)?,
        ended: row.maybe_time(15)?,
    })
}

/// The columns of [`intent`], in its order.
pub(crate) const INTENT: &str = "edge, key, revision, body, secrets";

pub(crate) fn intent(row: &Row) -> Result<Intent, sqlx::Error> {
    Ok(Intent {
        edge: row.text(0)?,
        key: row.text(1)?,
        revision: row.count(2)?,
        body: row.maybe_json(3)?,
        secrets: secrets(row, 4)?,
    })
}

/// The columns of [`audit`], in its order.
pub(crate) const AUDIT: &str = "number, at, who, request, key, was, became";

pub(crate) fn audit(row: &Row) -> Result<AuditEntry, sqlx::Error> {
    Ok(AuditEntry {
        number: row.count(0)?,
        at: row.time(1)?,
        who: row.text(2)?,
        request: row.text(3)?,
        key: row.text(4)?,
        before: row.maybe_json(5)?,
        after: row.maybe_json(6)?,
    })
}

/// No secrets are kept as nothing.
fn secrets(row: &Row, column: usize) -> Result<Secrets, sqlx::Error> {
    Ok(Secrets(row.maybe_json(column)?.unwrap_or(Value::Null)))
}

impl Secrets {
    /// As kept.
    pub(crate) fn kept(&self) -> Option<String> {
        (!self.0.is_null()).then(|| self.0.to_string())
    }
}

impl State {
    /// As kept.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Canceled => "Canceled",
        }
    }
}

fn state(name: &str) -> Result<State, sqlx::Error> {
    [State::InProgress, State::Succeeded, State::Failed, State::Canceled]
        .into_iter()
        .find(|state| state.name() == name)
        .ok_or_else(|| decode(UnknownState(name.to_owned())))
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no state of an operation")]
struct UnknownState(String);

/// `$1, $2, …`: so many arguments, from the one numbered `first` on.
pub(crate) fn places(first: usize, count: usize) -> String {
    let places: Vec<String> = (first..first + count).map(|n| format!("${n}")).collect();
    places.join(", ")
}

/// Arguments for [`places`].
pub(crate) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Arg<'a>> {
    texts.into_iter().map(|text| Arg::Text(Some(text))).collect()
}
