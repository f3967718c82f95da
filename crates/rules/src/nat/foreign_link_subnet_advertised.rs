//! Rule: the link subnet of another peering is advertised on Microsoft peering.

use crate::{Answer, CircuitView, Facts, LinkView, PeeringView, Tally};
use model::{Family, PeeringKind};

rule! {
    /// ## What it asks
    /// What is advertised on Microsoft peering holds no link subnet of another peering or circuit, the
    /// retired public peering among them.
    /// ## Why it matters
    /// Such a prefix draws the BGP session of the other peering onto this one. That session then hangs on a
    /// path that it should not know, and a fault here takes it down as well.
    /// ## How to mend it
    /// Filter link subnets on export. Where an aggregate holds one, advertise the parts that are needed.
    pub(crate) static RULE = {
        id: "NAT-007",
        name: "foreign-link-subnet-advertised",
        title: "link subnets of other peerings stay out of Microsoft peering",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2019,
        sources: [NAT],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.microsoft.advertise",
            "circuits.*.microsoft.primary|secondary.received",
            "circuits.*.private|microsoft|public.subnets|subnets_v6",
            "circuits.*.private|microsoft|public.primary|secondary.subnet|subnet_v6",
        ],
        guard: "no circuit has Microsoft peering",
        check: check,
        cases: [
            pass;
            pass(live);
            fail "circuits: {dublin: {microsoft: {advertise: [131.107.250.0/30]}}}";
            fail "circuits: {amsterdam: {microsoft: {advertise: [131.107.240.0/20]}}}";
            fail "circuits: {amsterdam: {public: {subnets: [131.107.240.0/30, 131.107.240.4/30]}}}";
            fail(live) "circuits: {'*': {microsoft: {secondary: {received: [192.168.15.16/28 65020]}}}}";
            unknown "circuits: {'*': {microsoft: {advertise: null}}}";
            unknown "circuits: {'*': {private: {subnets: null}}}";
            none "circuits: {'*': {microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    facts.microsoft_peering()?;
    let mut tally = Tally::new();
    for session in facts.peerings_of(PeeringKind::Microsoft) {
        let Some(mut routes) = session.advertised() else {
            tally.unknown(session.at("advertise"));
            continue;
        };
        tally.hold();
        // A default route holds every subnet; NET-BGP-011 finds it.
        routes.retain(|route| !route.value.is_default_route());
        for (link, family) in foreign_links(facts, session) {
            let Some(subnet) = link.link.subnet_of(family).known() else {
                tally.unknown(link.subnet_at(family));
                continue;
            };
            match routes.iter().find(|route| route.value.overlaps(subnet.value)) {
                None => tally.pass(subnet),
                Some(route) => {
                    let seen = format!("{} overlaps {}, the {}", route.value, subnet.value, link.subject().label());
                    let spot = session.at("advertise");
                    tally.fail(spot.finding(Some(route.place), seen, "no link subnet of another peering"));
                }
            }
        }
    }
    tally.verdict("")
}

/// The links of every other peering, once for each family that it uses.
fn foreign_links<'a>(facts: &Facts<'a>, session: PeeringView<'a>) -> impl Iterator<Item = (LinkView<'a>, Family)> {
    let all = facts.circuits().flat_map(CircuitView::peerings_of_any_kind);
    let others = all.filter(move |other| other.subject() != session.subject());
    others.flat_map(|other| other.families().flat_map(move |family| other.links().map(|link| (link, family))))
}
