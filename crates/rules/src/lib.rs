//! The checklist: every prerequisite of ExpressRoute as a rule.
//!
//! A [`Rule`] is one file in the folder of its group, named by the fault it finds, declared with the
//! `rule!` macro: its manual page, its sources, its question and the cases that show each verdict.
//! The question reads [`Facts`] and gives a [`Verdict`]; [`check`] asks them all. Where the rules come
//! from is traced sentence by sentence in [`mod@statements`].
//!
//! | folder | group | about |
//! | --- | --- | --- |
//! | `account` | ACC | account and subscription |
//! | `provider` | PROV | connectivity provider |
//! | `redundancy` | NET-RED | two sessions, two links |
//! | `recovery` | DR | two circuits, two locations |
//! | `bgp` | NET-BGP | sessions, AS numbers, prefixes |
//! | `addressing` | ADDR | subnets, VLANs, gateway subnets |
//! | `nat` | NAT | address translation |
//! | `qos` | QOS | traffic classes |
//! | `security` | SEC | perimeter, encryption, roles |
//! | `m365` | M365, CRM | Microsoft 365 and Dynamics |
//! | `capacity` | CAP | limits and head-room |
//! | `steps` | CFG, PUB | configuration steps, retired peering |

#[macro_use]
mod rule;
mod engine;
mod facts;
pub mod report;
pub mod source;
pub mod statements;
mod verdict;
mod waiver;

mod account;
mod addressing;
mod bgp;
mod capacity;
mod m365;
mod nat;
mod provider;
mod qos;
mod recovery;
mod redundancy;
mod security;
mod steps;

pub use engine::{Checklist, Counts, Disagreement, Overall, Standing, check, disagreements, gravity};
pub use facts::{CircuitView, Facts, FlowView, LinkView, PeeringView, PoolView};
pub use rule::{Answer, Case, Evidence, Owner, Profile, Rule, Severity, Stage, Want};
pub use verdict::{Finding, Missing, Proof, Reason, Spot, Subject, Tally, Verdict, Waived};

use std::sync::OnceLock;

/// Every rule, sorted by id.
pub fn rules() -> &'static [&'static Rule] {
    static SORTED: OnceLock<Vec<&'static Rule>> = OnceLock::new();
    SORTED.get_or_init(|| {
        let groups = [
            account::RULES,
            addressing::RULES,
            bgp::RULES,
            capacity::RULES,
            m365::RULES,
            nat::RULES,
            provider::RULES,
            qos::RULES,
            recovery::RULES,
            redundancy::RULES,
            security::RULES,
            steps::RULES,
        ];
        let mut rules = groups.concat();
        rules.sort_unstable_by_key(|rule| rule.id);
        rules
    })
}

/// Where a rule stands among [`rules`]. They are statics, so an address says which; comparing ids costs ten times as much.
pub(crate) fn position(rule: &'static Rule) -> Option<usize> {
    static BY_ADDRESS: OnceLock<Vec<(usize, usize)>> = OnceLock::new();
    let address = |rule: &'static Rule| std::ptr::from_ref(rule).addr();
    let by_address = BY_ADDRESS.get_or_init(|| {
        let mut all: Vec<_> = rules().iter().enumerate().map(|(position, rule)| (address(rule), position)).collect();
        all.sort_unstable();
        all
    });
    let index = by_address.binary_search_by_key(&address(rule), |(address, _)| *address).ok()?;
    by_address.get(index).map(|(_, position)| *position)
}

/// The rule of an id as it is written.
pub fn rule(id: &str) -> Option<&'static Rule> {
    let index = rules().binary_search_by_key(&id, |rule| rule.id).ok()?;
    rules().get(index).copied()
}

/// The rule of an id or name, without regard to case.
pub fn find(name: &str) -> Option<&'static Rule> {
    rules().iter().copied().find(|rule| rule.id.eq_ignore_ascii_case(name) || rule.name.eq_ignore_ascii_case(name))
}
