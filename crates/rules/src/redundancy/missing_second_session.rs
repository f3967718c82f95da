//! Rule: a peering lacks one of its two BGP sessions.

use super::sessions::{Session, families, session};
use crate::{Answer, Facts, Tally};

rule! {
    /// ## What it asks
    /// Every peering has two BGP sessions, one to each of the two Microsoft edge routers, in every address family that
    /// it uses. Before the network runs each link needs a subnet for its session; once it runs both sessions must be
    /// established. One physical connection to a cloud exchange is no excuse: it carries both.
    /// ## Why it matters
    /// Microsoft takes down one edge router of the pair at a time for maintenance. A peering with one session loses all
    /// its traffic then, and the availability promise does not cover it.
    /// ## How to mend it
    /// Give the other link its own subnet (`subnets` takes one /29 or /125 for both links, or two /30 or /126), and set
    /// up the second session on your router with the first usable address of that subnet. For a session that is
    /// configured but down, compare VLAN id, addresses, AS numbers and MD5 key on both sides.
    pub(crate) static RULE = {
        id: "NET-RED-001",
        name: "missing-second-session",
        title: "each peering has a BGP session on both links",
        severity: Required,
        owner: You,
        stage: Design,
        since: 2017,
        sources: [SEED_2017A, SEED_2017B, SEED_2025],
        evidence: [Plan, Control, Live],
        reads: [
            "circuits.*.private|microsoft.subnets",
            "circuits.*.private|microsoft.subnets_v6",
            "circuits.*.private|microsoft.primary|secondary.subnet",
            "circuits.*.private|microsoft.primary|secondary.subnet_v6",
            "circuits.*.private|microsoft.primary|secondary.session",
            "circuits.*.private|microsoft.primary|secondary.session_v6",
        ],
        guard: "no peering is planned",
        fixable: true,
        check: check,
        cases: [
            pass;
            pass "circuits: {'*': {private: {subnets_v6: ['2001:db8:0:1::/125']}}}";
            pass(live);
            fail "circuits: {'*': {private: {subnets: [192.168.15.16/30]}}}";
            fail "circuits: {'*': {microsoft: {subnets: []}}}";
            fail "circuits: {'*': {private: {subnets_v6: ['2001:db8:0:1::/126']}}}";
            fail(live) "circuits: {'*': {microsoft: {secondary: {session: idle}}}}";
            fail(live) "circuits: {'*': {private: {primary: {session_v6: active}}}}";
            unknown "circuits: {'*': {private: {subnets: null}}}";
            unknown(live) "circuits: {'*': {private: {secondary: {session: null}}}}";
            none "circuits: {'*': {private: null, microsoft: null}}";
        ],
    }
}

fn check(facts: &Facts<'_>) -> Answer {
    let mut tally = Tally::new();
    for peering in facts.peerings() {
        for family in families(peering) {
            for link in peering.links() {
                match session(facts, link, family) {
                    Session::Stands(proof) => tally.pass(proof),
                    Session::Lacks { spot, place, seen } => {
                        tally.fail(spot.finding(
                            place,
                            seen,
                            format_args!("an {family} session on each of the two links"),
                        ));
                    }
                    Session::Unknown(spot) => tally.unknown(spot),
                }
            }
        }
    }
    tally.verdict("no peering is planned")
}
