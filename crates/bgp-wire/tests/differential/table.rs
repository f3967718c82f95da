//! Where the codecs differ from us, and why that is right.
//!
//! A row either says that a codec takes one of our faults otherwise, or that it finds a fault where we find
//! none. From our faults and the rows follows what the codec must say of a message; the test holds it to that.

use crate::common::attribute;
use crate::oracles::Oracle;
use crate::seen::Outcome::{self, *};
use crate::seen::{Raw, raws};
use Oracle::*;
use bgp_wire::iana::attribute::*;
use bgp_wire::*;
use std::net::Ipv6Addr;

/// One difference.
pub(crate) struct Row {
    pub(crate) oracle: Oracle,
    /// What differs, and whose reason it is.
    pub(crate) what: &'static str,
    effect: Effect,
}

/// What a row changes.
enum Effect {
    /// The codec takes a fault of ours as this.
    Takes(fn(&Context, &Fault) -> bool, Outcome),
    /// The codec finds a fault of its own.
    Finds(fn(&Context) -> bool, Outcome),
    /// The codec may refuse a fault of ours or pass it.
    Shrugs(fn(&Context, &Fault) -> bool),
    /// The codec does not raise a withdrawal without routes to a reset.
    KeepsWithdraw,
}

/// What a codec must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prediction {
    Exactly(Outcome),
    Anything,
}

impl Prediction {
    pub(crate) fn allows(self, outcome: Outcome) -> bool {
        self == Self::Anything || self == Self::Exactly(outcome)
    }
}

/// A fault of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: u8,
    pub(crate) problem: Problem,
    outcome: Outcome,
    /// Which attribute of the message it is about, where it is about its value.
    at: Option<usize>,
}

/// What is known of a message.
#[derive(Debug)]
pub(crate) struct Context {
    session: Session,
    pub(crate) faults: Vec<Fault>,
    /// There are no more faults than the list of them keeps.
    pub(crate) all_known: bool,
    raws: Vec<Raw>,
    /// A field cannot be taken apart, which everybody must refuse.
    broken: bool,
    announces: bool,
    /// Routes in the UPDATE itself.
    in_body: bool,
    /// A prefix somewhere has bits behind its length.
    host_bits: bool,
}

impl Context {
    pub(crate) fn new(body: &[u8], session: &Session) -> Self {
        let mut context = Self {
            session: *session,
            faults: Vec::new(),
            raws: Vec::new(),
            all_known: true,
            broken: true,
            announces: false,
            in_body: false,
            host_bits: false,
        };
        let Ok(update) = Update::split(body) else { return context };
        // The attributes alone, so that no fault of the whole hides them.
        let attributes = Attributes::read(update.attributes, session);
        let fault = |f: &AttributeFault| Fault {
            code: f.code,
            problem: f.problem,
            at: None,
            outcome: match f.action {
                Action::Discard => Discard,
                Action::TreatAsWithdraw => Withdraw,
                Action::SessionReset => Reset,
            },
        };
        context.faults = attributes.faults.first().iter().map(fault).collect();
        context.all_known = attributes.faults.count() == context.faults.len();
        context.raws = raws(update.attributes);
        context.broken = matches!(update.read(session), Err(bgp_wire::Fault::Routes { .. }));
        context.in_body = !update.nlri.is_empty();
        context.host_bits =
            [update.withdrawn, update.nlri].iter().any(|field| has_host_bits(field, session.add_path.v4))
                || context.raws.iter().filter(|raw| raw.first).any(|raw| match (raw.code, raw.value.as_slice()) {
                    (MP_REACH_NLRI, [_, afi, _, length, rest @ ..]) => {
                        let ids = if *afi == 1 { session.add_path.v4 } else { session.add_path.v6 };
                        rest.get(usize::from(*length) + 1..).is_some_and(|routes| has_host_bits(routes, ids))
                    }
                    (MP_UNREACH_NLRI, [_, afi, _, routes @ ..]) => {
                        has_host_bits(routes, if *afi == 1 { session.add_path.v4 } else { session.add_path.v6 })
                    }
                    _ => false,
                });
        let reaches = attributes.reach.is_some_and(|reach| !reach.routes.is_empty());
        let foreign = attributes.faults.first().iter().any(|f| f.code == MP_REACH_NLRI && f.action == Action::Discard);
        context.announces = context.in_body || reaches || foreign;
        if context.announces {
            let internal = session.neighbor == Neighbor::Internal;
            let there = |code| context.raws.iter().any(|raw| raw.code == code);
            for (code, demanded) in [(1, true), (2, true), (3, context.in_body), (5, internal)] {
                if demanded && !there(code) {
                    context.faults.push(Fault { code, problem: Problem::Missing, outcome: Withdraw, at: None });
                }
            }
            let host = |hop: std::net::Ipv4Addr| !hop.is_unspecified() && hop.octets()[0] < 224;
            if context.in_body && attributes.next_hop.is_some_and(|hop| !host(hop)) {
                let (code, problem) = (NEXT_HOP, Problem::NextHop);
                context.faults.push(Fault { code, problem, outcome: Withdraw, at: None });
            }
        }
        context
    }

