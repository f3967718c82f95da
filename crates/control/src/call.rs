//! One request, read and known.

use arm_api::{ApiVersion, ResourceId};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A request that found its route.
#[derive(Debug, Clone)]
pub struct Call {
    /// The id in the path, in documented spelling; for a list, what it lists below; for an action, what it acts on.
    pub id: ResourceId,
    /// The path in documented spelling.
    pub path: String,
    /// The names in the path, by their names in the swagger, as given.
    pub names: BTreeMap<String, String>,
    /// The api-version.
    pub version: ApiVersion,
    /// The query, keys in lower case.
    pub query: BTreeMap<String, String>,
    /// The body; `Null` when there was none. May hold secrets: not for logs.
    pub body: Value,
    /// `If-Match`, when it was sent.
    pub if_match: Option<String>,
    /// Who calls.
    pub caller: Caller,
    /// The id of the request, in logs and in the audit log.
    pub request: Uuid,
    /// The public address of the service, like `https://localhost:8443`.
    pub base: String,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The tenant, in lower case.
    pub tenant: String,
    /// The object id of the principal.
    pub object: String,
    /// The name of the principal, for people and the audit log.
    pub name: String,
    /// Roles by lower-case subscription; `*` for all of them.
    pub roles: BTreeMap<String, Role>,
}

/// What a principal may do in a subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads.
    Reader,
    /// Reads and writes network resources and what clients need beside them.
    NetworkContributor,
    /// Everything in a subscription, roles and locks as well.
    Owner,
    /// The provider's side: cross connections and provider ports.
    Provider,
    /// Microsoft's place: the operator's API.
    Operator,
}

impl Caller {
    /// The role in a subscription, if there is any.
    pub fn role(&self, subscription: &str) -> Option<Role> {
        let known = self.roles.get(&subscription.to_lowercase());
        known.or_else(|| self.roles.get("*")).copied()
    }
}
