//! Intents that are not what follows from the resources: there should be none, at any time at which nobody writes.

use super::{gather, reconcile};
use crate::app::circuit;
use crate::{Fault, Settings, Tx, clock};
use edge_api::{Side, edge_name};
use std::collections::BTreeMap;
use store::{Query, Store};

/// Recomputes what edges shall run from what is stored, and says where they were told otherwise: intents that are
/// missing, other than they would be written now, or of a circuit that is gone. Writes nothing.
///
/// # Errors
///
/// The store failed.
pub async fn astray(store: &dyn Store, settings: &Settings) -> Result<Vec<String>, Fault> {
    let mut found = Vec::new();
    let mut edges = BTreeMap::new();
    let circuits = Query { kinds: vec![circuit::KIND.to_owned()], ..Query::default() };
    for row in store.list(&circuits).await? {
        let mut tx = Tx::new(store, settings, clock::now(), "service", "recomputed".to_owned());
        reconcile(&mut tx, &row.key).await?;
        if tx.writes() {
            found.push(format!("the edges of {} were told otherwise than it is", row.key));
        }
        if let Some(location) = gather::location(&mut tx, &row.key).await? {
            edges.insert(row.key, [Side::Primary, Side::Secondary].map(|side| edge_name(&location, side)));
        }
    }
    for intent in store.intended("").await? {
        let circuit = intent.key.split("/peerings/").next().unwrap_or_default();
        if !edges.get(circuit).is_some_and(|edges| edges.contains(&intent.edge)) {
            found.push(format!("{} runs {}, which no circuit asks for", intent.edge, intent.key));
        }
    }
    Ok(found)
}