    /// What a codec must say, if the rows but the one left out are true.
    pub(crate) fn predict(&self, oracle: Oracle, without: Option<&str>) -> Prediction {
        let rows = || ROWS.iter().filter(|row| row.oracle == oracle && Some(row.what) != without);
        if self.broken {
            return Prediction::Exactly(Reset);
        }
        let mut strongest = Fine;
        for fault in self.faults_for(oracle) {
            if rows().any(|row| matches!(row.effect, Effect::Shrugs(applies) if applies(self, &fault))) {
                return Prediction::Anything;
            }
            let taken = rows().find_map(|row| match row.effect {
                Effect::Takes(applies, outcome) if applies(self, &fault) => Some(outcome),
                _ => None,
            });
            // Without RFC 7606 all that is seen is refused.
            let default = if oracle == Rustbgpd { fault.outcome } else { Reset };
            strongest = strongest.max(taken.unwrap_or(default));
        }
        for row in rows() {
            if let Effect::Finds(applies, outcome) = row.effect
                && applies(self)
            {
                strongest = strongest.max(outcome);
            }
        }
        let keeps = rows().any(|row| matches!(row.effect, Effect::KeepsWithdraw));
        let raised = strongest == Withdraw && !self.announces && !keeps;
        Prediction::Exactly(if raised { Reset } else { strongest })
    }

    /// Our faults as a codec can see them. Those without RFC 7606 look into each attribute, whatever its flags
    /// are, whether it came before, and whoever sent it.
    fn faults_for(&self, oracle: Oracle) -> Vec<Fault> {
        if oracle == Rustbgpd {
            return self.faults.clone();
        }
        let about_value = |fault: &Fault| {
            !matches!(
                fault.problem,
                Problem::Overrun
                    | Problem::CutOff
                    | Problem::Duplicate
                    | Problem::Flags(_)
                    | Problem::Missing
                    | Problem::Unexpected
                    | Problem::UnknownWellKnown(_)
            )
        };
        let outer = self.faults.iter().copied().filter(|fault| !about_value(fault));
        let alone = self.raws.iter().enumerate().filter_map(|(at, raw)| {
            let bytes = attribute(expected_flags(raw.code) | 0x10, raw.code, &raw.value);
            // A session in which each attribute is looked at.
            let old = matches!(raw.code, AS4_PATH | AS4_AGGREGATOR);
            let four_octet_as = self.session.four_octet_as && !old;
            let session = Session { neighbor: Neighbor::Internal, four_octet_as, ..self.session };
            let attributes = Attributes::read(&bytes, &session);
            let fault = attributes.faults.strongest()?;
            Some(Fault { code: raw.code, problem: fault.problem, outcome: Reset, at: Some(at) })
        });
        outer.chain(alone).collect()
    }

    fn any(&self, test: impl FnMut(&Raw) -> bool) -> bool {
        self.raws.iter().any(test)
    }

    fn external(&self) -> bool {
        self.session.neighbor == Neighbor::External
    }
}

const fn takes(oracle: Oracle, what: &'static str, applies: fn(&Context, &Fault) -> bool, outcome: Outcome) -> Row {
    Row { oracle, what, effect: Effect::Takes(applies, outcome) }
}

