//! What a resource stands in: its subscription and group; and what every resource says of itself: name, location, tags.

use crate::{Fault, Tx};
use arm_api::{ArmError, ResourceId};
use catalog::Catalog;
use serde_json::{Map, Value};
use store::Resource;

/// The kind of the rows of subscriptions.
pub(crate) const SUBSCRIPTIONS: &str = "microsoft.resources/subscriptions";
/// The kind of the rows of resource groups.
pub(crate) const GROUPS: &str = "microsoft.resources/resourcegroups";

/// How many tags a resource may have, and how long their names and values may be (ARM's limits).
const TAGS: (usize, usize, usize) = (50, 512, 256);

/// The subscription of an id.
///
/// # Errors
///
/// 404 `SubscriptionNotFound`.
pub(crate) async fn subscription(tx: &mut Tx<'_>, subscription: &str) -> Result<Resource, Fault> {
    let key = format!("/subscriptions/{}", subscription.to_lowercase());
    let missing = || ArmError::not_found("SubscriptionNotFound", format!("subscription {subscription} was not found"));
    Ok(tx.get_key(&key).await?.ok_or_else(missing)?)
}

/// The resource group of an id, for reads.
///
/// # Errors
///
/// 404 `ResourceGroupNotFound`.
pub(crate) async fn group(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Resource, Fault> {
    let name = id.group().unwrap_or_default();
    let missing =
        || ArmError::not_found("ResourceGroupNotFound", format!("Resource group '{name}' could not be found."));
    Ok(tx.get_key(&group_key(id.subscription(), name)).await?.ok_or_else(missing)?)
}

/// The resource group in which something is written, whose provider has to be registered.
///
/// # Errors
///
/// 404 `ResourceGroupNotFound`; 409 `ResourceGroupBeingDeleted` or `MissingSubscriptionRegistration`.
pub(crate) async fn group_for_write(tx: &mut Tx<'_>, id: &ResourceId) -> Result<Resource, Fault> {
    let group = group(tx, id).await?;
    if group.document["deleting"] == true {
        let text = format!("resource group {} is being deleted", group.id);
        return Err(ArmError::conflict("ResourceGroupBeingDeleted", text).into());
    }
    let namespace = id.namespace().unwrap_or_default().to_lowercase();
    let subscription = tx.get_key(&format!("/subscriptions/{}", id.subscription().to_lowercase())).await?;
    if subscription.is_some_and(|row| row.document["registrations"][&namespace] == "Unregistered") {
        let text = format!(
            "subscription {} is not registered for {}; register it: POST /subscriptions/{0}/providers/{1}/register",
            id.subscription(),
            id.namespace().unwrap_or_default()
        );
        return Err(ArmError::conflict("MissingSubscriptionRegistration", text).into());
    }
    Ok(group)
}

/// The key of a resource group.
pub(crate) fn group_key(subscription: &str, group: &str) -> String {
    format!("/subscriptions/{subscription}/resourcegroups/{group}").to_lowercase()
}

/// Holds the name of a network resource against the rule (spec 07, 2).
///
/// # Errors
///
/// 400 `InvalidResourceName`.
pub(crate) fn network_name(name: &str) -> Result<(), ArmError> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let good = (1..=80).contains(&name.chars().count())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.ends_with(word)
        && name.chars().all(|c| word(c) || c == '-' || c == '.');
    good.then_some(()).ok_or_else(|| {
        let seen: String = name.chars().take(100).collect();
        let text = format!(
            "the resource name `{seen}` is invalid; wanted 1 to 80 of letters, digits, `_`, `.` and `-`, beginning with a \
             letter or digit and ending with one or `_`"
        );
        ArmError::bad_request("InvalidResourceName", text).at("name")
    })
}

/// The `location` of a body, as the name of a region: `West US` is `westus`.
///
/// # Errors
///
/// 400 `LocationRequired` or `LocationNotAvailableForResourceType`.
pub(crate) fn location(catalog: &Catalog, body: &Value) -> Result<String, ArmError> {
    let given = body["location"].as_str().map(str::trim).filter(|text| !text.is_empty()).ok_or_else(|| {
        ArmError::bad_request("LocationRequired", "the location property is required for this definition")
            .at("location")
    })?;
    region(catalog, given)
}

/// The name of a region that somebody wrote.
///
/// # Errors
///
/// 400 `LocationNotAvailableForResourceType`.
pub(crate) fn region(catalog: &Catalog, given: &str) -> Result<String, ArmError> {
    let region = catalog.region(given).filter(|region| region.cloud == "AzureCloud");
    region.map(|region| region.name.clone()).ok_or_else(|| {
        let seen: String = given.chars().take(80).collect();
        let text = format!("the location `{seen}` is unknown; `az account list-locations` lists those that are served");
        ArmError::bad_request("LocationNotAvailableForResourceType", text).at("location")
    })
}

/// The `tags` of a body: an object of strings; absent and `null` are none.
///
/// # Errors
///
/// 400 `InvalidRequestContent`, `InvalidTagCount` or `InvalidTagNameOrValue`.
pub(crate) fn tags(body: &Value) -> Result<Map<String, Value>, ArmError> {
    let tags = match &body["tags"] {
        Value::Null => return Ok(Map::new()),
        Value::Object(tags) => tags,
        other => {
            let text = format!("tags is {}, wanted an object of strings", kind_of(other));
            return Err(ArmError::bad_request("InvalidRequestContent", text).at("tags"));
        }
    };
    let (count, name_length, value_length) = TAGS;
    if tags.len() > count {
        let text = format!("{} tags are too many; at most {count} are kept", tags.len());
        return Err(ArmError::bad_request("InvalidTagCount", text).at("tags"));
    }
    let mut read = Map::new();
    for (name, value) in tags {
        let seen: String = name.chars().take(40).collect();
        let value = match value {
            Value::Null => "",
            Value::String(text) => text,
            other => {
                let text = format!("the tag `{seen}` is {}, wanted a string", kind_of(other));
                return Err(ArmError::bad_request("InvalidRequestContent", text).at(format!("tags.{seen}")));
            }
        };
        let bad_name = name.is_empty()
            || name.chars().count() > name_length
            || name.contains(['<', '>', '%', '&', '\\', '?', '/']);
        if bad_name || value.chars().count() > value_length {
            let text = format!(
                "the tag `{seen}` is invalid; a name has 1 to {name_length} characters, none of <>%&\\?/, a value at most {value_length}"
            );
            return Err(ArmError::bad_request("InvalidTagNameOrValue", text).at(format!("tags.{seen}")));
        }
        read.insert(name.clone(), Value::from(value));
    }
    Ok(read)
}

/// What a JSON value is, in words.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Which part of a list is wanted: how many items at most, and after which key.
pub(crate) fn page(tx: &Tx<'_>, call: &crate::Call) -> Result<(u32, Option<String>), ArmError> {
    let top = match call.query.get("$top") {
        None => tx.settings.page,
        Some(text) => text.parse::<u32>().ok().filter(|top| *top > 0).ok_or_else(|| {
            let seen: String = text.chars().take(40).collect();
            ArmError::bad_request("InvalidTopParameter", format!("$top is `{seen}`, wanted a number from 1 on"))
                .at("$top")
        })?,
    };
    Ok((top.min(tx.settings.page.max(1)), call.query.get("$skiptoken").cloned()))
}

/// A page of resources as answers, and where the next begins: `found` holds one more than wanted when there is more.
pub(crate) fn cut(mut found: Vec<Resource>, limit: u32) -> (Vec<Resource>, Option<String>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|last| last.key.clone());
    (found, next)
}
