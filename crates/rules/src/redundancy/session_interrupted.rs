//! Rule: the two sessions of a peering were not both up all the time.

use super::sessions::families;
use crate::{Answer, Facts, Tally};
use model::SessionState;

rule! {
    /// ## What it asks
    /// Both sessions of each peering were up at the same time, for the whole of the time observed.
    /// ## Why it matters
    /// The availability promise counts only while both sessions stand. Time during which one was down is time without
    /// the promise, even when the other carried all traffic and nobody noticed.
    /// ## How to mend it
    /// Find out why the session went down: the log of your router, the ARP tables of both links, the provider's notices
    /// of maintenance. BFD shortens what remains. Set an alert on the BGP availability of each link, so that the next
    /// time does not pass unseen.
    pub(crate) static RULE = {
        id: "NET-RED-004",
        name: "session-interrupted",
        title: "both sessions of a peering are up at the same time, all the time",
        severity: Required,
        owner: You,
        stage: Live,
        since: 2023,
        sources: [ROUTING, PLANNED_MAINTENANCE],
        evidence: [Live],
        reads: [
            "circuits.*.private|microsoft.subnets",
            "circuits.*.private|microsoft.subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet",
            "circuits.*.private|microsoft.primary|secondary.subnet_v6",
            "circuits.*.private|microsoft.primary|secondary.session",
            "circuits.*.private|microsoft.primary|secondary.session_v6",
            "circuits.*.private|microsoft.primary|secondary.up_throughout",
        ],
        guard: "no peering is planned",
        check: check,
        cases: [
            pass(live);
            fail(live) "circuits: {'*': {private: {secondary: {up_throughout: false}}}}";
            fail(live) "circuits: {'*': {microsoft: {primary: {session: idle}}}}";
            unknown(live) "circuits: {'*': {private: {primary: {up_throughout: null}}}}";
            none(live) "{design: {circuits: null, nat: null}, ordered: {circuits: null}, live: {circuits: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for peering in facts.peerings() {
        for link in peering.links() {
            let spot = link.at("up_throughout");
            let down = families(peering)
                .filter_map(|family| Some((family, link.session(family).known()?)))
                .find(|(_, state)| state.value != SessionState::Established);
            match (down, link.link.up_throughout.known()) {
                (Some((family, state)), _) => {
                    let seen = format!("the {family} session is {}", state.value);
                    tally.fail(spot.finding(Some(state.place), seen, "both sessions up at the same time"));
                }
                (None, Some(up)) if up.value => tally.pass(up),
                (None, Some(up)) => {
                    let seen = "a session was down during the time observed";
                    tally.fail(spot.finding(Some(up.place), seen, "both sessions up at the same time"));
                }
                (None, None) => tally.unknown(spot),
            }
        }
    }
    tally.verdict("no peering is planned")
}
