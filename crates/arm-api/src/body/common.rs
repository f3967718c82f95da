//! What bodies share.

use super::macros::body;
use super::words::IdentityType;
use crate::{ArmError, ResourceId};
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Tags: names and texts.
pub type Tags = BTreeMap<String, String>;

body! {
    /// A resource that is referred to.
    Reference {
        client {
            /// Its id.
            id: String,
        }
    }

    /// The body of a PATCH.
    TagsPatch {
        client {
            /// The tags, which replace those there are.
            tags: Tags,
        }
    }

    /// A managed identity.
    Identity {
        client {
            /// Which kinds there are.
            #[serde(rename = "type")]
            kind: IdentityType,
            /// User-assigned identities by their ids.
            user_assigned_identities: BTreeMap<String, Value>,
        }
        service {
            /// The principal of a system-assigned identity.
            principal_id: String,
            /// Its tenant.
            tenant_id: String,
        }
    }
}

impl Reference {
    /// A reference to a resource.
    pub fn to(id: &ResourceId) -> Self {
        Self { id: Some(id.as_str().to_owned()) }
    }

    /// The id of the resource; nothing when no id was given. `target` is the field that refers to it.
    ///
    /// # Errors
    ///
    /// 400 `InvalidResourceReference` when the text is no resource id.
    pub fn resource(&self, target: &str) -> Result<Option<ResourceId>, ArmError> {
        let Some(text) = self.id.as_deref().filter(|text| !text.is_empty()) else { return Ok(None) };
        let refuse = |error: crate::BadId| {
            ArmError::bad_request("InvalidResourceReference", format!("{target}.id: {error}"))
                .at(format!("{target}.id"))
        };
        ResourceId::parse(text).map(Some).map_err(refuse)
    }
}

/// A body that says which resource it is.
pub trait Stamp {
    /// Sets id, name, type and entity tag, before it is answered. A child answers its outermost parent's tag.
    fn stamp(&mut self, id: &ResourceId, etag: &Uuid);
}

/// An entity tag as bodies and headers have it: `W/"GUID"`.
pub fn etag_text(etag: &Uuid) -> String {
    format!("W/\"{etag}\"")
}
