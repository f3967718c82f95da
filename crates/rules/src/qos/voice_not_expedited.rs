//! Rule: voice has no expedited class of its own.

use super::{at, class_at, list};
use crate::{Answer, Facts, Tally, Verdict};

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
    if classes.is_empty() {
        return Err(Verdict::missing(at(facts, "qos.classes")));
    }
    let mut tally = Tally::new();
    for wanted in facts.catalog.current_qos_classes().filter(|class| class.traffic_class == "Voice") {
        let mark = wanted.dscp;
        let voice: Vec<_> = classes.iter().filter(|(_, class)| class.dscp.is(&mark)).collect();
        for (name, class) in &voice {
            let (alone, treated) = ("true: voice alone in its class", "true: treatment by RFC 3246");
            tally.expect(class_at(name, class, "standalone"), &class.standalone, |standalone| *standalone, alone);
            tally.expect(class_at(name, class, "ef"), &class.ef, |ef| *ef, treated);
        }
        if !voice.is_empty() {
            continue;
        }
        let silent: Vec<_> = classes.iter().filter(|(_, class)| !class.dscp.is_known()).collect();
        if silent.is_empty() {
            let seen = format!("classes marked {}", list(classes.values().filter_map(|class| class.dscp.value())));
            let expected = format!("a class marked {mark} ({})", mark.number());
            tally.fail(at(facts, "qos.classes").finding(None, seen, expected));
        }
        silent.iter().for_each(|(name, class)| tally.unknown(class_at(name, class, "dscp")));
    }
    tally.verdict("")
}
