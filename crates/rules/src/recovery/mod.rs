//! Recovery: what is left when a whole circuit, location, provider or site is lost.
//!
//! `DR-001` asks for a second circuit elsewhere, `DR-003` and `DR-004` that it shares neither provider nor site with
//! the first. The others ask whether it would take over: by its tier (`DR-005`), its routes (`DR-002`), the
//! preferences of both sides (`DR-006`) and a test (`DR-007`). `DR-008` asks what takes over where that matters most.
//! Except for the first and the last two they do not apply to a single circuit. The redundancy within one circuit
//! is asked in `redundancy`.

mod contrary_preference;
mod failover_untested;
mod several;
mod shared_provider;
mod shared_site;
mod single_location;
mod tier_apart;
mod uneven_advertisement;
mod weak_backup;

use crate::Rule;

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &contrary_preference::RULE,
    &failover_untested::RULE,
    &shared_provider::RULE,
    &shared_site::RULE,
    &single_location::RULE,
    &tier_apart::RULE,
    &uneven_advertisement::RULE,
    &weak_backup::RULE,
];
