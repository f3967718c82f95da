//! Microsoft 365 over the circuit, and Dynamics: a path that Microsoft advises against, grants by exception
//! and asks much of.
//!
//! The rules follow the way of such a project: the permission and who must have agreed to it; the split of
//! services between circuit and Internet, each path planned and measured; the circuits; what must stay on the
//! Internet; the flows that must come back the way they went; and the day on which traffic moves. All of them
//! rest on `services.m365`, the last one on `services.dynamics`.

mod capacity_short;
mod circuit_not_premium;
mod crm_lists_unread;
mod defender_not_acknowledged;
mod endpoint_changes_missed;
mod exception_not_rule;
mod excluded_service_on_circuit;
mod expansion_not_evaluated;
mod extra_licence;
mod flow_without_symmetry;
mod guidance_unread;
mod guide_not_reviewed;
mod inbound_flow_on_circuit;
mod internet_endpoint_on_circuit;
mod m365_not_authorized;
mod moved_before_validation;
mod no_way_back;
mod owners_not_named;
mod pac_order_wrong;
mod path_not_planned;
mod provider_not_selected;
mod records_out_of_date;
mod region_on_one_circuit;
mod region_without_exit;
mod service_not_included;
mod site_without_internet;
mod sla_figure;
mod source_prefix_unfit;
mod split_not_written;

use crate::{Facts, Rule, Spot, Subject};
use model::{M365Service, Name};

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &capacity_short::RULE,
    &circuit_not_premium::RULE,
    &crm_lists_unread::RULE,
    &defender_not_acknowledged::RULE,
    &endpoint_changes_missed::RULE,
    &exception_not_rule::RULE,
    &excluded_service_on_circuit::RULE,
    &expansion_not_evaluated::RULE,
    &extra_licence::RULE,
    &flow_without_symmetry::RULE,
    &guidance_unread::RULE,
    &guide_not_reviewed::RULE,
    &inbound_flow_on_circuit::RULE,
    &internet_endpoint_on_circuit::RULE,
    &m365_not_authorized::RULE,
    &moved_before_validation::RULE,
    &no_way_back::RULE,
    &owners_not_named::RULE,
    &pac_order_wrong::RULE,
    &path_not_planned::RULE,
    &provider_not_selected::RULE,
    &records_out_of_date::RULE,
    &region_on_one_circuit::RULE,
    &region_without_exit::RULE,
    &service_not_included::RULE,
    &site_without_internet::RULE,
    &sla_figure::RULE,
    &source_prefix_unfit::RULE,
    &split_not_written::RULE,
];

/// A path of the design that begins with `m365`, for a fact that may be missing.
fn at<'a>(facts: &Facts<'_>, path: &'a str) -> Spot<'a> {
    Subject::Design.at(path, facts.design.m365.place.or(facts.design.place))
}

/// One key of a service, for a fact that may be missing.
fn service_at<'a>(name: &'a Name, service: &M365Service, key: &'a str) -> Spot<'a> {
    Subject::Named("m365.services", name.as_str()).at(key, service.place)
}

/// Whether a text names something: it is neither empty nor `none`.
fn names_something(text: &str) -> bool {
    !matches!(text.trim().to_ascii_lowercase().as_str(), "" | "none" | "no" | "nobody")
}
