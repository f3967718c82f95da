//! What the store holds in the end, judged whole: every table, row by row.

use control::{Carriers, Settings};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often it is looked whether every operation has ended: some minutes, and a lease is ten seconds.
const LOOKS: u32 = 600;

/// Tables as a backup has them: the columns in its order, as text where they are text.
struct Tables(BTreeMap<String, Vec<Vec<Value>>>);

impl Tables {
    fn read(file: &Path) -> Self {
        let mut tables: BTreeMap<String, Vec<Vec<Value>>> = BTreeMap::new();
        for line in std::fs::read_to_string(file).unwrap().lines().skip(1) {
            let row: BTreeMap<String, Value> = serde_json::from_str(line).unwrap();
            for (name, row) in row {
                if let Value::Array(row) = row {
                    tables.entry(name).or_default().push(row);
                }
            }
        }
        Self(tables)
    }

    fn rows(&self, table: &str) -> &[Vec<Value>] {
        self.0.get(table).map_or(&[], Vec::as_slice)
    }
}

/// A resource of the backup.
struct Row {
    key: String,
    kind: String,
    parent: Option<String>,
    document: Value,
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn json(value: &Value) -> Value {
    value.as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// Waits until no operation is at work; complains of those that stay.
pub(crate) fn ended(database: &str) -> Vec<String> {
    block(async {
        let store = store::open(database).await.unwrap();
        for _ in 0..LOOKS {
            if store.running("").await.unwrap().is_empty() {
                return Vec::new();
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let left = store.running("").await.unwrap();
        left.iter()
            .map(|left| format!("operation {} ({}) on {} does not end", left.id, left.kind, left.resource))
            .collect()
    })
}

/// Everything that is wrong in a store that nobody writes any more.
pub(crate) fn store(database: &str, folder: &Path) -> Vec<String> {
    let file = folder.join("backup");
    let mut wrong = block(async {
        store::backup(database, &file).await.unwrap();
        let settings = Settings {
            base: String::new(),
            catalog: Arc::new(catalog::Catalog::with_files(|_| None).unwrap()),
            carriers: Carriers::Loopback,
            page: 100,
            remember: Duration::from_secs(3600),
            traces: control::trace::Traces::default(),
        };
        let store = store::open(database).await.unwrap();
        let astray = control::intent::astray(&*store, &settings).await.unwrap();
        astray.into_iter().map(|text| format!("intent: {text}")).collect::<Vec<_>>()
    });
    let tables = Tables::read(&file);
    let resources: BTreeMap<String, Row> = tables
        .rows("resources")
        .iter()
        .map(|row| {
            let key = text(&row[0]);
            let parent = row[3].as_str().map(str::to_owned);
            (key.clone(), Row { key, kind: text(&row[2]), parent, document: json(&row[10]) })
        })
        .collect();
    rows(&resources, &mut wrong);
    claims(&tables, &resources, &mut wrong);
    audit(&tables, &resources, &mut wrong);
    for row in tables.rows("operations").iter().filter(|row| row[7] == "InProgress") {
        wrong.push(format!("operation {} is in progress", row[0]));
    }
    wrong
}

/// Children have parents, references lead somewhere and back, nothing stays half done, nothing is there twice.
fn rows(resources: &BTreeMap<String, Row>, wrong: &mut Vec<String>) {
    let mut once: BTreeMap<String, &str> = BTreeMap::new();
    for row in resources.values() {
        let properties = &row.document["properties"];
        if let Some(parent) = row.parent.as_ref().filter(|parent| !resources.contains_key(*parent)) {
            wrong.push(format!("{} has no parent {parent}", row.key));
        }
        let state = properties["provisioningState"].as_str().unwrap_or("Succeeded");
        if !["Succeeded", "Failed"].contains(&state) {
            wrong.push(format!("{} is {state} for ever", row.key));
        }
        let mut unique = Vec::new();
        for (field, value) in [("service key", &properties["serviceKey"]), ("address", &properties["ipAddress"])] {
            unique.extend(
                value
                    .as_str()
                    .filter(|_| row.kind != "microsoft.network/expressroutecrossconnections")
                    .map(|value| format!("{field} {value}")),
            );
        }
        if let Some(label) = properties["dnsSettings"]["domainNameLabel"].as_str() {
            unique.push(format!("DNS label {label}"));
        }
        if row.kind == "microsoft.network/expressroutecircuits" {
            let plant = &row.document["plant"];
            unique.push(format!("outer tag {} of {}", properties["stag"], plant["primaryPort"]));
            for link in plant["links"].as_array().into_iter().flatten() {
                let back = resources.get(&text(link).to_lowercase());
                let back = back.map(|back| text(&back.document["properties"]["peer"]["id"]).to_lowercase());
                if back.as_deref() != Some(&row.key) {
                    wrong.push(format!("{} names {link}, which names {back:?}", row.key));
                }
            }
        }
        if row.kind == "microsoft.network/connections" {
            let circuit = resources.get(&text(&properties["peer"]["id"]).to_lowercase());
            let links = circuit.map(|circuit| circuit.document["plant"]["links"].to_string().to_lowercase());
            if !links.as_ref().is_some_and(|links| links.contains(&row.key)) {
                wrong.push(format!("{} is none of the links {links:?} of its circuit", row.key));
            }
        }
        if let Some(user) = properties["connectionResourceUri"].as_str().filter(|user| !user.is_empty())
            && !resources.contains_key(&user.to_lowercase())
        {
            wrong.push(format!("{} is used by {user}, which is not there", row.key));
        }
        if row.kind.ends_with("expressroutecircuits/peerings") {
            unique.push(format!("VLAN {} of {:?}", properties["vlanId"], row.parent));
            for link in ["primary", "secondary"] {
                unique.push(format!("subnet {} of {:?}", properties[format!("{link}PeerAddressPrefix")], row.parent));
            }
        }
        for unique in unique {
            if let Some(other) = once.insert(unique.clone(), &row.key) {
                wrong.push(format!("{unique}: both {other} and {} have it", row.key));
            }
        }
    }
}

/// Every claim is held by something that is there, and what needs one has it.
fn claims(tables: &Tables, resources: &BTreeMap<String, Row>, wrong: &mut Vec<String>) {
    let claims: BTreeMap<String, String> =
        tables.rows("claims").iter().map(|row| (text(&row[0]), text(&row[1]))).collect();
    for (claim, holder) in &claims {
        if !resources.contains_key(holder) {
            wrong.push(format!("claim {claim} is held by {holder}, which is not there"));
        }
    }
    let mut wanted: BTreeSet<(String, &str)> = BTreeSet::new();
    for row in resources.values() {
        let properties = &row.document["properties"];
        if row.kind == "microsoft.network/expressroutecircuits" {
            wanted.insert((format!("service-key/{}", text(&properties["serviceKey"])), &row.key));
        }
        if let (true, Some(circuit)) = (row.kind.ends_with("expressroutecircuits/peerings"), &row.parent) {
            wanted.insert((format!("vlan/{circuit}/{}", properties["vlanId"]), &row.key));
            for link in ["primary", "secondary"] {
                let subnet = text(&properties[format!("{link}PeerAddressPrefix")]);
                wanted.insert((format!("subnet/{circuit}/{subnet}"), &row.key));
                if row.key.ends_with("/microsoftpeering") {
                    wanted.insert((format!("subnet/microsoft/{subnet}"), &row.key));
                }
            }
        }
        if let Some(label) = properties["dnsSettings"]["domainNameLabel"].as_str() {
            wanted.insert((format!("dns/{}/{label}", text(&row.document["location"])), &row.key));
        }
    }
    for (claim, row) in &wanted {
        if claims.get(claim).map(String::as_str) != Some(row) {
            wrong.push(format!("{row} has no claim {claim}: {:?} has", claims.get(claim)));
        }
    }
    // No peering holds more than it shows.
    for (claim, holder) in claims.iter().filter(|(claim, _)| claim.starts_with("vlan/") || claim.starts_with("subnet/"))
    {
        if !wanted.contains(&(claim.clone(), holder)) {
            wrong.push(format!("claim {claim} stays with {holder}, which shows another"));
        }
    }
}

/// Each line of the log begins where the one before ended, the last ends with what is there, and none tells secrets.
fn audit(tables: &Tables, resources: &BTreeMap<String, Row>, wrong: &mut Vec<String>) {
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for row in tables.rows("audit") {
        let (key, before, after) = (text(&row[4]), json(&row[5]), json(&row[6]));
        let was = last.insert(key.clone(), after).unwrap_or_default();
        // A parent that is written for its child's sake leaves no line, and its document is the same.
        if was != before {
            wrong.push(format!("audit {} of {key}: before is {before}, the line before ended with {was}", row[0]));
        }
        if [&row[5], &row[6]].iter().any(|document| text(document).contains("md5-")) {
            wrong.push(format!("audit {} of {key} tells a key", row[0]));
        }
    }
    for (key, last) in &last {
        let is = resources.get(key).map(|row| row.document.clone()).unwrap_or_default();
        if *last != is {
            wrong.push(format!("audit of {key}: it ends with {last}, and there is {is}"));
        }
    }
    for key in resources.keys().filter(|key| !last.contains_key(*key)) {
        wrong.push(format!("audit: nothing is told of {key}"));
    }
}

fn block<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}
