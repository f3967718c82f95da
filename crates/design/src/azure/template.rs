//! ARM templates, as `az group export` and Bicep write them.
//!
//! Names and ids in a template are expressions, `[parameters('circuit')]`. Those that follow from the defaults of
//! the parameters are worked out; a value behind any other expression is not known. Nothing else of the template
//! is used.

use crate::found::Found;
use crate::node::Entry;
use crate::{Node, Problem, Shape};
use model::{Place, Rank};
use std::borrow::Cow;
use std::cell::Cell;

/// Whether a node is a template.
pub(crate) fn is_template(node: &Node<'_>) -> bool {
    let schema = node.field("$schema").and_then(Node::text).unwrap_or_default().to_ascii_lowercase();
    let has_resources = node.field("resources").is_some();
    has_resources && (schema.contains("deploymenttemplate.json") || node.field("contentVersion").is_some())
}

/// How strong a template is: an export is what was ordered, one that Bicep made is a plan.
pub(crate) fn rank(node: &Node<'_>) -> Option<Rank> {
    let generated = node.field("metadata").is_some_and(|metadata| metadata.field("_generator").is_some());
    (is_template(node) && generated).then_some(Rank::Declared)
}

/// Reads the resources of a template.
pub(crate) fn read(node: &Node<'_>, found: &mut Found) {
    let budget = Cell::new(BUDGET);
    let scope = Scope { template: node, given: &[], budget: &budget };
    resources(node, &scope, None, found);
}

/// Values and bytes that the expressions of one template may unfold to.
const BUDGET: usize = 4 << 20;

/// How deep expressions may lead to other expressions.
const DEPTH: usize = 32;

/// What an expression may refer to.
#[derive(Clone, Copy)]
struct Scope<'s, 't> {
    template: &'s Node<'t>,
    /// Parameters that an outer template gives, already worked out.
    given: &'s [Entry<'t>],
    budget: &'s Cell<usize>,
}

/// Reads resources: a list, or a mapping of symbolic names to them. A child takes type and name of its parent.
fn resources<'t>(holder: &Node<'t>, scope: &Scope<'_, 't>, parent: Option<(&str, &str)>, found: &mut Found) {
    let Some(list) = holder.field("resources") else { return };
    let entries = list.entries().iter().map(|entry| &entry.value);
    for raw in list.items().iter().chain(entries) {
        let mut resource = scope.resolve(raw, 0);
        if resource.field("condition").and_then(Node::text) == Some("false") {
            continue;
        }
        if let Some((kind, name)) = parent {
            prepend(&mut resource, "type", kind);
            prepend(&mut resource, "name", name);
        }
        let text = |key: &str| resource.field(key).and_then(Node::text).map(str::to_owned);
        let (kind, name) = (text("type").unwrap_or_default(), text("name"));
        if kind.eq_ignore_ascii_case("Microsoft.Resources/deployments") {
            nested(raw, scope, found);
        }
        match name {
            Some(name) => {
                super::one(&resource, found);
                resources(raw, scope, Some((&kind, &name)), found);
            }
            None if super::is_ours(&kind) => {
                let place = raw.field("name").map_or(raw.place, |name| name.place);
                let seen = raw.field("name").map_or_else(|| "no name".to_owned(), Node::kind);
                found.problems.push(Problem::new(
                    place,
                    format!("the name {seen} of a {kind}"),
                    "a name that the defaults of the parameters tell",
                ));
            }
            None => {}
        }
    }
}

/// Puts the parent's type or name before that of a child that gives only its own part.
fn prepend(resource: &mut Node<'_>, key: &str, parent: &str) {
    let Shape::Map(entries) = &mut resource.shape else { return };
    let Some(entry) = entries.iter_mut().find(|entry| entry.key.eq_ignore_ascii_case(key)) else { return };
    if let Shape::Scalar(text) = &mut entry.value.shape
        && !text.to_lowercase().starts_with(&format!("{}/", parent.to_lowercase()))
    {
        *text = format!("{parent}/{text}").into();
    }
}

/// Reads a template within a deployment, with the parameters that it is given.
fn nested<'t>(deployment: &Node<'t>, scope: &Scope<'_, 't>, found: &mut Found) {
    let Some(template) = deployment.property("template") else { return };
    let parameters = deployment.property("parameters").map(Node::entries).unwrap_or_default();
    let given: Vec<_> = parameters
        .iter()
        .filter_map(|entry| {
            let value = scope.resolve(entry.value.field("value")?, 0);
            Some(Entry { key: entry.key.clone(), place: entry.place, value })
        })
        .collect();
    let inner = Scope { template, given: &given, budget: scope.budget };
    resources(template, &inner, None, found);
}

