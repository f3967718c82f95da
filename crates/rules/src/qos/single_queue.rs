//! Rule: all traffic towards Microsoft shares one queue.

use super::at;
use crate::{Answer, Facts, Spot, Subject, Tally};
use model::Fact;
use std::collections::BTreeSet;

rule! {
    /// ## What it asks
    /// The customer's network, and each edge router of the design, has more than one queue towards Microsoft.
    /// Three match the voice, interactive and default classes of Microsoft's table; two are noted.
    /// ## Why it matters
    /// Marks do nothing by themselves. With one queue voice waits its turn behind everything else, whatever
    /// its mark.
    /// ## How to mend it
    /// Configure a queue for each class on the routers and on the path to them.
    pub(crate) static RULE = {
        id: "QOS-004",
        name: "single-queue",
        title: "several queues lead towards Microsoft",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [QOS],
        evidence: [Plan],
        reads: ["circuits.*.microsoft", "services.m365|real_time", "qos.queues", "edges.*.queues"],
        guard: "no real-time media of Microsoft 365 takes the circuit",
        check: check,
        cases: [
            pass;
            pass "{qos: {queues: 2}, edges: {'*': {queues: null}}}";
            pass "{qos: {queues: null}, edges: {'*': {queues: 3}}}";
            fail "qos: {queues: 1}";
            fail "edges: {'*': {queues: 1}}";
            unknown "{qos: {queues: null}, edges: null, sites: null, circuits: {'*': {site: null}}}";
            unknown "{qos: {queues: null}, edges: {'*': {queues: null}}}";
            none "services: {real_time: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    super::real_time(facts)?;
    let (edges, qos) = (&facts.design.edges, &facts.design.qos);
    let mut tally = Tally::new();
    // Without a word of its own, an edge is what the network is.
    if qos.queues.is_known() || edges.is_empty() {
        ask(facts, &mut tally, at(facts, "qos.queues"), &qos.queues);
    }
    for (name, edge) in edges {
        if edge.queues.is_known() || !qos.queues.is_known() {
            ask(facts, &mut tally, Subject::Named("edges", name.as_str()).at("queues", edge.place), &edge.queues);
        }
    }
    tally.verdict("")
}

fn ask(facts: &Facts<'_>, tally: &mut Tally, spot: Spot<'_>, queues: &Fact<u32>) {
    tally.expect(spot, queues, |queues| *queues > 1, "more than one queue");
    let classes: BTreeSet<_> = facts.catalog.current_qos_classes().map(|class| &class.traffic_class).collect();
    if let Some(queues) = queues.known().filter(|queues| queues.value > 1 && (queues.value as usize) < classes.len()) {
        tally.note(spot.finding(
            Some(queues.place),
            queues.value,
            format!("{} match the table of classes", classes.len()),
        ));
    }
}
