//! Who can sign in.

use crate::{Caller, Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use store::{Query, Resource, Secrets, Store, StoreError};
use uuid::Uuid;

/// Who can sign in: a program or a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Principal {
    /// The client id, in lower case.
    pub client: String,
    /// The tenant, in lower case.
    pub tenant: String,
    /// The name, for people and the audit log.
    pub name: String,
    /// The object id.
    pub object: String,
    /// Roles by lower-case subscription; `*` stands for all, and only for the operator.
    pub roles: BTreeMap<String, Role>,
    /// Hashes of its secrets; any of them signs in.
    pub secrets: Vec<PrincipalSecret>,
}

/// A secret of a principal, as kept.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct PrincipalSecret {
    /// Its id, to take it back.
    pub id: Uuid,
    /// The hash in PHC form.
    pub hash: String,
    /// After this time it signs in no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
}

impl std::fmt::Debug for PrincipalSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (hidden)", self.id)
    }
}

/// The document of the row.
#[derive(Serialize, Deserialize)]
struct Document {
    tenant: String,
    name: String,
    object: String,
    roles: BTreeMap<String, Role>,
}

/// The type of the rows.
pub(super) const KIND: &str = "twinpath/principals";

impl Principal {
    /// A principal with new ids, without roles and secrets.
    pub fn new(tenant: &str, name: &str) -> Self {
        Self {
            client: Uuid::new_v4().to_string(),
            tenant: tenant.to_lowercase(),
            name: name.to_owned(),
            object: Uuid::new_v4().to_string(),
            roles: BTreeMap::new(),
            secrets: Vec::new(),
        }
    }

    /// The same with a role in a subscription, or `*` for the operator.
    #[must_use]
    pub fn with_role(mut self, subscription: &str, role: Role) -> Self {
        self.roles.insert(subscription.to_lowercase(), role);
        self
    }

    /// Makes a secret that signs in until `expires`, and gives it; it is not kept.
    pub fn add_secret(&mut self, expires: Option<Timestamp>) -> String {
        let secret = super::new_secret();
        let hash = super::Hasher::hash(&secret);
        self.secrets.push(PrincipalSecret { id: Uuid::new_v4(), hash, expires });
        secret
    }

    /// The key of the row of a client.
    pub fn key(client: &str) -> String {
        format!("/twinpath/principals/{}", client.to_lowercase())
    }

    /// The row.
    pub fn to_row(&self, now: Timestamp) -> Resource {
        let document = json!({ "tenant": self.tenant, "name": self.name, "object": self.object, "roles": self.roles });
        let secrets = Secrets(json!({ "secrets": self.secrets }));
        Resource { secrets, ..Resource::new(&Self::key(&self.client), KIND, document, now) }
    }

    /// Reads a row; nothing when it is not one of a principal.
    pub fn from_row(row: &Resource) -> Option<Self> {
        let client = row.key.strip_prefix("/twinpath/principals/")?.to_owned();
        let Document { tenant, name, object, roles } = Document::deserialize(&row.document).ok()?;
        let secrets = row.secrets.0.get("secrets").and_then(|secrets| Vec::deserialize(secrets).ok());
        Some(Self { client, tenant: tenant.to_lowercase(), name, object, roles, secrets: secrets.unwrap_or_default() })
    }

    /// The principal of a client id.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn find(store: &dyn Store, client: &str) -> Result<Option<Self>, StoreError> {
        Ok(store.get(&Self::key(client)).await?.as_ref().and_then(Self::from_row))
    }

    /// All principals.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn all(store: &dyn Store) -> Result<Vec<Self>, StoreError> {
        let query = Query { kinds: vec![KIND.to_owned()], ..Query::default() };
        Ok(store.list(&query).await?.iter().filter_map(Self::from_row).collect())
    }

    /// As one who calls.
    pub fn caller(&self) -> Caller {
        let counts = |(subscription, role): &(String, Role)| subscription != "*" || *role == Role::Operator;
        Caller {
            tenant: self.tenant.clone(),
            object: self.object.clone(),
            name: self.name.clone(),
            roles: self.roles.clone().into_iter().filter(counts).collect(),
        }
    }
}
