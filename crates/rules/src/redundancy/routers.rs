//! The customer's routers that end BGP with Microsoft.

use crate::{Facts, Subject, Verdict};
use model::{Edge, Layer3};
use std::collections::BTreeMap;

/// The routers of the design by name, and those that a circuit lands on without being described (`None`).
///
/// # Errors
/// Not applicable when the provider runs layer 3 on every circuit, unknown when no router is named at all.
pub(super) fn routers<'a>(facts: &Facts<'a>) -> Result<BTreeMap<&'a str, Option<&'a Edge>>, Verdict> {
    let design = facts.design;
    let managed = |layer3: Option<&Layer3>| layer3 == Some(&Layer3::Provider);
    let own: Vec<_> = facts.circuits().filter(|view| !managed(view.connectivity(|c| &c.layer3).value())).collect();
    if own.is_empty() && !design.circuits.is_empty() {
        return Err(Verdict::guard("the provider's routers peer with Microsoft"));
    }
    let mut routers: BTreeMap<_, _> = design.edges.iter().map(|(name, edge)| (name.as_str(), Some(edge))).collect();
    for view in own {
        for port in [&view.circuit.cpe.primary, &view.circuit.cpe.secondary] {
            if let Some(port) = port.value() {
                routers.entry(port.device.as_str()).or_insert(None);
            }
        }
    }
    match routers.is_empty() {
        true => Err(Verdict::missing(Subject::Design.at("edges", design.place))),
        false => Ok(routers),
    }
}
