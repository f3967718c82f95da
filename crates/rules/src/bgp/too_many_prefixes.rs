//! Rule: more prefixes are advertised on a session than Microsoft takes.

use super::NO_PEERING;
use crate::{Answer, Facts, LinkView, PeeringView, Spot, Tally, Verdict};
use model::{Fact, Family, List, PeeringKind, Stated, Tier};

rule! {
    /// ## What it asks
    /// No session carries more prefixes to Microsoft than its peering and SKU allow: on private peering 4,000 IPv4
    /// prefixes, 10,000 with Premium, and 100 IPv6; on Microsoft peering 200 of each family.
    ///
    /// The count is what the edges receive, else `prefix_count`, else the length of the planned list. From 80 % of
    /// the limit on there is a note.
    /// ## Why it matters
    /// At one prefix too many Microsoft closes the session, with every route on it. Both sessions carry the same
    /// prefixes, so both go at the same moment.
    /// ## How to mend it
    /// Aggregate, and filter outwards so that a leak inside your network cannot reach the limit. On private
    /// peering Premium raises it.
    pub(crate) static RULE = {
        id: "NET-BGP-010",
        name: "too-many-prefixes",
        title: "no session carries more prefixes than its limit",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2016,
        sources: [ROUTING, LIMITS],
        evidence: [Plan, Live],
        reads: [
            "circuits.*.sku",
            "circuits.*.private|microsoft.advertise|prefix_count|prefix_count_v6",
            "circuits.*.private|microsoft.subnets|subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet|subnet_v6",
            "circuits.*.private|microsoft.primary|secondary.received|received_count|received_count_v6",
        ],
        guard: "no circuit has a peering",
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {private: {prefix_count: 10000}}}";
            pass "circuits: {'*': {microsoft: {prefix_count: 170}}}";
            pass "circuits: {'*': {sku: null}}";
            fail "circuits: {'*': {private: {prefix_count: 10001}}}";
            fail "circuits: {'*': {sku: standard metered, private: {prefix_count: 4001}}}";
            fail "circuits: {'*': {private: {prefix_count_v6: 101}}}";
            fail "circuits: {'*': {microsoft: {prefix_count: 201}}}";
            fail "circuits: {'*': {microsoft: {prefix_count_v6: 201}}}";
            fail(live) "circuits: {'*': {microsoft: {primary: {received_count: 201}}}}";
            fail(live) "circuits: {'*': {private: {secondary: {received_count_v6: 101}}}}";
            unknown "circuits: {amsterdam: {private: {advertise: null}}}";
            unknown "circuits: {amsterdam: {sku: null, private: {prefix_count: 5000}}}";
            unknown(live) "circuits: {amsterdam: {private: {primary: {received: null, received_count: null}}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for (view, family) in facts.peerings().flat_map(|view| Family::BOTH.map(|family| (view, family))) {
        let limit = Limit::of(facts, view, family)?;
        let received = view.links().map(|link| (link, received(link, family)));
        if received.iter().all(|(_, count)| count.is_none()) {
            match planned(view, family) {
                Some(count) => limit.judge(view.at(count_key(family)), count, &mut tally),
                None if view.families().any(|used| used == family) => tally.unknown(view.at("advertise")),
                None => {}
            }
            continue;
        }
        for (link, count) in received {
            let spot = link.at(match family {
                Family::V4 => "received_count",
                Family::V6 => "received_count_v6",
            });
            match count {
                Some(count) => limit.judge(spot, count, &mut tally),
                None => tally.unknown(spot),
            }
        }
    }
    tally.verdict(NO_PEERING)
}

fn count_key(family: Family) -> &'static str {
    match family {
        Family::V4 => "prefix_count",
        Family::V6 => "prefix_count_v6",
    }
}

/// How many prefixes of a family the edge receives: by its summary, else by its table.
fn received(link: LinkView<'_>, family: Family) -> Option<Stated<u64>> {
    let summary = match family {
        Family::V4 => &link.link.received_count,
        Family::V6 => &link.link.received_count_v6,
    };
    count(summary, &link.link.received, |route| route.prefix.family() == family)
}

/// How many are planned: by count, else by list.
fn planned(view: PeeringView<'_>, family: Family) -> Option<Stated<u64>> {
    let number = match family {
        Family::V4 => &view.peering.prefix_count,
        Family::V6 => &view.peering.prefix_count_v6,
    };
    count(number, &view.peering.advertise, |prefix| prefix.family() == family)
}

/// A number as stated, else how many of a list are meant.
fn count<T>(number: &Fact<u32>, list: &Fact<List<T>>, meant: impl Fn(&T) -> bool) -> Option<Stated<u64>> {
    if let Some(number) = number.known() {
        return Some(Stated { value: u64::from(number.value), rank: number.rank, place: number.place });
    }
    let list = list.known()?;
    let value = list.value.iter().filter(|item| meant(&item.value)).count() as u64;
    Some(Stated { value, rank: list.rank, place: list.place })
}

/// The limit of a session. It depends on the tier, so an unknown tier leaves a range.
struct Limit<'a> {
    family: Family,
    low: u64,
    high: u64,
    warning_from: u64,
    tier: Spot<'a>,
}

impl<'a> Limit<'a> {
    fn of(facts: &Facts<'_>, view: PeeringView<'a>, family: Family) -> Result<Self, Verdict> {
        let key = match (family, view.kind) {
            (Family::V4, PeeringKind::Private) => "ipv4-routes-to-private",
            (Family::V6, PeeringKind::Private) => "ipv6-routes-to-private",
            (Family::V4, PeeringKind::Microsoft | PeeringKind::Public) => "ipv4-routes-to-microsoft",
            (Family::V6, PeeringKind::Microsoft | PeeringKind::Public) => "ipv6-routes-to-microsoft",
        };
        let limit = |tier: Tier| facts.limit("route-limit", key, &tier.to_string());
        let (low, high) = match view.circuit.tier() {
            Some(tier) => (limit(tier.value)?, limit(tier.value)?),
            None => (limit(Tier::Standard)?, limit(Tier::Premium)?),
        };
        let warning_from = facts.limit("route-limit", "warning-from", "")?;
        Ok(Self { family, low, high, warning_from, tier: view.circuit.at("sku") })
    }

    fn judge(&self, spot: Spot<'_>, count: Stated<u64>, tally: &mut Tally) {
        let Stated { value, place, .. } = count;
        let seen = format!("{value} {} prefixes", self.family);
        if value > self.high {
            tally.fail(spot.finding(Some(place), seen, format!("at most {}", self.high)));
        } else if value > self.low {
            tally.unknown(self.tier);
        } else if value * 100 >= self.low * self.warning_from {
            let expected = format!("at most {}; this is {} % of it", self.low, value * 100 / self.low.max(1));
            tally.note(spot.finding(Some(place), seen, expected));
        } else {
            tally.pass(&count);
        }
    }
}
