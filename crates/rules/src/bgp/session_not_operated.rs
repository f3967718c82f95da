//! Rule: nobody runs the BGP sessions of a peering, or they are not up.

use crate::{Answer, Facts, PeeringView, Stage, Tally};
use model::{Layer3, PeeringState, SessionState};

rule! {
    /// ## What it asks
    /// For every peering it is settled whether you or your provider runs the BGP sessions. Once ordered, the
    /// peering is enabled; once running, each session is established on both links, in every address family that
    /// has subnets.
    /// ## Why it matters
    /// A peering is only an agreement to speak BGP. Until somebody configures the routers on your side, the
    /// circuit is paid for and carries nothing.
    /// ## How to mend it
    /// Agree with the provider who configures BGP and write it down in `connectivity.layer3`. Then configure the
    /// peering that is missing or disabled, and look at the session that is down.
    pub(crate) static RULE = {
        id: "NET-BGP-001",
        name: "session-not-operated",
        title: "you or your provider set up and run the BGP sessions of each peering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Plan, Control, Live],
        reads: [
            "connectivity.layer3",
            "circuits.*.connectivity.layer3",
            "circuits.*.private|microsoft.state",
            "circuits.*.private|microsoft.subnets|subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet|subnet_v6",
            "circuits.*.private|microsoft.primary|secondary.session|session_v6",
        ],
        guard: "the design has no circuit",
        check: check,
        cases: [
            pass;
            pass "connectivity: {layer3: provider}";
            pass(ordered);
            pass(live);
            fail "connectivity: {layer3: nobody}";
            fail "circuits: {'*': {private: {state: disabled}}}";
            fail(ordered) "circuits: {'*': {microsoft: {state: disabled}}}";
            fail(live) "circuits: {'*': {private: {primary: {session: idle}}}}";
            fail(live) "{design: {circuits: {amsterdam: {private: {subnets_v6: 'fd00:100::/125'}}}}, live: {circuits: {amsterdam: {private: {primary: {session_v6: established}, secondary: {session_v6: active}}}}}}";
            unknown "connectivity: {layer3: null}";
            unknown "circuits: {amsterdam: {private: null, microsoft: null}}";
            unknown(ordered) "circuits: {amsterdam: {private: {state: null}}}";
            unknown(live) "circuits: {amsterdam: {private: {primary: {session: null}}}}";
            none "{circuits: null, nat: {pools: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for circuit in facts.circuits() {
        let runs = circuit.connectivity(|connectivity| &connectivity.layer3);
        let settled = |layer3: &Layer3| *layer3 != Layer3::Nobody;
        tally.expect(circuit.connectivity_at("connectivity.layer3"), runs, settled, "customer or provider");
        if circuit.peerings().next().is_none() {
            tally.unknown(circuit.at("private"));
        }
        for view in circuit.peerings() {
            configured(facts, view, &mut tally);
            sessions(facts, view, &mut tally);
        }
    }
    tally.verdict("the design has no circuit")
}

/// A planned peering is meant to be on; an ordered one has to say so.
fn configured(facts: &Facts<'_>, view: PeeringView<'_>, tally: &mut Tally) {
    if facts.stage >= Stage::Ordered || view.peering.state.is_known() {
        let enabled = |state: &PeeringState| *state == PeeringState::Enabled;
        tally.expect(view.at("state"), &view.peering.state, enabled, "enabled");
    }
}

fn sessions(facts: &Facts<'_>, view: PeeringView<'_>, tally: &mut Tally) {
    if facts.stage < Stage::Live {
        return;
    }
    for (family, link) in view.families().flat_map(|family| view.links().map(|link| (family, link))) {
        let up = |state: &SessionState| *state == SessionState::Established;
        tally.expect(link.session_at(family), link.session(family), up, format!("an established {family} session"));
    }
}
