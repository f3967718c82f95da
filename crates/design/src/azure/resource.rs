//! One ARM resource: what it is and what it is called.

use crate::Node;
use crate::found::segment;
use model::Name;

/// A resource of an export.
#[derive(Debug, Clone)]
pub(crate) struct Resource<'n, 't> {
    /// Its text.
    pub(crate) node: &'n Node<'t>,
    /// Its type in lower case, `microsoft.network/expressroutecircuits/peerings`.
    pub(crate) kind: String,
    /// Its id in lower case. It begins at `/providers/` when subscription and resource group are not said.
    pub(crate) id: String,
}

impl<'n, 't> Resource<'n, 't> {
    /// The resource of a node, `None` when it says neither type nor id.
    pub(crate) fn of(node: &'n Node<'t>) -> Option<Self> {
        let text = |key: &str| node.field(key).and_then(Node::text).map(str::to_lowercase);
        let id = text("id").filter(|id| id.starts_with('/')).map(|id| id.trim_end_matches('/').to_owned());
        let kind = text("type").filter(|kind| kind.contains('/')).or_else(|| kind_of(id.as_deref()?))?;
        let id = match id {
            Some(id) => id,
            None => id_of(&kind, &text("name")?)?,
        };
        Some(Self { node, kind, id })
    }

    /// The name that follows a type in its id.
    pub(crate) fn name(&self, kind: &str) -> Option<Name> {
        segment(&self.id, kind)
    }
}

/// The type that an id speaks of: every second part behind the namespace.
fn kind_of(id: &str) -> Option<String> {
    let (_, path) = id.rsplit_once("/providers/")?;
    let mut parts = path.split('/');
    let namespace = parts.next()?;
    let types: Vec<_> = parts.step_by(2).collect();
    (!types.is_empty()).then(|| format!("{namespace}/{}", types.join("/")))
}

/// The id of a type and a name as templates write it, `circuit/AzurePrivatePeering`; `None` when a part is missing.
fn id_of(kind: &str, name: &str) -> Option<String> {
    let (namespace, types) = kind.split_once('/')?;
    let (types, names): (Vec<_>, Vec<_>) = (types.split('/').collect(), name.split('/').collect());
    if types.len() != names.len() || names.contains(&"") {
        return None;
    }
    let path: String = types.iter().zip(names).map(|(kind, name)| format!("/{kind}/{name}")).collect();
    Some(format!("/providers/{namespace}{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_the_type_and_a_type_with_a_name_the_id() {
        let id = "/subscriptions/s/resourcegroups/r/providers/microsoft.network/expressroutecircuits/c/peerings/p";
        assert_eq!(kind_of(id).as_deref(), Some("microsoft.network/expressroutecircuits/peerings"));
        assert_eq!(
            id_of("microsoft.network/expressroutecircuits/peerings", "c/p").as_deref(),
            Some("/providers/microsoft.network/expressroutecircuits/c/peerings/p")
        );
        assert_eq!(id_of("microsoft.network/expressroutecircuits/peerings", "p"), None);
    }
}
