//! What an expression of the configuration refers to.
//!
//! A plan for new resources does not know their ids, but its configuration says `azurerm_route_filter.m365.id`.
//! Such a reference is followed to the planned resource, through variables and outputs of modules. One that
//! leads to none or to several resources leaves the value unknown.

use super::{Block, words};
use crate::node::Entry;
use crate::{Node, Shape};
use std::borrow::Cow;

/// A plan: its resources, and its text with the configuration.
#[derive(Debug)]
pub(crate) struct Plan<'n, 't> {
    pub(crate) root: &'n Node<'t>,
    pub(crate) blocks: Vec<Block<'t>>,
}

/// How many variables and outputs a reference may lead through.
const DEPTH: usize = 16;

impl<'n, 't> Plan<'n, 't> {
    /// The expressions from which a resource is configured.
    pub(crate) fn expressions(&self, block: &Block<'t>) -> Option<&'n Node<'t>> {
        let is = |node: &&Node<'t>| {
            let text = |key: &str| node.field(key).and_then(Node::text);
            text("type") == Some(&block.kind) && text("name") == Some(&block.name)
        };
        self.module(&block.module)?.field("resources")?.items().iter().find(is)?.field("expressions")
    }

    /// The id of the one resource of a type that an expression refers to.
    pub(crate) fn id(&self, block: &Block<'t>, expression: &Node<'t>, kind: &str) -> Option<Node<'t>> {
        let from = From { module: &block.module, index: block.index.as_deref() };
        let mut targets = Vec::new();
        self.follow(expression, from, kind, 0, &mut targets);
        let [target] = targets.as_slice() else { return None };
        let shape = match target.values.field("id") {
            Some(id) => id.shape.clone(),
            None => Shape::Scalar(Cow::Owned(id_of(target)?)),
        };
        Some(Node { place: expression.place, shape })
    }

    /// Collects the resources that an expression leads to.
    fn follow<'p>(
        &'p self,
        expression: &Node<'t>,
        from: From<'_>,
        kind: &str,
        depth: usize,
        targets: &mut Vec<&'p Block<'t>>,
    ) {
        if depth > DEPTH {
            return;
        }
        let references = expression.field("references").map(Node::items).unwrap_or_default();
        for reference in references.iter().filter_map(Node::text) {
            let mut parts = split(reference);
            match (parts.next(), parts.next(), parts.next()) {
                (Some(("var", _)), Some((name, _)), _) => {
                    let Some((parent, call, index)) = parent(from.module) else { continue };
                    let value =
                        self.module(parent).and_then(|module| call_of(module, call)?.field("expressions")?.field(name));
                    if let Some(value) = value {
                        self.follow(value, From { module: parent, index }, kind, depth + 1, targets);
                    }
                }
                (Some(("module", _)), Some((call, index)), Some((output, _))) => {
                    let Some(module) =
                        self.module(from.module).and_then(|module| call_of(module, call)?.field("module"))
                    else {
                        continue;
                    };
                    let Some(value) =
                        module.field("outputs").and_then(|outputs| outputs.field(output)?.field("expression"))
                    else {
                        continue;
                    };
                    let child =
                        child(from.module, call, index.or(from.index.filter(|_| self.is_many(from.module, call))));
                    self.follow(value, From { module: &child, index: None }, kind, depth + 1, targets);
                }
                (Some((of, _)), Some((name, index)), _) if of == kind => {
                    // `x.id` and `x` both stand among the references of `x.id`.
                    let target = self.block(from, of, name, index);
                    targets.extend(target.filter(|target| !targets.iter().any(|known| std::ptr::eq(*known, *target))));
                }
                _ => {}
            }
        }
    }

    /// The instance of a resource: the only one, the one of an index, or the one of the same index.
    fn block(&self, from: From<'_>, kind: &str, name: &str, index: Option<&str>) -> Option<&Block<'t>> {
        let is = |block: &&Block<'t>| block.module == from.module && block.kind == kind && block.name == name;
        let instances: Vec<_> = self.blocks.iter().filter(is).collect();
        match instances.as_slice() {
            [only] => Some(only),
            several => several
                .iter()
                .copied()
                .find(|block| block.index.is_some() && block.index.as_deref() == index.or(from.index)),
        }
    }

    /// Whether a module is called with `count` or `for_each`.
    fn is_many(&self, module: &str, call: &str) -> bool {
        let call = self.module(module).and_then(|module| call_of(module, call));
        call.is_some_and(|call| call.field("for_each_expression").or(call.field("count_expression")).is_some())
    }

    /// The configuration of a module.
    fn module(&self, address: &str) -> Option<&'n Node<'t>> {
        let mut module = self.root.field("configuration")?.field("root_module")?;
        for (name, _) in split(address).filter(|(name, _)| *name != "module") {
            module = call_of(module, name)?.field("module")?;
        }
        Some(module)
    }
}

