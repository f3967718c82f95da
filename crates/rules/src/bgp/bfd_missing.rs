//! Rule: a link has no BFD, or a slow one.

use super::NO_PEERING;
use crate::{Answer, Facts, PeeringView, Tally};
use model::{Bfd, BfdState};

rule! {
    /// ## What it asks
    /// Your routers speak BFD on both links of each peering, every 300 ms, with three packets lost until the link
    /// counts as down. In a running network BFD is up on both.
    /// ## Why it matters
    /// Without BFD only the BGP hold timer sees that a link is gone, after up to three minutes. With it the other
    /// link takes over in about a second.
    /// ## How to mend it
    /// Turn BFD on for both neighbours with 300 ms and a multiplier of 3. Microsoft's side has it on already; a peering
    /// from before August 2018 gets it when it is disabled and enabled once.
    pub(crate) static RULE = {
        id: "NET-BGP-019",
        name: "bfd-missing",
        title: "both links have BFD, 300 ms times 3",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2018,
        sources: [BFD],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.private|microsoft.bfd",
            "circuits.*.private|microsoft.primary|secondary.bfd_state",
        ],
        guard: "no circuit has a peering",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {private: {bfd: 150 ms x 3}}}";
            pass(live) "{design: {circuits: {'*': {private: {bfd: null}}}}}";
            fail "circuits: {'*': {private: {bfd: off}}}";
            fail "circuits: {'*': {private: {bfd: 1000 ms x 3}}}";
            fail(live) "circuits: {'*': {private: {primary: {bfd_state: down}}}}";
            unknown "circuits: {amsterdam: {private: {bfd: null}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let wanted = Timers {
        interval: facts.limit("bgp", "bfd-interval", "")?,
        multiplier: facts.limit("bgp", "bfd-multiplier", "")?,
    };
    let mut tally = Tally::new();
    for view in facts.peerings() {
        let (seen, unseen): (Vec<_>, Vec<_>) =
            view.links().into_iter().partition(|link| link.link.bfd_state.is_known());
        for link in seen {
            tally.expect(link.at("bfd_state"), &link.link.bfd_state, |state| *state == BfdState::Up, BfdState::Up);
        }
        if !unseen.is_empty() {
            configured(view, &wanted, &mut tally);
        }
    }
    tally.verdict(NO_PEERING)
}

/// The timers of the catalogue.
struct Timers {
    interval: u64,
    multiplier: u64,
}

/// A link is down after interval times multiplier; that may be shorter than asked, since the slower side sets the pace.
fn configured(view: PeeringView<'_>, wanted: &Timers, tally: &mut Tally) {
    let expected = format!("{} ms x {}", wanted.interval, wanted.multiplier);
    let quick = |bfd: &Bfd| match bfd {
        Bfd::Off => false,
        Bfd::On { interval_ms, multiplier } => {
            u64::from(*interval_ms) * u64::from(*multiplier) <= wanted.interval * wanted.multiplier
        }
    };
    tally.expect(view.at("bfd"), &view.peering.bfd, quick, expected);
}
