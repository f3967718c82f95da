//! What edges shall run, from what is stored.
//!
//! [`reconcile`] gathers what the edges of a circuit could notice (`gather`): the circuit, its peerings, their filters,
//! the virtual networks behind its connections, the operator's orders. What follows from that is a pure function of
//! it (`plan`), and only what differs from what the edges were told before is written.
//!
//! Each gateway of a VNet has a tunnel of its own to each edge (`tunnel`), whose number stays as well.
//!
//! Over loopback each session has a stand-in address (`stand_in`), which stays the same for as long as its peering is.
//! [`astray`] holds the intents of a whole store against its resources.

mod astray;
mod gather;
mod plan;
mod stand_in;
mod tunnel;

pub use astray::astray;

use crate::settings::Carriers;
use crate::{Fault, Tx};
use edge_api::{Intent, Peering, Secret, Side, edge_name};
use serde_json::{Value, json};
use store::{IntentWrite, Secrets};

/// Says anew what the edges of a circuit shall run, from the circuit and all that it is linked to as the transaction
/// sees it, and writes what differs from what they were told before. Whoever changes anything that an edge could
/// notice calls it in the same transaction; calling it once more changes nothing.
///
/// # Errors
///
/// The store failed.
pub async fn reconcile(tx: &mut Tx<'_>, circuit: &str) -> Result<(), Fault> {
    let Some(location) = gather::location(tx, circuit).await? else { return Ok(()) };
    for side in [Side::Primary, Side::Secondary] {
        let edge = edge_name(&location, side);
        let facts = gather::facts(tx, circuit, &location, side).await?;
        for peering in [Peering::Private, Peering::Microsoft] {
            let key = peering_key(circuit, peering);
            let before = tx.intended(&edge, &key).await?;
            let wanted = match facts.as_ref().and_then(|facts| plan::intent(facts, peering, side)) {
                Some(mut intent) => {
                    if tx.settings.carriers == Carriers::Loopback {
                        stand_in::allot(tx, &mut intent, before.as_ref().map(|(body, _)| body)).await?;
                    }
                    tunnel::allot(tx, &mut intent, before.as_ref().map(|(body, _)| body)).await?;
                    Some(split(intent))
                }
                None => None,
            };
            if wanted != before {
                let (body, secrets) =
                    wanted.map_or((None, Secrets::default()), |(body, secrets)| (Some(body), secrets));
                tx.intend(IntentWrite { edge: edge.clone(), key, body, secrets });
            }
        }
    }
    Ok(())
}

/// The key of the order that says where a gateway is in the cloud's network.
pub(crate) fn place_key(gateway: &str) -> String {
    format!("/twinpath/settings/gateways{gateway}")
}

/// The key of a peering of a circuit.
fn peering_key(circuit: &str, peering: Peering) -> String {
    match peering {
        Peering::Private => format!("{circuit}/peerings/azureprivatepeering"),
        Peering::Microsoft => format!("{circuit}/peerings/microsoftpeering"),
    }
}

/// An intent as it is kept: its keys apart.
fn split(mut intent: Intent) -> (Value, Secrets) {
    let md5 = intent.sessions.iter_mut().filter_map(|session| session.md5.take()).next_back();
    let secrets = md5.map_or(Value::Null, |Secret(md5)| json!({ "md5": md5 }));
    (serde_json::to_value(&intent).unwrap_or_default(), Secrets(secrets))
}

/// An intent as an edge is told it: with its keys, and the number of its revision. Nothing when the row holds none.
pub(crate) fn join(row: &store::Intent) -> Option<Intent> {
    let mut intent: Intent = serde_json::from_value(row.body.clone()?).ok()?;
    intent.revision = row.revision;
    if let Some(md5) = row.secrets.0.get("md5").and_then(Value::as_str) {
        for session in &mut intent.sessions {
            session.md5 = Some(Secret(md5.to_owned()));
        }
    }
    Some(intent)
}
