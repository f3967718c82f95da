//! Security: where the hand-offs end, what guards them, and who may change them.
//!
//! Papers first (SEC-001, SEC-002), then the place of the hand-offs, encryption, the gateway's subnet, and who
//! and what may come in.

mod default_route_without_deny;
mod filtered_gateway_subnet;
mod handoff_in_wrong_zone;
mod inbound_unfiltered;
mod no_perimeter_plan;
mod no_security_review;
mod session_without_md5;
mod shared_edge;
mod unfit_encryption;
mod wide_roles_or_bare_keys;

use crate::{Facts, Rule, Spot, Subject};

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &default_route_without_deny::RULE,
    &filtered_gateway_subnet::RULE,
    &handoff_in_wrong_zone::RULE,
    &inbound_unfiltered::RULE,
    &no_perimeter_plan::RULE,
    &no_security_review::RULE,
    &session_without_md5::RULE,
    &shared_edge::RULE,
    &unfit_encryption::RULE,
    &wide_roles_or_bare_keys::RULE,
];

/// One key of the design's security.
fn at<'a>(facts: &Facts<'_>, key: &'a str) -> Spot<'a> {
    Subject::Design.at(key, facts.design.security.place.or(facts.design.place))
}
