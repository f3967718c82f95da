//! The log as a story: what was made, changed and ended, and by whom, as the audit log has it.
//!
//! Each change of a resource is one line at most; what a client did not mean to happen by itself (a parent that is written
//! for its child's sake, rows of the service's own) is none.

use super::listen::stopped;
use serde_json::Value;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use store::{AuditEntry, Store};
use tokio::sync::watch;

/// How many lines are told at a time; of more than that, only how many.
const AT_ONCE: u32 = 100;

/// Fields whose change is worth a word, by the end of their name.
const STATES: [&str; 5] = [
    "provisioningState",
    "serviceProviderProvisioningState",
    "advertisedPublicPrefixesState",
    "connectionStatus",
    "authorizationUseStatus",
];

/// Tells what happens until `stop` says true. Lines are events of the target `twinpath::story`.
pub(super) async fn tell(store: Arc<dyn Store>, mut stop: watch::Receiver<bool>) {
    let mut last = newest(&*store).await;
    let mut revision = store.changed(0, Duration::ZERO).await;
    while !*stop.borrow() {
        tokio::select! {
            () = stopped(&mut stop) => return,
            changed = store.changed(revision, Duration::from_secs(5)) => revision = changed,
        }
        let Ok(mut entries) = store.audit("", None, AT_ONCE).await else { continue };
        entries.retain(|entry| entry.number > last);
        entries.reverse();
        if let (Some(first), Some(newest)) = (entries.first(), entries.last()) {
            if first.number > last + 1 && last > 0 {
                tracing::info!(target: "twinpath::story", "… and {} changes more", first.number - last - 1);
            }
            last = newest.number;
        }
        for entry in &entries {
            if let Some(line) = line(entry) {
                tracing::info!(target: "twinpath::story", request = entry.request, "{line}");
            }
        }
        // A burst is read in one go.
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn newest(store: &dyn Store) -> u64 {
    store.audit("", None, 1).await.ok().and_then(|entries| entries.first().map(|entry| entry.number)).unwrap_or(0)
}

/// The line of a change, like `circuit ams  made by customer · key 4f1c…`; nothing when there is nothing to tell.
fn line(entry: &AuditEntry) -> Option<String> {
    let parts: Vec<&str> = entry.key.split('/').collect();
    let [.., kind, name] = *parts else { return None };
    let (kind, depth) = match (parts.get(1), parts.len()) {
        (Some(&"twinpath"), _) => match kind {
            "principals" | "tenants" | "settings" => (kind, 0),
            _ => return None,
        },
        (_, length) => (kind, length),
    };
    let what = word(kind);
    // A child says whose it is.
    let name = match depth {
        11.. => format!("{}/{name}", parts.get(8).copied().unwrap_or_default()),
        _ => name.to_owned(),
    };
    let mut text = format!("{what:<13} {name:<24} ");
    let who = &entry.who;
    match (&entry.before, &entry.after) {
        (None, Some(after)) => {
            let _ = write!(text, "made by {who}");
            if let Some(key) = field(after, "serviceKey").and_then(Value::as_str) {
                let _ = write!(text, " · service key {key}");
            }
        }
        (Some(_), None) => {
            let _ = write!(text, "deleted by {who}");
        }
        (Some(before), Some(after)) if before != after => {
            let changed: Vec<String> = STATES
                .iter()
                .filter_map(|name| {
                    let (old, new) = (field(before, name), field(after, name)?);
                    (old != Some(new)).then(|| format!("{}{}", label(name), new.as_str().unwrap_or_default()))
                })
                .collect();
            match (changed.is_empty(), who.as_str()) {
                (false, "service") => text.push_str(&changed.join(" · ")),
                (false, _) => {
                    let _ = write!(text, "{} · by {who}", changed.join(" · "));
                }
                (true, "service") => return None,
                (true, _) => {
                    let _ = write!(text, "changed by {who}");
                }
            }
        }
        (Some(_), Some(_)) | (None, None) => return None,
    }
    Some(text)
}

/// What a state is called in a line.
fn label(field: &str) -> &'static str {
    match field {
        "serviceProviderProvisioningState" => "provider: ",
        "advertisedPublicPrefixesState" => "prefixes: ",
        "provisioningState" => "",
        _ => "now ",
    }
}

/// What people call a type.
fn word(kind: &str) -> &str {
    match kind {
        "expressroutecircuits" => "circuit",
        "expressroutecrossconnections" => "cross conn.",
        "expressrouteports" => "port pair",
        "peerings" => "peering",
        "authorizations" => "authorization",
        "routefilters" => "route filter",
        "routefilterrules" => "filter rule",
        "virtualnetworks" => "vnet",
        "subnets" => "subnet",
        "virtualnetworkgateways" => "gateway",
        "publicipaddresses" => "public ip",
        "connections" => "connection",
        "resourcegroups" => "group",
        "subscriptions" => "subscription",
        "principals" => "principal",
        "tenants" => "tenant",
        "settings" => "order",
        other => other,
    }
}

/// The first field of a name in a document, at any depth.
fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Object(fields) => fields.get(name).or_else(|| fields.values().find_map(|value| field(value, name))),
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use serde_json::json;

    fn entry(key: &str, before: Value, after: Value) -> AuditEntry {
        let some = |value: Value| (!value.is_null()).then_some(value);
        AuditEntry {
            number: 1,
            at: Timestamp::UNIX_EPOCH,
            who: "customer".to_owned(),
            request: String::new(),
            key: key.to_owned(),
            before: some(before),
            after: some(after),
        }
    }

    #[test]
    fn a_change_is_a_line_and_a_touch_is_none() {
        let key = "/subscriptions/s/resourcegroups/g/providers/microsoft.network/expressroutecircuits/ams";
        let made = line(&entry(key, Value::Null, json!({ "serviceKey": "k" }))).unwrap();
        assert_eq!(made, format!("circuit       {:<24} made by customer · service key k", "ams"));
        let state = |state| json!({ "properties": { "serviceProviderProvisioningState": state } });
        let handed = line(&entry(key, state("NotProvisioned"), state("Provisioned"))).unwrap();
        assert!(handed.ends_with("provider: Provisioned · by customer"), "{handed}");
        assert_eq!(line(&entry(key, state("a"), state("a"))), None);
        let peering = line(&entry(&format!("{key}/peerings/p"), state("a"), Value::Null)).unwrap();
        assert!(peering.starts_with("peering       ams/p "), "{peering}");
        assert_eq!(line(&entry("/twinpath/keys/x", Value::Null, json!({}))), None);
    }
}
