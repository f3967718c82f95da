//! Resource ids.

use crate::{name, words};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

/// No id is longer, in bytes.
const LONGEST: usize = 2048;

/// The id of a subscription, a resource group, a resource, a child of one, or an extension of any of them.
///
/// `/subscriptions/S/resourceGroups/G/providers/NAMESPACE/type/name/childType/childName…`, and for an extension, like
/// a lock, a further `/providers/NAMESPACE/type/name`. Ids are compared without case; they are answered with names as
/// given and with fixed words, namespaces and types as documented, however they were given.
#[derive(Debug, Clone)]
pub struct ResourceId {
    /// With the documented spelling of words.
    text: String,
    /// In lower case.
    key: String,
    subscription: String,
    group: Option<String>,
    /// The namespace after the subscription or the group.
    namespace: Option<String>,
    /// Types and names below it.
    pairs: Vec<Pair>,
}

/// A type and a name.
#[derive(Debug, Clone)]
struct Pair {
    /// The namespace, when the pair begins an extension of what stands before it.
    extension: Option<String>,
    kind: String,
    name: String,
    /// Where it ends in the text, and in the key: lower case may be longer.
    ends: (usize, usize),
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
    /// [`BadId`] when the words are not those of an id, a type has no name, a part is empty, `.`, `..` or holds what
    /// no part may, or the id is longer than 2,048 bytes.
    pub fn parse(text: &str) -> Result<Self, BadId> {
        Self::read(text).ok_or_else(|| BadId(text.chars().take(300).collect()))
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > LONGEST {
            return None;
        }
        let text = text.strip_suffix('/').unwrap_or(text).strip_prefix('/')?;
        let mut parts = text.split('/');
        if !text.split('/').all(name::is_segment) || !parts.next()?.eq_ignore_ascii_case("subscriptions") {
            return None;
        }
        let mut id = Self::subscription_of(parts.next()?);
        let mut next = parts.next();
        if next.is_some_and(|part| part.eq_ignore_ascii_case("resourceGroups")) {
            let group = parts.next()?;
            id.push(&["resourceGroups", group]);
            id.group = Some(group.to_owned());
            next = parts.next();
        }
        let Some(part) = next else { return Some(id) };
        let namespace = part.eq_ignore_ascii_case("providers").then(|| parts.next())??;
        let namespace = words::namespace(namespace);
        id.push(&["providers", namespace]);
        id.namespace = Some(namespace.to_owned());
        while let Some(mut kind) = parts.next() {
            let mut extension = None;
            if kind.eq_ignore_ascii_case("providers") && !id.pairs.is_empty() {
                let namespace = words::namespace(parts.next()?);
                id.push(&["providers", namespace]);
                extension = Some(namespace.to_owned());
                kind = parts.next()?;
            }
            id.pair(extension, words::kind(kind), parts.next()?);
        }
        Some(id)
    }

    fn subscription_of(subscription: &str) -> Self {
        let mut id = Self {
            text: String::new(),
            key: String::new(),
            subscription: subscription.to_owned(),
            group: None,
            namespace: None,
            pairs: Vec::new(),
        };
        id.push(&["subscriptions", subscription]);
        id
    }

    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push('/');
            self.text.push_str(part);
            self.key.push('/');
            self.key.push_str(&lower(part));
        }
    }

    fn pair(&mut self, extension: Option<String>, kind: &str, name: &str) {
        self.push(&[kind, name]);
        let ends = (self.text.len(), self.key.len());
        self.pairs.push(Pair { extension, kind: kind.to_owned(), name: name.to_owned(), ends });
    }

    /// The id of a child. The type is in its documented spelling; the name was checked ([`crate::name::check`]).
    #[must_use]
    pub fn child(&self, kind: &str, name: &str) -> Self {
        let mut child = self.clone();
        child.pair(None, kind, name);
        child
    }

    /// The id of what this is a child or an extension of, when it is one.
    pub fn parent(&self) -> Option<Self> {
        let (_, above) = self.pairs.split_last()?;
        let (text, key) = above.last()?.ends;
        let mut parent = self.clone();
        parent.text.truncate(text);
        parent.key.truncate(key);
        parent.pairs.pop();
        Some(parent)
    }

    /// As it is answered.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// In lower case: equal for equal ids, and the key of a parent is the beginning of its children's.
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

    /// The namespace as documented, like `Microsoft.Network`; the extension's, when it is one.
    pub fn namespace(&self) -> Option<&str> {
        self.pairs.iter().rev().find_map(|pair| pair.extension.as_deref()).or(self.namespace.as_deref())
    }

    /// The type as documented, like `Microsoft.Network/expressRouteCircuits/peerings`. Groups are
    /// `Microsoft.Resources/resourceGroups` and subscriptions `Microsoft.Resources/subscriptions`; a namespace alone
    /// has none.
    pub fn kind(&self) -> String {
        let Some(namespace) = self.namespace() else {
            let word = if self.group.is_some() { "resourceGroups" } else { "subscriptions" };
            return format!("Microsoft.Resources/{word}");
        };
        if self.pairs.is_empty() {
            return String::new();
        }
        let begins = self.pairs.iter().rposition(|pair| pair.extension.is_some()).unwrap_or(0);
        let types = self.pairs[begins..].iter().map(|pair| pair.kind.as_str());
        std::iter::once(namespace).chain(types).collect::<Vec<_>>().join("/")
    }

    /// The name at the end: of the resource, the namespace, the group or the subscription.
    pub fn name(&self) -> &str {
        let above = self.namespace.as_deref().or(self.group.as_deref()).unwrap_or(&self.subscription);
        self.pairs.last().map_or(above, |pair| &pair.name)
    }

    /// The names from the outermost resource down.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.pairs.iter().map(|pair| pair.name.as_str())
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

/// In lower case, each character by itself, so that the lower case of a beginning is the beginning of the lower case.
pub fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for ResourceId {}

impl PartialOrd for ResourceId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
