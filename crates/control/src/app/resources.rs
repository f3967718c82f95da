//! Lists over all types: what stands in a group or in a subscription.

use super::registrations::{TOP_KINDS, spelling};
use super::{Handled, Route, route, scope};
use crate::{Answer, Call, Tx};
use arm_api::ArmError;
use serde_json::{Value, json};
use store::{Query, Resource};

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resources" Resources_List Read => in_subscription),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/resources" Resources_ListByResourceGroup Read => in_group),
];

/// What a `$filter` asks for: comparisons joined by `and`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    group: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    location: Option<String>,
    tag: Option<(String, Option<String>)>,
}

impl Filter {
    /// The filter of a list.
    ///
    /// # Errors
    ///
    /// 400 `InvalidFilterInQueryString` for anything but `FIELD eq 'VALUE'`, joined by `and`.
    pub(crate) fn of(call: &Call) -> Result<Self, ArmError> {
        call.query.get("$filter").map_or_else(|| Ok(Self::default()), |text| Self::parse(text))
    }

    fn parse(text: &str) -> Result<Self, ArmError> {
        let mut filter = Self::default();
        let mut tag_value = None;
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (field, value, after) = comparison(rest).ok_or_else(|| bad_filter(text))?;
            match field.to_ascii_lowercase().as_str() {
                "resourcegroup" => filter.group = Some(value.to_lowercase()),
                "resourcetype" => filter.kind = Some(value.to_lowercase()),
                "name" => filter.name = Some(value.to_lowercase()),
                "location" => filter.location = Some(value.to_lowercase()),
                "tagname" => filter.tag = Some((value, None)),
                "tagvalue" => tag_value = Some(value),
                _ => return Err(bad_filter(text)),
            }
            rest = after.trim_start();
            if let Some(and) = rest.get(..4).filter(|word| word.eq_ignore_ascii_case("and ")) {
                rest = rest[and.len()..].trim_start();
                if rest.is_empty() {
                    return Err(bad_filter(text));
                }
            } else if !rest.is_empty() {
                return Err(bad_filter(text));
            }
        }
        if let Some(value) = tag_value {
            let tag = filter.tag.as_mut().ok_or_else(|| bad_filter(text))?;
            tag.1 = Some(value);
        }
        Ok(filter)
    }

    /// Whether a resource is asked for.
    pub(crate) fn takes(&self, row: &Resource) -> bool {
        let same = |wanted: &Option<String>, is: &str| wanted.as_deref().is_none_or(|wanted| wanted == is);
        let name = row.key.rsplit('/').next().unwrap_or_default();
        let location = row.document["location"].as_str().unwrap_or_default();
        same(&self.group, &row.group)
            && same(&self.kind, &row.kind)
            && same(&self.name, name)
            && same(&self.location, location)
            && self.tag.as_ref().is_none_or(|(name, value)| {
                let tags = row.document["tags"].as_object().into_iter().flatten();
                let mut of_name = tags.filter(|(key, _)| key.eq_ignore_ascii_case(name));
                of_name.any(|(_, is)| value.as_deref().is_none_or(|value| is == value))
            })
    }
}

/// Reads `field eq 'value'`; a quote in the value is doubled.
fn comparison(text: &str) -> Option<(&str, String, &str)> {
    let (field, rest) = text.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let rest = rest.get(..3).filter(|word| word.eq_ignore_ascii_case("eq ")).map(|_| rest[3..].trim_start())?;
    let mut rest = rest.strip_prefix('\'')?;
    let mut value = String::new();
    loop {
        let (part, after) = rest.split_once('\'')?;
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(after) => {
                value.push('\'');
                rest = after;
            }
            None => return Some((field, value, after)),
        }
    }
}

fn bad_filter(text: &str) -> ArmError {
    let seen: String = text.chars().take(200).collect();
    let text = format!(
        "$filter is `{seen}`; wanted FIELD eq 'VALUE', joined by `and`, with resourceGroup, resourceType, name, location, \
         tagName and tagValue"
    );
    ArmError::bad_request("InvalidFilterInQueryString", text).at("$filter")
}

async fn in_subscription(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::subscription(tx, call.id.subscription()).await?;
    list(tx, call, Filter::of(call)?).await
}

async fn in_group(tx: &mut Tx<'_>, call: &Call) -> Handled {
    scope::group(tx, &call.id).await?;
    let group = call.id.group().map(str::to_lowercase);
    list(tx, call, Filter { group, ..Filter::of(call)? }).await
}

/// Only what stands in a group by itself; children are listed by their parents.
async fn list(tx: &mut Tx<'_>, call: &Call, filter: Filter) -> Handled {
    let (limit, after) = scope::page(tx, call)?;
    let kinds = match &filter.kind {
        Some(kind) if !TOP_KINDS.contains(&kind.as_str()) => return Ok(Answer::List { items: Vec::new(), next: None }),
        Some(kind) => vec![kind.clone()],
        None => TOP_KINDS.iter().map(|&kind| kind.to_owned()).collect(),
    };
    // Without a finer filter the store can stop at the page's end.
    let plain = filter.name.is_none() && filter.location.is_none() && filter.tag.is_none();
    let query = Query {
        kinds,
        subscription: call.id.subscription().to_lowercase(),
        group: filter.group.clone().unwrap_or_default(),
        top: true,
        after,
        limit: if plain { limit.saturating_add(1) } else { 0 },
        ..Query::default()
    };
    let mut found = tx.list(&query).await?;
    found.retain(|row| filter.takes(row));
    let (page, next) = scope::cut(found, limit);
    let expand = call.query.get("$expand").map(|text| text.to_lowercase()).unwrap_or_default();
    Ok(Answer::List { items: page.iter().map(|row| show(row, &expand)).collect(), next })
}

/// A resource in a list over types: without its properties.
fn show(row: &Resource, expand: &str) -> Value {
    let mut shown = json!({
        "id": row.id,
        "name": row.id.rsplit('/').next().unwrap_or_default(),
        "type": spelling(&row.kind),
        "location": row.document["location"],
        "tags": row.document["tags"].as_object().cloned().unwrap_or_default(),
    });
    if row.document["sku"].is_object() {
        shown["sku"] = row.document["sku"].clone();
    }
    if expand.contains("createdtime") {
        shown["createdTime"] = json!(row.created.to_string());
    }
    if expand.contains("changedtime") {
        shown["changedTime"] = json!(row.changed.to_string());
    }
    if expand.contains("provisioningstate") {
        let state = [&row.document["provisioningState"], &row.document["properties"]["provisioningState"]];
        shown["provisioningState"] = json!(state.iter().find_map(|state| state.as_str()).unwrap_or("Succeeded"));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_of_clients_are_read() {
        let filter =
            Filter::parse("resourceGroup eq 'RG1' and resourceType eq 'Microsoft.Network/routeFilters'").unwrap();
        assert_eq!(filter.group.as_deref(), Some("rg1"));
        assert_eq!(filter.kind.as_deref(), Some("microsoft.network/routefilters"));
        let filter = Filter::parse("tagName eq 'it''s' AND tagValue eq 'b'").unwrap();
        assert_eq!(filter.tag, Some(("it's".to_owned(), Some("b".to_owned()))));
    }

    #[test]
    fn other_filters_are_refused() {
        for text in [
            "x",
            "name eq",
            "name eq 'a",
            "name eq 'a' or name eq 'b'",
            "name ne 'a'",
            "tagValue eq 'b'",
            "name eq 'a' and ",
        ] {
            assert_eq!(Filter::parse(text).unwrap_err().code, "InvalidFilterInQueryString", "{text}");
        }
    }
}
