//! Who changed what.

use crate::app::Handled;
use crate::{Answer, Call, Tx};
use arm_api::ArmError;
use serde_json::json;

/// No page of the audit log is longer.
const LONGEST: u32 = 1000;

/// The audit log, newest first: `?resource=` of a resource and what is below it, `?top=` so many.
pub(super) async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let number = |key: &str| call.query.get(key).map(|text| text.parse::<u64>().map_err(|_| no_number(key, text)));
    let before = number("$skiptoken").transpose()?;
    let top = number("top").transpose()?.and_then(|top| u32::try_from(top).ok()).unwrap_or(100).clamp(1, LONGEST);
    let resource = call.query.get("resource").map(|key| key.to_lowercase()).unwrap_or_default();
    let entries = tx.store().audit(&resource, before, top).await?;
    let next = entries.last().filter(|_| entries.len() as u64 >= u64::from(top)).map(|entry| entry.number.to_string());
    let items = entries.into_iter().map(|entry| {
        let hide = |document: Option<serde_json::Value>| {
            document.map(|mut document| {
                if let Some(map) = document.as_object_mut() {
                    map.remove("secretHash");
                }
                document
            })
        };
        json!({
            "number": entry.number,
            "at": entry.at.to_string(),
            "who": entry.who,
            "request": entry.request,
            "resource": entry.key,
            "before": hide(entry.before),
            "after": hide(entry.after),
        })
    });
    Ok(Answer::List { items: items.collect(), next })
}

fn no_number(key: &str, text: &str) -> ArmError {
    let seen: String = text.chars().take(40).collect();
    ArmError::bad_request("InvalidRequestContent", format!("`{seen}` is no number")).at(key)
}
