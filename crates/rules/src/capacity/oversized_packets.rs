//! Rule: packets are larger than the way to a VNet carries.

use crate::{Answer, Facts, Tally};
use model::PeeringKind;

rule! {
    /// ## What it asks
    /// The interfaces towards Microsoft have the MTU that Microsoft's have, and packets to and from virtual machines
    /// are no larger than a gateway forwards.
    /// ## Why it matters
    /// The gateway wraps each packet for its way through Azure and takes no fragments. A packet too large is dropped, and
    /// where the message about it is filtered nobody learns why: pings work, logins hang.
    /// ## How to mend it
    /// Set the IP MTU of the interfaces to the value named, and clamp the TCP segment size (MSS) on your edge so that
    /// packets fit. Applications on UDP need a setting of their own. FastPath passes the gateway by, and with it this
    /// limit; then note the exception in a waiver.
    pub(crate) static RULE = {
        id: "CAP-008",
        name: "oversized-packets",
        title: "packets fit the gateway and interfaces have the right MTU",
        severity: Recommended,
        owner: You,
        stage: Design,
        since: 2026,
        sources: [FAQS, GATEWAY_PERFORMANCE],
        evidence: [Plan],
        reads: ["circuits.*.interface_mtu", "circuits.*.path_mtu", "circuits.*.private"],
        guard: "no circuit is planned",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {path_mtu: 1350}}";
            pass "circuits: {'*': {private: null, path_mtu: null}}";
            fail "circuits: {'*': {path_mtu: 1401}}";
            fail "circuits: {'*': {interface_mtu: 9000}}";
            unknown "circuits: {'*': {path_mtu: null}}";
            unknown "circuits: {'*': {interface_mtu: null}}";
            none "{circuits: null, nat: null}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let interface = facts.limit("link", "interface-mtu", "")?;
    let packet = facts.limit("link", "max-packet-gateway", "")?;
    let mut tally = Tally::new();
    for view in facts.circuits() {
        let circuit = view.circuit;
        let expected = format_args!("{interface} bytes");
        tally.expect(view.at("interface_mtu"), &circuit.interface_mtu, |mtu| u64::from(*mtu) == interface, expected);
        if view.peering(PeeringKind::Private).is_some() {
            let expected = format_args!("at most {packet} bytes from end to end");
            tally.expect(view.at("path_mtu"), &circuit.path_mtu, |mtu| u64::from(*mtu) <= packet, expected);
        }
    }
    tally.verdict("no circuit is planned")
}
