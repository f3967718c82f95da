//! The provider's part: the circuits that were provisioned, tagged and on Microsoft's ports.

use crate::carrier::{HandOff, Tagged};
use crate::routers::run;
use crate::topology::{LinkKind, ProcessKind};
use crate::{Error, Lab, service};
use dataplane::QinqBackend;
use edge_api::Side;
use model::PeeringKind;
use planner::Plan;
use socket::Namespace;
use std::collections::BTreeMap;

/// Starts what carries the circuits, with the tags that the order brought.
///
/// # Errors
///
/// The kernel refuses.
pub(crate) fn hand_over(lab: &mut Lab, plan: &Plan) -> Result<(), Error> {
    let tags = service::outer_tags(lab, plan)?;
    let tagging = tagging(lab)?;
    for process in lab.topology().processes.clone() {
        let (ProcessKind::Carrier { edge }, Some(node)) = (&process.kind, &process.node) else { continue };
        let Some(hand_off) = hand_off(lab, plan, node, edge, tagging, &tags)? else { continue };
        let folder = lab.folder_of(node);
        std::fs::create_dir_all(&folder).map_err(Error::io(folder.display().to_string()))?;
        let file = folder.join(format!("{edge}.json"));
        let text = serde_json::to_vec_pretty(&hand_off).map_err(|error| Error::io(edge.clone())(error.into()))?;
        std::fs::write(&file, text).map_err(Error::io(file.display().to_string()))?;
        let args = vec!["lab".to_owned(), "carry".to_owned(), file.display().to_string()];
        run(lab, &process.name, Some(node), service::own()?, args, &folder)?;
    }
    Ok(())
}

/// What puts tags on: what this machine can do best, unless it was chosen by hand. The edges of the lab choose the same.
///
/// # Errors
///
/// The machine does not tell what it can do.
pub(crate) fn tagging(lab: &Lab) -> Result<QinqBackend, Error> {
    let caps = dataplane::linux::probe().map_err(Error::io("what this machine can do"))?;
    let chosen = lab.state().tagging.map_or(Ok(caps.clone()), |way| caps.with_qinq(way));
    Ok(chosen.map_err(|error| Error::No(error.to_string()))?.qinq)
}

/// What a provider hands over to one edge.
fn hand_off(
    lab: &Lab,
    plan: &Plan,
    provider: &str,
    edge: &str,
    tagging: QinqBackend,
    tags: &BTreeMap<String, u16>,
) -> Result<Option<HandOff>, Error> {
    let topology = lab.topology();
    let side = if edge.ends_with("-a") { Side::Primary } else { Side::Secondary };
    let trunk = topology.links_of(provider).find(|link| link.kind == LinkKind::Trunk { edge: edge.to_owned() });
    let Some(trunk) = trunk.and_then(|link| link.lanes.first()) else { return Ok(None) };
    let mut hand_off = HandOff { trunk: trunk.devices[0].clone(), tagging, lanes: Vec::new() };
    for link in topology.links_of(provider) {
        let LinkKind::Access { circuit, side: of } = &link.kind else { continue };
        let (true, Some(s_tag)) = (*of == side, tags.get(circuit)) else { continue };
        for lane in &link.lanes {
            let Some((_, peering)) = &lane.peering else { continue };
            let kind = match peering {
                edge_api::Peering::Private => PeeringKind::Private,
                edge_api::Peering::Microsoft => PeeringKind::Microsoft,
            };
            let peering = plan.circuit(circuit).and_then(|of| of.peerings.iter().find(|of| of.kind == kind));
            let Some(vlan) = peering.and_then(|peering| peering.vlan) else { continue };
            if tagging == QinqBackend::Packet {
                // What reads whole frames at the provider wants them finished.
                let router = Namespace::named(&link.ends[0]).map_err(Error::io(link.ends[0].clone()))?;
                let finished = socket::frame::finish_in_software(&lane.devices[0], Some(&router));
                finished.map_err(Error::io(lane.devices[0].clone()))?;
            }
            let device = lane.devices[1].clone();
            hand_off.lanes.push(Tagged { device, s_tag: *s_tag, c_tag: vlan.value.number() });
        }
    }
    Ok(Some(hand_off))
}

/// The domains of Microsoft peerings at the edges that end them, by the names of their namespaces.
///
/// # Errors
///
/// The service does not answer.
pub(crate) fn microsoft(lab: &Lab, plan: &Plan) -> Result<Vec<String>, Error> {
    let tags = service::outer_tags(lab, plan)?;
    let mut domains = Vec::new();
    for circuit in &plan.circuits {
        let (Some(tag), Some(location)) = (tags.get(circuit.name.as_str()), &circuit.location) else { continue };
        for peering in circuit.peerings.iter().filter(|peering| peering.kind == PeeringKind::Microsoft) {
            let Some(vlan) = peering.vlan else { continue };
            for side in [Side::Primary, Side::Secondary] {
                let edge = edge_api::edge_name(location, side);
                domains.push(format!("tp-{edge}-{tag}-{}", vlan.value.number()));
            }
        }
    }
    Ok(domains)
}