const fn finds(oracle: Oracle, what: &'static str, applies: fn(&Context) -> bool, outcome: Outcome) -> Row {
    Row { oracle, what, effect: Effect::Finds(applies, outcome) }
}

impl Context {
    /// The first attribute of a type, which is the one that counts.
    fn first(&self, code: u8) -> Option<&Raw> {
        self.raws.iter().find(|raw| raw.code == code)
    }

    /// Whether a path is well formed but for what its segments hold.
    fn path_is_whole(&self, fault: &Fault) -> bool {
        let Some(raw) = fault.at.map(|at| &self.raws[at]) else { return true };
        let width = if raw.code == AS4_PATH || self.session.four_octet_as { 4 } else { 2 };
        let segments = segments(&raw.value, width);
        let length: usize = segments.iter().map(|(_, asns)| 2 + asns.len() * width).sum();
        length == raw.value.len() && segments.iter().all(|(kind, _)| (1..=4).contains(kind))
    }

    /// Whether the message holds what a codec reads and we do not, so that nothing can be said of it.
    pub(crate) fn is_beyond_us(&self, oracle: Oracle) -> Option<&'static str> {
        let foreign = |raw: &Raw| match raw.value[..] {
            [high, low, safi, ..] if matches!(raw.code, MP_REACH_NLRI | MP_UNREACH_NLRI) => {
                let family = AfiSafi { afi: u16::from_be_bytes([high, low]), safi };
                family.family().is_none().then_some((family.afi, family.safi))
            }
            _ => None,
        };
        if self.raws.iter().filter_map(foreign).any(|family| oracle.knows(family)) {
            return Some("routes of a family that we do not route");
        }
        if oracle == Routecore && !self.session.four_octet_as {
            return Some("AS_PATH of two octets, which routecore checks for four");
        }
        if self.faults.iter().any(|fault| matches!(fault.problem, Problem::NextHopLength(_))) && oracle == Rustbgpd {
            return Some("IPv4 routes with an IPv6 next hop (RFC 8950)");
        }
        let ours = |code: u8| (1..=10).contains(&code) || matches!(code, 14..=18 | 32 | 35);
        let spare = |code: u8| (100..=127).contains(&code);
        if self.any(|raw| !ours(raw.code) && !spare(raw.code)) {
            return Some("attributes that are assigned and that we do not read");
        }
        None
    }
}

/// The segments of a path as far as they are whole.
fn segments(value: &[u8], width: usize) -> Vec<(u8, Vec<u32>)> {
    let mut segments = Vec::new();
    let mut left = value;
    while let [kind, count, rest @ ..] = left {
        let Some((asns, rest)) = rest.split_at_checked(usize::from(*count) * width) else { break };
        let number = |bytes: &[u8]| bytes.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
        segments.push((*kind, asns.chunks(width).map(number).collect()));
        left = rest;
    }
    segments
}

fn has_host_bits(mut routes: &[u8], with_ids: bool) -> bool {
    loop {
        if with_ids {
            routes = routes.get(4..).unwrap_or_default();
        }
        let [length, rest @ ..] = routes else { return false };
        let Some((octets, rest)) = rest.split_at_checked(usize::from(*length).div_ceil(8)) else { return false };
        if octets.last().is_some_and(|last| length % 8 != 0 && last << (length % 8) != 0) {
            return true;
        }
        routes = rest;
    }
}

/// A set that RFC 9774 forbids, before anything that ends the reading of the path.
fn has_set(context: &Context, raw: &Raw) -> bool {
    let width = if raw.code == AS4_PATH || context.session.four_octet_as { 4 } else { 2 };
    matches!(raw.code, AS_PATH | AS4_PATH)
        && segments(&raw.value, width)
            .into_iter()
            .take_while(|(kind, asns)| (1..=4).contains(kind) && !asns.is_empty())
            .any(|(kind, _)| kind == 1 || kind == 4)
}

fn has_zero(context: &Context, raw: &Raw) -> bool {
    let width = if context.session.four_octet_as { 4 } else { 2 };
    segments(&raw.value, width).iter().any(|(_, asns)| asns.contains(&0))
}

