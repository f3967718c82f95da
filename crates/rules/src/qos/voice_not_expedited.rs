//! Rule: voice has no expedited class of its own.

use super::{at, class_at};
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Voice is marked EF (46), in a class that stands alone and is treated as expedited forwarding (RFC 3246).
    /// ## Why it matters
    /// Expedited forwarding means that a packet hardly ever waits. That holds only while nothing else stands in
    /// the queue; video in the class of voice brings back the delay that the class was made to avoid.
    /// ## How to mend it
    /// Mark voice EF at its source, give the mark a priority queue that holds nothing else, and set
    /// `standalone` and `ef` of the class.
    pub(crate) static RULE = {
        id: "QOS-003",
        name: "voice-not-expedited",
        title: "voice is EF, alone in an expedited class",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2023,
        sources: [QOS],
        evidence: [Plan],
        reads: ["circuits.*.microsoft", "services.m365|real_time", "qos.classes.*.dscp|standalone|ef"],
        guard: "no real-time media of Microsoft 365 takes the circuit",
        check: check,
        cases: [
            pass;
            fail "qos: {classes: {voice: {dscp: AF31}}}";
            fail "qos: {classes: {voice: {standalone: false}}}";
            fail "qos: {classes: {voice: {ef: false}}}";
            fail "qos: {classes: {'*': {dscp: EF, standalone: false, ef: false}}}";
            fail "qos: {classes: {voice: null}}";
            unknown "qos: {classes: null}";
            unknown "qos: {classes: {voice: {dscp: null}}}";
            unknown "qos: {classes: {voice: {ef: null}}}";
            none "services: {real_time: false}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    super::real_time(facts)?;
    let classes = &facts.design.qos.classes;
    let mut tally = Tally::new();
    if classes.is_empty() {
        tally.unknown(at(facts, "qos.classes"));
    }
    for wanted in facts.catalog.current_qos_classes().filter(|class| class.traffic_class == "Voice") {
        let mark = wanted.dscp;
        let mut found = classes.iter().filter(|(_, class)| class.dscp.is(&mark)).peekable();
        if found.peek().is_none() {
            let unmarked: Vec<_> = classes.iter().filter(|(_, class)| !class.dscp.is_known()).collect();
            unmarked.iter().for_each(|(name, class)| tally.unknown(class_at(name, class, "dscp")));
            if unmarked.is_empty() && !classes.is_empty() {
                let marks: Vec<_> =
                    classes.values().filter_map(|class| class.dscp.value()).map(|m| m.to_string()).collect();
                let seen = format!("classes marked {}", marks.join(", "));
                let expected = format!("a class marked {mark} ({})", mark.number());
                tally.fail(at(facts, "qos.classes").finding(None, seen, expected));
            }
        }
        for (name, class) in found {
            let (alone, treated) = ("true: voice alone in its class", "true: treatment by RFC 3246");
            tally.expect(class_at(name, class, "standalone"), &class.standalone, |standalone| *standalone, alone);
            tally.expect(class_at(name, class, "ef"), &class.ef, |ef| *ef, treated);
        }
    }
    tally.verdict("")
}
