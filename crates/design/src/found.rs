//! What exports say, before it is joined with the design.
//!
//! A circuit's export names its route filter by id, a gateway its VNet, a connection its gateway and circuit,
//! and each may stand in a file of its own. [`Found`] collects the statements of every export; `join` puts
//! together what belongs together once all files are read.

use crate::azure::{Connection, Gateway, LinkTable, RouteFilter, RouteTable, Subscription, VirtualNetwork};
use crate::{Node, Problem, Shape};
use model::{Design, Fact, Item, List, Name, PeeringKind, Place, Rank, Stated, Value, ValueError};
use std::collections::HashMap;

/// The statements of exports, and the resources that other resources refer to.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The rank of the file that is read.
    pub(crate) rank: Rank,
    /// What can be said without looking at another resource.
    pub(crate) design: Design,
    /// What could not be used.
    pub(crate) problems: Vec<Problem>,
    /// How many resources had something to say.
    pub(crate) resources: usize,
    /// The id of the resource that has a name, by kind and name.
    pub(crate) names: HashMap<(&'static str, Name), String>,
    pub(crate) listed_peerings: Vec<ListedPeerings>,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) route_filters: Vec<RouteFilter>,
    pub(crate) networks: Vec<VirtualNetwork>,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) connections: Vec<Connection>,
    pub(crate) route_tables: Vec<RouteTable>,
    pub(crate) tables: Vec<LinkTable>,
}

/// The peerings that a circuit's export lists; one that is not there does not exist.
#[derive(Debug)]
pub(crate) struct ListedPeerings {
    pub(crate) circuit: Name,
    pub(crate) kinds: Vec<PeeringKind>,
    pub(crate) in_use_elsewhere: bool,
    pub(crate) rank: Rank,
    pub(crate) place: Place,
}

impl Found {
    /// The value of a key of a resource; a value that does not fit is a problem that names the key.
    pub(crate) fn value<T: Value>(&mut self, object: &Node<'_>, key: &str) -> Option<Stated<T>> {
        self.parsed(given(object, key)?, key)
    }

    /// States a fact from a key of a resource.
    pub(crate) fn fact<T: Value>(&mut self, fact: &mut Fact<T>, object: &Node<'_>, key: &str) {
        self.fact_unless(fact, object, key, "");
    }

    /// The same for a key where one word stands for "not set", as `0` or `NONE` do.
    pub(crate) fn fact_unless<T: Value>(&mut self, fact: &mut Fact<T>, object: &Node<'_>, key: &str, unset: &str) {
        let Some(node) = given(object, key) else { return };
        if node.text().is_some_and(|text| text.eq_ignore_ascii_case(unset)) {
            return;
        }
        if let Some(statement) = self.parsed(node, key) {
            fact.state(statement);
        }
    }

    /// States a fact that only the control plane knows; a template or plan may not.
    pub(crate) fn ordered<T: Value>(&mut self, fact: &mut Fact<T>, object: &Node<'_>, key: &str) {
        if self.rank >= Rank::Ordered {
            self.fact(fact, object, key);
        }
    }

    /// The values of a list, `None` when it is absent or an element is unreadable: half a list is not known.
    pub(crate) fn list<T: Value>(&mut self, object: &Node<'_>, key: &str) -> Option<Stated<List<T>>> {
        let place = object.property(key)?.place;
        let nodes = self.items(object, key)?;
        let items: List<T> = nodes
            .iter()
            .filter_map(|node| self.parsed(node, key))
            .map(|statement| Item { value: statement.value, place: statement.place })
            .collect();
        (items.len() == nodes.len()).then_some(Stated { value: items, rank: self.rank, place })
    }

    /// The elements of a list, `None` when it is absent; another shape is a problem.
    pub(crate) fn items<'n, 't>(&mut self, object: &'n Node<'t>, key: &str) -> Option<&'n [Node<'t>]> {
        let node = object.property(key)?;
        match &node.shape {
            Shape::List(items) => Some(items),
            _ => self.refuse(node, key, "a list"),
        }
    }

    /// A nested object, `None` when it is absent; another shape is a problem.
    pub(crate) fn object<'n, 't>(&mut self, object: &'n Node<'t>, key: &str) -> Option<&'n Node<'t>> {
        let node = object.property(key)?;
        match &node.shape {
            Shape::Map(_) => Some(node),
            _ => self.refuse(node, key, "an object"),
        }
    }

    /// The id in a reference `{"id": "…"}`, in lower case.
    pub(crate) fn reference(&mut self, object: &Node<'_>, key: &str) -> Option<(String, Place)> {
        let target = self.object(object, key)?;
        let id = self.value::<String>(target, "id")?;
        Some((id.value.to_lowercase(), id.place))
    }

    /// Parses one scalar of a key.
    pub(crate) fn parsed<T: Value>(&mut self, node: &Node<'_>, key: &str) -> Option<Stated<T>> {
        let parsed = node.text().map_or_else(|| Err(ValueError::new(node.kind())), T::parse);
        match parsed {
            Ok(value) => Some(Stated { value, rank: self.rank, place: node.place }),
            Err(error) => {
                let problem = Problem::new(node.place, format!("`{key}`: {}", error.reason), T::EXPECTED);
                self.problems.push(problem.suggest(error.suggestion));
                None
            }
        }
    }

    /// Whether a resource is the only one of its name; a second one is a problem, for a design tells them apart by name.
    pub(crate) fn claim(&mut self, kind: &'static str, name: &Name, id: &str, place: Place) -> bool {
        match self.names.get(&(kind, name.clone())) {
            None => {
                self.names.insert((kind, name.clone()), id.to_owned());
                true
            }
            Some(first) if same_id(first, id) => true,
            Some(first) => {
                let seen = format!("a second {kind} `{name}`: {id}");
                let expected = format!("a {kind} of each name once; the first is {first}");
                self.problems.push(Problem::new(place, seen, expected));
                false
            }
        }
    }

    fn refuse<T>(&mut self, node: &Node<'_>, key: &str, expected: &str) -> Option<T> {
        self.problems.push(Problem::new(node.place, format!("`{key}`: {}", node.kind()), expected));
        None
    }
}

/// The value of a key that says something: APIs and Terraform write an empty text where nothing is set.
fn given<'n, 't>(object: &'n Node<'t>, key: &str) -> Option<&'n Node<'t>> {
    object.property(key).filter(|node| node.text() != Some(""))
}

/// Whether two ids in lower case mean the same resource. An id out of a template begins at `/providers/`, for
/// a template knows neither subscription nor resource group.
pub(crate) fn same_id(a: &str, b: &str) -> bool {
    let unscoped = |id: &str| id.starts_with("/providers/");
    a == b || ((unscoped(a) || unscoped(b)) && path(a) == path(b))
}

/// The part of an id that does not depend on subscription and resource group. Resources are looked up by it,
/// and compared by [`same_id`] then.
pub(crate) fn path(id: &str) -> &str {
    id.find("/providers/").map_or(id, |at| &id[at..])
}

/// The name that follows a type in an id, in lower case: `segment(id, "virtualnetworks")`.
pub(crate) fn segment(id: &str, kind: &str) -> Option<Name> {
    let mut parts = id.split('/');
    parts.find(|part| part.eq_ignore_ascii_case(kind))?;
    parts.next().filter(|name| !name.is_empty()).map(|name| Name::from(name.to_lowercase()))
}