fn expected_flags(code: u8) -> u8 {
    match code {
        ORIGIN | AS_PATH | NEXT_HOP | LOCAL_PREF | ATOMIC_AGGREGATE => 0x40,
        MULTI_EXIT_DISC | ORIGINATOR_ID | CLUSTER_LIST | MP_REACH_NLRI | MP_UNREACH_NLRI => 0x80,
        _ => 0xC0,
    }
}

/// The Optional and Transitive bits are as they should be.
fn flags_fit(raw: &Raw) -> bool {
    raw.flags & 0xC0 == expected_flags(raw.code)
}

/// The next hops of MP_REACH_NLRI for IPv6.
fn hops(context: &Context) -> Vec<Ipv6Addr> {
    match context.first(MP_REACH_NLRI).map(|raw| raw.value.as_slice()) {
        Some([0, 2, 1, 16 | 32, rest @ ..]) => {
            let count = if context.first(MP_REACH_NLRI).is_some_and(|raw| raw.value[3] == 32) { 2 } else { 1 };
            rest.chunks_exact(16).take(count).map(|b| Ipv6Addr::from(<[u8; 16]>::try_from(b).unwrap())).collect()
        }
        _ => Vec::new(),
    }
}

/// The IPv4 next hop of NEXT_HOP, or of MP_REACH_NLRI.
fn hop4(context: &Context, code: u8) -> Option<[u8; 4]> {
    match (code, context.first(code)?.value.as_slice()) {
        (NEXT_HOP, &[a, b, c, d]) | (MP_REACH_NLRI, &[0, 1, 1, 4, a, b, c, d, ..]) => Some([a, b, c, d]),
        _ => None,
    }
}

fn is_link_local(address: &Ipv6Addr) -> bool {
    address.segments()[0] & 0xFFC0 == 0xFE80
}

fn unwanted(context: &Context, fault: &Fault) -> Option<Raw> {
    let is = fault.problem == Problem::Unexpected && matches!(fault.code, LOCAL_PREF | ORIGINATOR_ID | CLUSTER_LIST);
    is.then(|| context.first(fault.code).unwrap().clone())
}

