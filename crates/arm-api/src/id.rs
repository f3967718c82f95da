//! Resource ids.

use std::fmt;

/// The id of a subscription, a resource group, a resource or a child of one.
///
/// `/subscriptions/S/resourceGroups/G/providers/NAMESPACE/type/name/childType/childName…`
#[derive(Debug, Clone)]
pub struct ResourceId {
    /// As it was given, with the documented spelling of fixed words.
    text: String,
    /// In lower case.
    key: String,
    /// Pairs of type and name below the namespace.
    pairs: Vec<(String, String)>,
    namespace: Option<String>,
    subscription: String,
    group: Option<String>,
}

/// A text is no resource id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no resource id; wanted /subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME")]
pub struct BadId(pub String);

impl ResourceId {
    /// Reads an id.
    ///
    /// # Errors
    ///
    /// [`BadId`] when the words are not those of an id, or a type has no name.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        let bad = || BadId(text.chars().take(300).collect());
        let mut parts = text.trim_end_matches('/').strip_prefix('/').ok_or_else(bad)?.split('/');
        let mut word = |wanted: &str| parts.next().filter(|part| part.eq_ignore_ascii_case(wanted)).map(drop);
        word("subscriptions").ok_or_else(bad)?;
        let subscription = parts.next().filter(|part| !part.is_empty()).ok_or_else(bad)?.to_owned();
        let mut id = Self {
            text: format!("/subscriptions/{subscription}"),
            key: String::new(),
            pairs: Vec::new(),
            namespace: None,
            subscription,
            group: None,
        };
        let mut next = parts.next();
        if next.is_some_and(|part| part.eq_ignore_ascii_case("resourceGroups")) {
            let group = parts.next().filter(|part| !part.is_empty()).ok_or_else(bad)?;
            id.text = format!("{}/resourceGroups/{group}", id.text);
            id.group = Some(group.to_owned());
            next = parts.next();
        }
        if let Some(part) = next {
            if !part.eq_ignore_ascii_case("providers") {
                return Err(bad());
            }
            let namespace = parts.next().filter(|part| !part.is_empty()).ok_or_else(bad)?;
            id.text = format!("{}/providers/{namespace}", id.text);
            id.namespace = Some(namespace.to_owned());
            while let Some(kind) = parts.next() {
                let name = parts.next().filter(|name| !name.is_empty() && !kind.is_empty()).ok_or_else(bad)?;
                id.text = format!("{}/{kind}/{name}", id.text);
                id.pairs.push((kind.to_owned(), name.to_owned()));
            }
        }
        id.key = id.text.to_lowercase();
        Ok(id)
    }

    /// The id of a child.
    #[must_use]
    pub fn child(&self, kind: &str, name: &str) -> Self {
        let mut child = self.clone();
        child.text = format!("{}/{kind}/{name}", self.text);
        child.key = child.text.to_lowercase();
        child.pairs.push((kind.to_owned(), name.to_owned()));
        child
    }

    /// The id of what this is a child of, when it is one.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.pairs.split_last().filter(|(_, above)| !above.is_empty())?;
        let (kind, name) = self.pairs.last()?;
        let mut parent = self.clone();
        parent.text.truncate(self.text.len() - kind.len() - name.len() - 2);
        parent.key.truncate(parent.text.len());
        parent.pairs = above.to_vec();
        Some(parent)
    }

    /// As it is answered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// In lower case: equal for equal ids.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The subscription, as given.
    pub fn subscription(&self) -> &str {
        &self.subscription
    }

    /// The resource group, as given.
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// The namespace, as given, like `Microsoft.Network`.
    pub fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// The type as documented, like `Microsoft.Network/expressRouteCircuits/peerings`; empty outside of namespaces.
    pub fn kind(&self) -> String {
        let types = self.pairs.iter().map(|(kind, _)| kind.as_str());
        self.namespace.as_deref().into_iter().chain(types).collect::<Vec<_>>().join("/")
    }

    /// The name at the end; empty where there is none.
    pub fn name(&self) -> &str {
        self.pairs.last().map_or("", |(_, name)| name)
    }

    /// The names from the outermost resource down.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|(_, name)| name.as_str())
    }

    /// The outermost resource, of which this is a child or which it is.
    #[must_use]
    pub fn root(&self) -> Self {
        let mut root = self.clone();
        while let Some(parent) = root.parent() {
            root = parent;
        }
        root
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ResourceId {}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
