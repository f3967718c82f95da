//! Rule: the subnet of the ExpressRoute gateway has the wrong name or size.

use crate::{Answer, Facts, Severity, Subject, Tally};
use model::{Family, Name, PeeringKind, Prefix, Stated, Vnet};

rule! {
    /// ## What it asks
    /// The gateway's subnet is called `GatewaySubnet`, exactly so. It is a /27 or larger, and a /26 or larger where
    /// 16 circuits connect. Its IPv6 prefix, where the circuit carries IPv6, is a /64 or larger.
    ///
    /// A /28 or /29 still takes a single gateway, so it is a warning; with a VPN gateway beside it, it is a fault.
    /// ## Why it matters
    /// Azure finds the subnet by its name. Each circuit and each gateway takes addresses in it, and it cannot grow
    /// while a gateway stands in it.
    /// ## How to mend it
    /// Make the subnet a /27, or a /26 for many circuits, before the gateway is built. Later that means removing the
    /// gateway, and with it the connection.
    pub(crate) static RULE = {
        id: "ADDR-010",
        name: "unfit-gateway-subnet",
        title: "the gateway stands in a GatewaySubnet of /27 or larger",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ABOUT_GATEWAYS],
        evidence: [Plan, Control],
        reads: [
            "vnets.*.gateway_subnet|gateway_subnet_v6|gateway_subnet_name|vpn_gateway",
            "circuits.*.private.vnets|subnets|subnets_v6",
            "circuits.*.private.primary|secondary.subnet|subnet_v6",
        ],
        guard: "the design has no VNet",
        check: check,
        cases: [
            pass;
            pass "vnets: {'*': {gateway_subnet: 10.100.255.0/27, gateway_subnet_v6: 'fd00:100:0:ff::/64'}}";
            fail "vnets: {'*': {gateway_subnet_name: gateway-subnet}}";
            fail "vnets: {'*': {gateway_subnet: 10.100.255.0/28}}";
            fail "vnets: {'*': {gateway_subnet: 10.100.255.0/29, vpn_gateway: true}}";
            fail "vnets: {'*': {gateway_subnet: 10.100.255.0/30}}";
            fail "vnets: {'*': {gateway_subnet_v6: 'fd00:100:0:ff::/96'}}";
            fail "{vnets: {hub-weu: {gateway_subnet: 10.100.255.0/27}}, circuits: { \
                c3: {private: {vnets: [hub-weu]}}, c4: {private: {vnets: [hub-weu]}}, c5: {private: {vnets: [hub-weu]}}, \
                c6: {private: {vnets: [hub-weu]}}, c7: {private: {vnets: [hub-weu]}}, c8: {private: {vnets: [hub-weu]}}, \
                c9: {private: {vnets: [hub-weu]}}, c10: {private: {vnets: [hub-weu]}}, c11: {private: {vnets: [hub-weu]}}, \
                c12: {private: {vnets: [hub-weu]}}, c13: {private: {vnets: [hub-weu]}}, c14: {private: {vnets: [hub-weu]}}, \
                c15: {private: {vnets: [hub-weu]}}, c16: {private: {vnets: [hub-weu]}}}}";
            unknown "vnets: {'*': {gateway_subnet: null}}";
            unknown "vnets: {'*': {gateway_subnet_name: null}}";
            unknown "circuits: {'*': {private: {subnets_v6: 'fd00:100::/125'}}}";
            none "{vnets: null, circuits: {'*': {private: {vnets: []}}}}";
        ],
    }
}

/// The one name by which Azure knows the subnet.
const NAME: &str = "GatewaySubnet";

fn check(facts: &Facts<'_>) -> Answer {
    let sizes = Sizes::of(facts)?;
    let mut tally = Tally::new();
    for (name, vnet) in &facts.design.vnets {
        let at = |key: &'static str| Subject::Named("vnets", name.as_str()).at(key, vnet.place);
        tally.expect(at("gateway_subnet_name"), &vnet.gateway_subnet_name, |seen| seen == NAME, NAME);
        match vnet.gateway_subnet.known() {
            Some(subnet) => sizes.judge(facts, (name, vnet), subnet, &mut tally),
            None => tally.unknown(at("gateway_subnet")),
        }
        if vnet.gateway_subnet_v6.is_known() || carries_ipv6(facts, name) {
            let fits = |subnet: &Prefix| u64::from(subnet.length()) <= sizes.ipv6;
            let expected = format!("a /{} or larger", sizes.ipv6);
            tally.expect(at("gateway_subnet_v6"), &vnet.gateway_subnet_v6, fits, expected);
        }
    }
    tally.verdict("the design has no VNet")
}

/// The limits of the catalogue: prefix lengths, and the number of circuits that makes many.
struct Sizes {
    smallest: u64,
    recommended: u64,
    for_many: u64,
    many: u64,
    ipv6: u64,
}

impl Sizes {
    fn of(facts: &Facts<'_>) -> Result<Self, crate::Verdict> {
        let limit = |key| facts.limit("gateway", key, "");
        Ok(Self {
            smallest: limit("subnet-minimum")?,
            recommended: limit("subnet-recommended")?,
            for_many: limit("subnet-many-circuits")?,
            many: limit("many-circuits")?,
            ipv6: limit("subnet-ipv6")?,
        })
    }

    /// Judges the IPv4 prefix, the gravest reason first.
    fn judge(&self, facts: &Facts<'_>, (name, vnet): (&Name, &Vnet), subnet: &Stated<Prefix>, tally: &mut Tally) {
        let at = |key: &'static str| Subject::Named("vnets", name.as_str()).at(key, vnet.place);
        let length = u64::from(subnet.value.length());
        let circuits = linked_circuits(facts, name);
        let finding = |length: u64, why: &str| {
            at("gateway_subnet").finding(Some(subnet.place), subnet.value, format!("a /{length} or larger{why}"))
        };
        if circuits >= self.many && length > self.for_many {
            tally.fail(finding(self.for_many, &format!(", as {circuits} circuits connect")));
        } else if length > self.smallest {
            tally.fail(finding(self.recommended, ""));
        } else if length <= self.recommended {
            tally.pass(subnet);
        } else if vnet.vpn_gateway.is(&true) {
            tally.fail(finding(self.recommended, ", as a VPN gateway stands beside it"));
        } else {
            tally.fail_as(Severity::Recommended, finding(self.recommended, ""));
            if !vnet.vpn_gateway.is_known() {
                tally.unknown(at("vpn_gateway"));
            }
        }
    }
}

/// How many circuits link the VNet.
fn linked_circuits(facts: &Facts<'_>, vnet: &Name) -> u64 {
    let linked =
        facts.peerings_of(PeeringKind::Private).filter(|view| view.peering.vnets.values().any(|name| name == vnet));
    linked.count() as u64
}

/// Whether a private peering with IPv6 links the VNet.
fn carries_ipv6(facts: &Facts<'_>, vnet: &Name) -> bool {
    facts
        .peerings_of(PeeringKind::Private)
        .any(|view| view.peering.uses(Family::V6) && view.peering.vnets.values().any(|name| name == vnet))
}