pub(crate) const ROWS: &[Row] = &[
    Row {
        oracle: Rustbgpd,
        what: "RFC 7606, section 5.2 (no routes, so reset), is left to the caller",
        effect: Effect::KeepsWithdraw,
    },
    takes(
        Rustbgpd,
        "LOCAL_PREF and its like from outside are left to the caller to discard",
        |context, fault| {
            unwanted(context, fault).is_some_and(|raw| {
                let length = raw.value.len();
                let fits = if raw.code == CLUSTER_LIST { length > 0 && length % 4 == 0 } else { length == 4 };
                let clear = raw.code == LOCAL_PREF || raw.flags & 0x20 == 0;
                fits && clear && flags_fit(&raw)
            })
        },
        Fine,
    ),
    takes(
        Rustbgpd,
        "wrong flags withdraw even on what RFC 7606, sections 7.5, 7.9 and 7.10, discard unseen",
        |context, fault| unwanted(context, fault).is_some_and(|raw| !flags_fit(&raw)),
        Withdraw,
    ),
    takes(
        Rustbgpd,
        "wrong flags withdraw even on AS4 attributes, which RFC 6793, section 4.1, discards unseen",
        |context, fault| {
            fault.problem == Problem::Unexpected
                && matches!(fault.code, AS4_PATH | AS4_AGGREGATOR)
                && context.first(fault.code).is_some_and(|raw| !flags_fit(raw))
        },
        Withdraw,
    ),
    finds(
        Rustbgpd,
        "the Partial bit of an optional non-transitive attribute is a fault; RFC 7606, section 3 (c), names two other bits",
        |context| {
            let withdraws =
                |code| code == MULTI_EXIT_DISC || matches!(code, ORIGINATOR_ID | CLUSTER_LIST) && !context.external();
            context.any(|raw| raw.first && withdraws(raw.code) && raw.flags & 0x20 != 0)
        },
        Withdraw,
    ),
    finds(
        Rustbgpd,
        "the Partial bit of MP_REACH_NLRI and MP_UNREACH_NLRI is a fault, as above",
        |context| context.any(|raw| matches!(raw.code, MP_REACH_NLRI | MP_UNREACH_NLRI) && raw.flags & 0x20 != 0),
        Reset,
    ),
    finds(
        Rustbgpd,
        "AS_SET is malformed by RFC 9774; here it is a matter of policy",
        |context| context.any(|raw| has_set(context, raw)),
        Withdraw,
    ),
    finds(
        Rustbgpd,
        "AS 0 in an AS_PATH that is there a second time withdraws; RFC 7606, section 3 (g), discards it unseen",
        |context| context.any(|raw| raw.code == AS_PATH && !raw.first && has_zero(context, raw)),
        Withdraw,
    ),
    Row {
        oracle: Rustbgpd,
        what: "an empty segment of AS_PATH can be lost when AS4_PATH is merged in; RFC 7606, section 7.2, withdraws",
        effect: Effect::Shrugs(|context, fault| {
            (fault.code, fault.problem) == (AS_PATH, Problem::SegmentEmpty)
                && !context.session.four_octet_as
                && context.first(AS4_PATH).is_some()
        }),
    },
    finds(
        Rustbgpd,
        "AS_CONFED_SEQUENCE left out of AS4_PATH is reported",
        |context| {
            let fine = context.faults.iter().all(|fault| fault.code != AS4_PATH);
            fine && context
                .any(|raw| raw.code == AS4_PATH && segments(&raw.value, 4).iter().any(|(kind, _)| *kind == 3))
        },
        Discard,
    ),
    takes(
        Rustbgpd,
        "a family that it does not know resets; RFC 4760, section 6, ignores it",
        |_, fault| matches!(fault.problem, Problem::Family(_)),
        Reset,
    ),
    takes(
        Rustbgpd,
        "an unknown well-known attribute withdraws; RFC 4271, section 6.3, resets and RFC 7606 does not change it",
        |_, fault| matches!(fault.problem, Problem::UnknownWellKnown(_)),
        Withdraw,
    ),
    takes(
        Rustbgpd,
        "NEXT_HOP is not demanded inside an AS; RFC 4271, section 5, does",
        |context, fault| (fault.code, fault.problem) == (NEXT_HOP, Problem::Missing) && !context.external(),
        Fine,
    ),
    takes(
        Rustbgpd,
        "LOCAL_PREF is not demanded inside an AS; RFC 4271, section 5.1.5, does",
        |_, fault| (fault.code, fault.problem) == (LOCAL_PREF, Problem::Missing),
        Fine,
    ),
    takes(
        Rustbgpd,
        "an IPv4 next hop of class E passes but for the last; no host has such an address",
        |context, fault| {
            fault.problem == Problem::NextHop
                && hop4(context, fault.code).is_some_and(|hop| hop[0] >= 240 && hop != [255; 4])
        },
        Fine,
    ),
    finds(
        Rustbgpd,
        "an IPv4 next hop of 127.0.0.0/8 withdraws; here it may be a laboratory on one machine",
        |context| [NEXT_HOP, MP_REACH_NLRI].iter().any(|code| hop4(context, *code).is_some_and(|hop| hop[0] == 127)),
        Withdraw,
    ),
    finds(
        Rustbgpd,
        "NEXT_HOP is judged without routes that it is for; RFC 4760, section 3, says to ignore it",
        |context| {
            !context.in_body
                && hop4(context, NEXT_HOP)
                    .is_some_and(|hop| matches!(hop, [0, 0, 0, 0] | [224..=239, ..] | [255, 255, 255, 255]))
        },
        Withdraw,
    ),
    finds(
        Rustbgpd,
        "an IPv6 next hop of loopback or link-local withdraws; which one is usable is asked by the table here",
        |context| hops(context).first().is_some_and(|hop| hop.is_loopback() || is_link_local(hop)),
        Withdraw,
    ),
    finds(
        Rustbgpd,
        "a second IPv6 next hop that is not link-local withdraws; here it is ignored, as BIRD and FRR do",
        |context| hops(context).get(1).is_some_and(|hop| !is_link_local(hop)),
        Withdraw,
    ),
    takes(
        Routecore,
        "no RFC 7606: flags are not looked at",
        |_, fault| matches!(fault.problem, Problem::Flags(_) | Problem::UnknownWellKnown(_)),
        Fine,
    ),
    takes(Routecore, "no RFC 7606: attributes may come twice", |_, fault| fault.problem == Problem::Duplicate, Fine),
    takes(
        Routecore,
        "no RFC 7606: attributes may be missing, or come from whom they should not",
        |_, fault| matches!(fault.problem, Problem::Missing | Problem::Unexpected),
        Fine,
    ),
    takes(
        Routecore,
        "values are the caller's to judge: ORIGIN and next hops",
        |_, fault| matches!(fault.problem, Problem::Value(_) | Problem::NextHop),
        Fine,
    ),
    takes(
        Routecore,
        "paths may hold AS 0, empty segments and confederations",
        |context, fault| {
            matches!(fault.problem, Problem::AsZero | Problem::SegmentEmpty | Problem::SegmentType(3 | 4))
                && matches!(fault.code, AS_PATH | AS4_PATH)
                && context.path_is_whole(fault)
        },
        Fine,
    ),
    takes(
        Routecore,
        "an aggregator may be AS 0",
        |_, fault| fault.problem == Problem::AsZero && matches!(fault.code, AGGREGATOR | AS4_AGGREGATOR),
        Fine,
    ),
    takes(
        Routecore,
        "lists may be empty",
        |_, fault| fault.problem == Problem::Length(0) && matches!(fault.code, 8 | 10 | 16 | 17 | 32),
        Fine,
    ),
    takes(
        Routecore,
        "of two MP_REACH_NLRI or MP_UNREACH_NLRI the second is not read",
        |context, fault| {
            let read = |raw: &Raw| raw.first || raw.value.len() < if raw.code == MP_REACH_NLRI { 5 } else { 3 };
            matches!(fault.code, MP_REACH_NLRI | MP_UNREACH_NLRI) && !fault.at.is_none_or(|at| read(&context.raws[at]))
        },
        Fine,
    ),
    finds(
        Routecore,
        "bits behind the length of a prefix must be zero; RFC 4271, section 4.3, says that they mean nothing",
        |context| context.host_bits,
        Reset,
    ),
    takes(
        Zettabgp,
        "no RFC 7606: flags are not looked at",
        |_, fault| matches!(fault.problem, Problem::Flags(_) | Problem::UnknownWellKnown(_)),
        Fine,
    ),
    takes(Zettabgp, "no RFC 7606: attributes may come twice", |_, fault| fault.problem == Problem::Duplicate, Fine),
    takes(
        Zettabgp,
        "no RFC 7606: attributes may be missing, or come from whom they should not",
        |_, fault| matches!(fault.problem, Problem::Missing | Problem::Unexpected),
        Fine,
    ),
    takes(Zettabgp, "next hops are the caller's to judge", |_, fault| fault.problem == Problem::NextHop, Fine),
    takes(
        Zettabgp,
        "AS4_PATH and AS4_AGGREGATOR are not read",
        |_, fault| matches!(fault.code, AS4_PATH | AS4_AGGREGATOR) && fault.at.is_some(),
        Fine,
    ),
    finds(
        Zettabgp,
        "the reserved octet of MP_REACH_NLRI must be zero; RFC 4760, section 3, says to ignore it",
        |context| {
            context.any(|raw| match raw.value.as_slice() {
                [_, _, _, length, rest @ ..] if raw.code == MP_REACH_NLRI => {
                    rest.get(usize::from(*length)).is_some_and(|reserved| *reserved != 0)
                }
                _ => false,
            })
        },
        Reset,
    ),
    Row {
        oracle: Zettabgp,
        what: "lengths are not checked: what is too long passes, what is too short is refused, panics or never returns",
        effect: Effect::Shrugs(|_, fault| {
            !matches!(fault.code, AS4_PATH | AS4_AGGREGATOR)
                && matches!(
                    fault.problem,
                    Problem::Length(_)
                        | Problem::Value(_)
                        | Problem::AsZero
                        | Problem::SegmentType(_)
                        | Problem::SegmentEmpty
                        | Problem::SegmentOverrun
                        | Problem::NextHopLength(_)
                        | Problem::Routes(_)
                        | Problem::Overrun
                        | Problem::CutOff
                )
        }),
    },
];
