//! What a circuit stands on, beside its body: where it is, its ports, who else has to do with it.

use crate::{Fault, Tx};
use arm_api::ArmError;
use edge_api::{Side, edge_name};
use serde::{Deserialize, Serialize};
use store::Resource;
use uuid::Uuid;

/// The field of a circuit's document that holds it; answers leave it out.
const FIELD: &str = "plant";

/// What a circuit stands on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Plant {
    /// The peering location, also of a circuit on ports of one's own.
    pub(crate) location: String,
    /// The port of the primary link, as the provider is told.
    pub(crate) primary_port: String,
    /// The port of the secondary link.
    pub(crate) secondary_port: String,
    /// The key of the provider's cross connection; nothing on ports of one's own.
    pub(crate) cross_connection: Option<String>,
    /// Ids of connections from gateways and by Global Reach: what counts as a virtual network link.
    pub(crate) links: Vec<String>,
}

impl Plant {
    /// That of a circuit.
    pub(crate) fn of(circuit: &Resource) -> Self {
        serde_json::from_value(circuit.document[FIELD].clone()).unwrap_or_default()
    }

    /// Writes it into a circuit.
    pub(crate) fn put(&self, circuit: &mut Resource) {
        circuit.document[FIELD] = serde_json::to_value(self).unwrap_or_default();
    }

    /// That of a new circuit by a provider: a pair of ports, one at each edge of the location.
    pub(crate) fn at(location: &str, provider: &str) -> Self {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let provider: String = provider.chars().map(letter).collect();
        let port = |side| format!("{}-{provider}", edge_name(location, side));
        Self {
            location: location.to_owned(),
            primary_port: port(Side::Primary),
            secondary_port: port(Side::Secondary),
            ..Self::default()
        }
    }
}

/// Notes a connection to a circuit, which counts as a virtual network link. Who makes one calls it in the same
/// transaction; again changes nothing.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn link(tx: &mut Tx<'_>, circuit: &str, connection: &str) -> Result<(), Fault> {
    links(tx, circuit, |links| {
        if !links.iter().any(|link| link.eq_ignore_ascii_case(connection)) {
            links.push(connection.to_owned());
        }
    })
    .await
}

/// Notes that a connection is gone.
///
/// # Errors
///
/// The store failed.
pub(crate) async fn unlink(tx: &mut Tx<'_>, circuit: &str, connection: &str) -> Result<(), Fault> {
    links(tx, circuit, |links| links.retain(|link| !link.eq_ignore_ascii_case(connection))).await
}

async fn links(tx: &mut Tx<'_>, circuit: &str, change: impl FnOnce(&mut Vec<String>)) -> Result<(), Fault> {
    let Some(mut row) = tx.get_key(circuit).await? else { return Ok(()) };
    let mut plant = Plant::of(&row);
    let before = plant.links.clone();
    change(&mut plant.links);
    if plant.links != before {
        plant.put(&mut row);
        tx.put(row);
    }
    Ok(())
}

/// A free outer tag on a pair of provider ports, claimed for a circuit. Another circuit that takes the same at the same
/// time makes the decision begin again.
///
/// # Errors
///
/// 400 `PortPairFull` when all are taken; the store failed.
pub(super) async fn outer_tag(tx: &mut Tx<'_>, plant: &Plant, circuit: &str, seed: Uuid) -> Result<u16, Fault> {
    const TAGS: u64 = 4094;
    if let Some(number) = tx.claim_one(&format!("s-tag/{}", plant.primary_port), 1..=TAGS, circuit, seed).await? {
        return Ok(u16::try_from(number).unwrap_or_default());
    }
    let text = format!("all {TAGS} outer tags on {} are taken; order at another peering location", plant.primary_port);
    let target = "properties.serviceProviderProperties.peeringLocation";
    Err(ArmError::bad_request("PortPairFull", text).at(target).into())
}