impl<'t> Scope<'_, 't> {
    /// A copy of a node with its expressions worked out; what cannot be is null.
    fn resolve(&self, node: &Node<'t>, depth: usize) -> Node<'t> {
        let place = node.place;
        if !self.spend(1) {
            return Node { place, shape: Shape::Null };
        }
        let shape = match &node.shape {
            Shape::Null => Shape::Null,
            Shape::Scalar(text) => match text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
                Some(literal) if literal.starts_with('[') => Shape::Scalar(Cow::Owned(format!("{literal}]"))),
                Some(expression) => self.expression(expression, place, depth).map_or(Shape::Null, |value| value.shape),
                None => Shape::Scalar(text.clone()),
            },
            Shape::List(items) => Shape::List(items.iter().map(|item| self.resolve(item, depth)).collect()),
            Shape::Map(entries) => {
                let resolve = |entry: &Entry<'t>| Entry {
                    key: entry.key.clone(),
                    place: entry.place,
                    value: self.resolve(&entry.value, depth),
                };
                Shape::Map(entries.iter().map(resolve).collect())
            }
        };
        Node { place, shape }
    }

    fn expression(&self, text: &str, place: Place, depth: usize) -> Option<Node<'t>> {
        if depth > DEPTH {
            return None;
        }
        let mut rest = text;
        let value = self.term(&mut rest, place, depth + 1)?;
        rest.trim().is_empty().then_some(value)
    }

    /// A text, a number, or a call with what is picked out of its result.
    fn term(&self, rest: &mut &str, place: Place, depth: usize) -> Option<Node<'t>> {
        if depth > DEPTH {
            return None;
        }
        *rest = rest.trim_start();
        if rest.starts_with('\'') {
            return self.text(quoted(rest)?, place);
        }
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        *rest = after.trim_start();
        if !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit()) {
            return self.text(word.to_owned(), place);
        }
        *rest = rest.strip_prefix('(')?;
        let mut arguments = Vec::new();
        loop {
            *rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix(')') {
                *rest = after;
                break;
            }
            arguments.push(self.term(rest, place, depth + 1)?);
            *rest = rest.trim_start();
            *rest = rest.strip_prefix(',').unwrap_or(rest);
        }
        let mut value = self.call(word, &arguments, place, depth)?;
        while let Some(after) = rest.strip_prefix('.') {
            let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
            value = value.field(&after[..end])?.clone();
            *rest = &after[end..];
        }
        Some(value)
    }

    fn call(&self, function: &str, arguments: &[Node<'t>], place: Place, depth: usize) -> Option<Node<'t>> {
        let texts = || arguments.iter().map(Node::text).collect::<Option<Vec<_>>>();
        match function.to_ascii_lowercase().as_str() {
            "parameters" => self.parameter(arguments.first()?.text()?, depth),
            "variables" => {
                let variables = self.template.field("variables")?;
                Some(self.resolve(variables.field(arguments.first()?.text()?)?, depth + 1))
            }
            "concat" => self.text(texts()?.concat(), place),
            "tolower" => self.text(texts()?.first()?.to_lowercase(), place),
            "format" => {
                let texts = texts()?;
                let (form, values) = texts.split_first()?;
                let fill = |form: String, (index, value): (usize, &&str)| form.replace(&format!("{{{index}}}"), value);
                self.text(values.iter().enumerate().fold((*form).to_owned(), fill), place)
            }
            // Subscription and resource group may stand before the type; a template's own resources need neither.
            "resourceid" => {
                let texts = texts()?;
                let at = texts.iter().position(|text| text.contains('/'))?;
                let (namespace, kinds) = texts[at].split_once('/')?;
                let names = &texts[at + 1..];
                if kinds.split('/').count() != names.len() {
                    return None;
                }
                let path: String = kinds.split('/').zip(names).map(|(kind, name)| format!("/{kind}/{name}")).collect();
                self.text(format!("/providers/{namespace}{path}"), place)
            }
            _ => None,
        }
    }

    fn parameter(&self, name: &str, depth: usize) -> Option<Node<'t>> {
        if let Some(given) = self.given.iter().find(|entry| entry.key.eq_ignore_ascii_case(name)) {
            return (!given.value.is_null()).then(|| given.value.clone());
        }
        let default = self.template.field("parameters")?.field(name)?.field("defaultValue")?;
        Some(self.resolve(default, depth + 1)).filter(|value| !value.is_null())
    }

    fn text(&self, text: String, place: Place) -> Option<Node<'t>> {
        self.spend(text.len()).then_some(Node { place, shape: Shape::Scalar(Cow::Owned(text)) })
    }

    fn spend(&self, amount: usize) -> bool {
        let left = self.budget.get().checked_sub(amount);
        self.budget.set(left.unwrap_or(0));
        left.is_some()
    }
}

/// The text between quotes at the start of `rest`, where two quotes stand for one.
fn quoted(rest: &mut &str) -> Option<String> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c != '\'' {
            text.push(c);
        } else if chars.next_if(|(_, next)| *next == '\'').is_some() {
            text.push('\'');
        } else {
            *rest = &rest[at + 1..];
            return Some(text);
        }
    }
    None
}
