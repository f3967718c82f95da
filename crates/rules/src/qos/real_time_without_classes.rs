//! Rule: voice and video take the circuit without traffic classes.

use super::{at, class_at};
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Where voice or video of Teams or Skype for Business takes the circuit, the design has a traffic class for
    /// each mark of Microsoft's voice and interactive classes, and the provider agrees to treat them.
    /// ## Why it matters
    /// A call cannot wait. When a link is full, voice and video without classes queue behind file transfers,
    /// and a provider that has agreed to nothing may flatten all marks on the way.
    /// ## How to mend it
    /// Name the classes under `qos.classes`, each with its mark: EF for voice, AF41 for video and screen video,
    /// AF21 for application sharing. Have the provider agree in writing, and record it as `qos.provider_agreed`.
    pub(crate) static RULE = {
        id: "QOS-001",
        name: "real-time-without-classes",
        title: "real-time media has traffic classes, agreed with the provider",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017B, SEED_2025, QOS],
        evidence: [Plan, Attestation],
        reads: [
            "circuits.*.microsoft",
            "services.m365|real_time",
            "qos.classes.*.dscp",
            "qos.provider_agreed",
        ],
        guard: "no real-time media of Microsoft 365 takes the circuit",
        check: check,
        cases: [
            pass;
            pass "qos: {classes: {files: null, rest: null}}";
            fail "qos: {provider_agreed: no}";
            fail "qos: {classes: {voice: {dscp: CS0}}}";
            fail "qos: {classes: {video: null}}";
            unknown "qos: {classes: null}";
            unknown "qos: {classes: {video: {dscp: null}}}";
            unknown "qos: {provider_agreed: null}";
            unknown "services: {real_time: null}";
            none "services: {real_time: false}";
            none "services: {m365: false}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    super::real_time(facts)?;
    let qos = &facts.design.qos;
    let mut tally = Tally::new();
    tally.attested(at(facts, "qos.provider_agreed"), &qos.provider_agreed, "the provider's agreement");
    if qos.classes.is_empty() {
        tally.unknown(at(facts, "qos.classes"));
        return tally.verdict("");
    }
    let unmarked: Vec<_> = qos.classes.iter().filter(|(_, class)| !class.dscp.is_known()).collect();
    for wanted in facts.catalog.current_qos_classes() {
        let found = qos.classes.values().filter_map(|class| class.dscp.known()).find(|dscp| dscp.value == wanted.dscp);
        match found {
            Some(dscp) => tally.pass(dscp),
            None if !unmarked.is_empty() => {
                unmarked.iter().for_each(|(name, class)| tally.unknown(class_at(name, class, "dscp")));
            }
            // What has no class of its own shares the default one.
            None if wanted.traffic_class == "Default" => {}
            None => {
                let seen = format!("no class marked {}", wanted.dscp);
                let expected = format!("{} for {}", wanted.dscp, wanted.workload);
                tally.fail(at(facts, "qos.classes").finding(None, seen, expected));
            }
        }
    }
    tally.verdict("")
}
