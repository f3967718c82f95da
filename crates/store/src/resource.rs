//! What rows hold.

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

/// A resource or a child of one, as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// The resource id in lower case; the key of the row.
    pub key: String,
    /// The resource id as it is answered.
    pub id: String,
    /// The lower-case type, like `microsoft.network/expressroutecircuits/peerings`.
    pub kind: String,
    /// The key of the resource it is a child of.
    pub parent: Option<String>,
    /// The lower-case subscription id.
    pub subscription: String,
    /// The lower-case resource group, or nothing for what is outside of groups.
    pub group: String,
    /// The revision of the store at its last write; 0 before the first. Set by the store.
    pub revision: u64,
    /// Its entity tag. Children answer their parent's.
    pub etag: Uuid,
    /// When it was made.
    pub created: Timestamp,
    /// When it was written last.
    pub changed: Timestamp,
    /// What it is, without secrets.
    pub document: Value,
    /// What nobody is shown.
    pub secrets: Secrets,
}

impl Resource {
    /// A new row outside of subscriptions and groups, without secrets; its id is its key.
    pub fn new(key: &str, kind: &str, document: Value, at: Timestamp) -> Self {
        Self {
            key: key.to_owned(),
            id: key.to_owned(),
            kind: kind.to_owned(),
            parent: None,
            subscription: String::new(),
            group: String::new(),
            revision: 0,
            etag: Uuid::new_v4(),
            created: at,
            changed: at,
            document,
            secrets: Secrets::default(),
        }
    }
}

/// Secret values of a resource. `Debug` hides them.
#[derive(Clone, PartialEq, Default)]
pub struct Secrets(pub Value);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_null() { "none" } else { "hidden" })
    }
}

/// Which resources to list. Empty strings stand for any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The lower-case type; several for a list over types. None for all types.
    pub kinds: Vec<String>,
    /// The lower-case subscription.
    pub subscription: String,
    /// The lower-case resource group.
    pub group: String,
    /// The key of the parent. With [`Query::top`] false and no parent, resources of any depth.
    pub parent: Option<String>,
    /// Only resources that have no parent.
    pub top: bool,
    /// Only keys after this one.
    pub after: Option<String>,
    /// At most so many; 0 for no limit.
    pub limit: u32,
}

/// What an edge shall run, as kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Intent {
    /// The edge.
    pub edge: String,
    /// What it is about: the key of a peering, mostly.
    pub key: String,
    /// The revision it was written at; unique over all intents, and later ones are greater.
    pub revision: u64,
    /// What shall run; nothing when it was taken back.
    pub body: Option<Value>,
    /// Secret values of the body, like MD5 keys.
    pub secrets: Secrets,
}

/// One line of the audit log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Its number; later ones are greater.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// Who: a principal, or `service` for what an operation did.
    pub who: String,
    /// The request, or the operation, that it belongs to.
    pub request: String,
    /// The resource.
    pub key: String,
    /// The document before, without secrets; nothing when it was made.
    pub before: Option<Value>,
    /// The document after; nothing when it was deleted.
    pub after: Option<Value>,
}