/// From where a reference is followed.
#[derive(Clone, Copy)]
struct From<'a> {
    module: &'a str,
    index: Option<&'a str>,
}

fn call_of<'n, 't>(module: &'n Node<'t>, name: &str) -> Option<&'n Node<'t>> {
    let is = |entry: &&Entry<'t>| entry.key == name;
    module.field("module_calls")?.entries().iter().find(is).map(|entry| &entry.value)
}

/// The id of a resource that has none yet, as a template would write it.
fn id_of(block: &Block<'_>) -> Option<String> {
    let (namespace, kinds) = words::arm_type(&block.kind)?.split_once('/')?;
    let name = words::kind(&block.kind)?.name(&block.values)?;
    let path: String = kinds.split('/').zip(name.split('/')).map(|(kind, name)| format!("/{kind}/{name}")).collect();
    Some(format!("/providers/{namespace}{path}"))
}

/// The parts of an address with their indexes: `module.hub["we.u"].id` is `module`, `hub` with `we.u`, `id`.
fn split(address: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let mut rest = address;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let (index, after) = match after.strip_prefix('[') {
            None => (None, after),
            Some(after) => {
                let close = if after.starts_with('"') { "\"]" } else { "]" };
                let (index, after) = after.split_once(close).unwrap_or((after, ""));
                (Some(index.trim_matches('"')), after)
            }
        };
        rest = after.strip_prefix('.').unwrap_or(after);
        Some((name, index))
    })
}

/// The address of the module around one, with the name of the call and its index.
fn parent(address: &str) -> Option<(&str, &str, Option<&str>)> {
    let (call, index) = split(address).last()?;
    let own = format!("module.{call}");
    let start = address.rfind(&own)?;
    Some((address[..start].trim_end_matches('.'), call, index))
}

/// The address of a module that is called.
fn child(module: &str, call: &str, index: Option<&str>) -> String {
    let dot = if module.is_empty() { "" } else { "." };
    let index = match index {
        None => String::new(),
        Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => format!("[{number}]"),
        Some(key) => format!("[\"{key}\"]"),
    };
    format!("{module}{dot}module.{call}{index}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_split_at_dots_outside_of_indexes() {
        let parts: Vec<_> = split(r#"module.hub["we.u"].azurerm_subnet.gw[0].id"#).collect();
        assert_eq!(
            parts,
            [("module", None), ("hub", Some("we.u")), ("azurerm_subnet", None), ("gw", Some("0")), ("id", None)]
        );
        assert_eq!(parent(r#"module.net.module.hub["we.u"]"#), Some(("module.net", "hub", Some("we.u"))));
        assert_eq!(parent("module.hub"), Some(("", "hub", None)));
        assert_eq!(parent(""), None);
        assert_eq!(child("module.net", "hub", Some("weu")), r#"module.net.module.hub["weu"]"#);
    }
}
