//! A template: its parameters, its resources in the order of their dependencies.

use super::expression::{Context, id, invalid};
use arm_api::ArmError;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// How many resources a template may have (ARM's limit).
const RESOURCES: usize = 800;

/// Parameters of a template, with values.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// Those that are no secrets.
    pub(super) plain: Map<String, Value>,
    /// Those that are.
    pub(super) secret: Map<String, Value>,
    /// All as they are answered: secrets without a value.
    pub(super) shown: Map<String, Value>,
}

/// A resource of a template, ready to be written.
#[derive(Debug)]
pub(super) struct Item {
    /// Its id.
    pub(super) id: String,
    /// Its type.
    pub(super) kind: String,
    /// Its name, with those of its parents.
    pub(super) name: String,
    /// The version of the API that its body is written for.
    pub(super) version: String,
    /// Its body. May hold secrets.
    pub(super) body: Value,
    /// Ids that come before it.
    pub(super) after: Vec<String>,
}

/// Gives each parameter its value, and holds it against its type.
///
/// # Errors
///
/// 400 `InvalidTemplate`.
pub(super) fn parameters(template: &Value, given: &Value) -> Result<Parameters, ArmError> {
    let empty = Map::new();
    let declared = object(&template["parameters"], "parameters")?.unwrap_or(&empty);
    let given = object(given, "the parameters that were given")?.unwrap_or(&empty);
    let known = |name: &String| declared.keys().any(|known| known.eq_ignore_ascii_case(name));
    if let Some(name) = given.keys().find(|name| !known(name)) {
        return Err(invalid(&format!("the parameter '{}' is given and not declared", short(name))));
    }
    let mut all = Parameters::default();
    for (name, declared) in declared {
        let kind = declared["type"].as_str().unwrap_or_default().to_lowercase();
        let found = given.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| &value["value"]);
        let value = found.or(declared.get("defaultValue")).ok_or_else(|| {
            invalid(&format!("the value of the parameter '{}' is not given and has no default", short(name)))
        })?;
        let fits = match kind.as_str() {
            "string" | "securestring" => value.is_string(),
            "int" => value.is_i64(),
            "bool" => value.is_boolean(),
            "object" | "secureobject" => value.is_object(),
            "array" => value.is_array(),
            _ => return Err(invalid(&format!("the parameter '{}' has the type '{}'", short(name), short(&kind)))),
        };
        // Clients give null for what they leave out.
        if !fits && !value.is_null() {
            return Err(invalid(&format!("the parameter '{}' is not of its type '{kind}'", short(name))));
        }
        let allowed = declared["allowedValues"].as_array();
        if allowed.is_some_and(|allowed| !allowed.contains(value)) {
            return Err(invalid(&format!("the value of the parameter '{}' is not one of those allowed", short(name))));
        }
        let secure = kind.starts_with("secure");
        let shown = if secure {
            json!({ "type": declared["type"] })
        } else {
            json!({ "type": declared["type"], "value": value })
        };
        all.shown.insert(name.clone(), shown);
        let list = if secure { &mut all.secret } else { &mut all.plain };
        list.insert(name.clone(), value.clone());
    }
    Ok(all)
}

/// The resources of a template in the order of their dependencies.
///
/// # Errors
///
/// 400 `InvalidTemplate`.
pub(super) fn items(template: &Value, context: &Context<'_>, group: &str) -> Result<Vec<Item>, ArmError> {
    let resources = match &template["resources"] {
        Value::Array(resources) => resources,
        Value::Null => return Err(invalid("it has no resources, wanted a list")),
        _ => return Err(invalid("resources is no list; resources by symbolic names are not served")),
    };
    if resources.len() > RESOURCES {
        return Err(invalid(&format!("it has {} resources, at most {RESOURCES} are taken", resources.len())));
    }
    let mut items = Vec::with_capacity(resources.len());
    for resource in resources {
        items.extend(item(resource, context, group)?);
    }
    let mut known = BTreeSet::new();
    if let Some(twice) = items.iter().find(|item| !known.insert(item.id.to_lowercase())) {
        return Err(invalid(&format!("the resource {} is there twice", twice.id)));
    }
    let mut roots = BTreeSet::new();
    let root =
        |item: &Item| arm_api::ResourceId::parse(&item.id).map(|id| id.root().key().to_owned()).unwrap_or_default();
    if let Some(child) = items.iter().find(|item| !roots.insert(root(item))) {
        let text =
            format!("{} belongs to a resource that is in the template as well; write it inside of that one", child.id);
        return Err(invalid(&text));
    }
    for at in 0..items.len() {
        let named = std::mem::take(&mut items[at].after);
        items[at].after = named.iter().map(|name| named_id(name, &items)).collect::<Result<_, _>>()?;
    }
    order(items)
}

/// One resource; none when its condition is false.
fn item(resource: &Value, context: &Context<'_>, group: &str) -> Result<Option<Item>, ArmError> {
    let Value::Object(fields) = resource else { return Err(invalid("a resource is no object")) };
    if let Some(word) = ["copy", "resources", "scope", "existing"].into_iter().find(|word| !resource[word].is_null()) {
        return Err(invalid(&format!("a resource has `{word}`, which is not served")));
    }
    if context.resolve(&resource["condition"])? == false {
        return Ok(None);
    }
    let text = |name: &str| {
        let value = context.resolve(&resource[name])?;
        value.as_str().map(str::to_owned).ok_or_else(|| invalid(&format!("a resource has no {name}, wanted a text")))
    };
    let (kind, name, version) = (text("type")?, text("name")?, text("apiVersion")?);
    let id = id(group, &kind, &[name.as_str()]).ok_or_else(|| {
        invalid(&format!("the name '{}' does not have the parts of the type '{}'", short(&name), short(&kind)))
    })?;
    let after = context.resolve(&resource["dependsOn"])?;
    let after = after.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let mut body = Map::new();
    for (field, value) in fields {
        if !["type", "name", "apiVersion", "dependsOn", "condition", "comments", "metadata"].contains(&field.as_str()) {
            body.insert(field.clone(), context.resolve(value)?);
        }
    }
    Ok(Some(Item { id, kind, name, version, body: Value::Object(body), after }))
}

/// The id that a dependency names: an id, a name, or a type with a name.
fn named_id(name: &str, items: &[Item]) -> Result<String, ArmError> {
    let is = |item: &&Item| {
        let typed = format!("{}/{}", item.kind, item.name);
        [item.id.as_str(), item.name.as_str(), typed.as_str()].iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    let found = items.iter().find(is).map(|item| item.id.clone());
    found.ok_or_else(|| {
        invalid(&format!("the resource '{}' that another depends on is not in the template", short(name)))
    })
}

/// What is depended on comes first; otherwise the order of the template stays.
fn order(mut left: Vec<Item>) -> Result<Vec<Item>, ArmError> {
    let mut ordered: Vec<Item> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let done = |id: &String| ordered.iter().any(|item| item.id == *id);
        let next = left.iter().position(|item| item.after.iter().all(done));
        match next {
            Some(next) => ordered.push(left.remove(next)),
            None => return Err(invalid(&format!("{} depends on itself in a circle", left[0].id))),
        }
    }
    Ok(ordered)
}

fn object<'v>(value: &'v Value, what: &str) -> Result<Option<&'v Map<String, Value>>, ArmError> {
    match value {
        Value::Null => Ok(None),
        Value::Object(fields) => Ok(Some(fields)),
        _ => Err(invalid(&format!("{what} are no object"))),
    }
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}
