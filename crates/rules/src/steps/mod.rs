//! Configuration steps: the closing lists of the prerequisites pages, as gates.
//!
//! What to read (CFG-001, CFG-007), what to look up and to fulfil (CFG-002, CFG-003, which take over the verdicts
//! of other rules), then what to configure in order: circuit, peerings, links to VNets (CFG-004 to
//! CFG-006). Those three are asked once the control plane gives evidence. PUB-001 stands here too: it
//! closes the way that the page of 2015 still offered, public peering.

mod circuit_not_created;
mod faq_unread;
mod peering_not_configured;
mod provider_not_looked_up;
mod public_peering_planned;
mod routing_requirements_unmet;
mod vnet_not_linked;
mod well_architected_unread;

use crate::Rule;

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &circuit_not_created::RULE,
    &faq_unread::RULE,
    &peering_not_configured::RULE,
    &provider_not_looked_up::RULE,
    &public_peering_planned::RULE,
    &routing_requirements_unmet::RULE,
    &vnet_not_linked::RULE,
    &well_architected_unread::RULE,
];
