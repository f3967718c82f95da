//! UPDATEs to read: valid ones, and valid ones with something done to them.

use crate::common::any::*;
use crate::common::{attribute, update};
use bgp_wire::*;
use proptest::prelude::*;
use proptest::sample::Index;

/// An UPDATE by its parts, before and after mutation.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) session: Session,
    pub(crate) withdrawn: Vec<u8>,
    pub(crate) attributes: Vec<Part>,
    pub(crate) nlri: Vec<u8>,
    /// Octets of the attribute field that are cut off at its end.
    pub(crate) cut: usize,
    /// An octet of the whole body that is changed, by what.
    pub(crate) flip: Option<(Index, u8)>,
}

/// One attribute; the length that is written may lie.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) flags: u8,
    pub(crate) code: u8,
    pub(crate) value: Vec<u8>,
    pub(crate) lie: i8,
}

impl Case {
    pub(crate) fn body(&self) -> Vec<u8> {
        let mut attributes = Vec::new();
        for part in &self.attributes {
            let start = attributes.len();
            let flags = if part.value.len() > 255 { part.flags | 0x10 } else { part.flags };
            attributes.extend(attribute(flags, part.code, &part.value));
            let low = start + if flags & 0x10 != 0 { 3 } else { 2 };
            attributes[low] = attributes[low].wrapping_add_signed(part.lie);
        }
        attributes.truncate(attributes.len().saturating_sub(self.cut));
        let mut body = update(&self.withdrawn, &attributes, &self.nlri);
        if let Some((at, change)) = &self.flip {
            let at = at.index(body.len());
            body[at] ^= change;
        }
        body
    }
}

fn routes<P: Copy>(prefixes: &[P], ids: Option<u32>, put: fn(P) -> Vec<u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (n, prefix) in prefixes.iter().enumerate() {
        if let Some(first) = ids {
            bytes.extend_from_slice(&first.wrapping_add(n as u32).to_be_bytes());
        }
        bytes.extend(put(*prefix));
    }
    bytes
}

fn put4(prefix: Prefix4) -> Vec<u8> {
    let octets = usize::from(prefix.length()).div_ceil(8);
    [&[prefix.length()][..], &prefix.address().octets()[..octets]].concat()
}

fn put6(prefix: Prefix6) -> Vec<u8> {
    let octets = usize::from(prefix.length()).div_ceil(8);
    [&[prefix.length()][..], &prefix.address().octets()[..octets]].concat()
}

/// The attributes of a template, one by one.
fn parts(mut bytes: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    while let [flags, code, rest @ ..] = bytes {
        let (length, rest) = match (flags & 0x10 != 0, rest) {
            (true, [high, low, rest @ ..]) => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            (_, [length, rest @ ..]) => (usize::from(*length), rest),
            _ => panic!("a template is well formed"),
        };
        parts.push(Part { flags: *flags, code: *code, value: rest[..length].to_vec(), lie: 0 });
        bytes = &rest[length..];
    }
    parts
}

/// Sessions of both families.
fn sessions() -> impl Strategy<Value = Session> {
    session().prop_map(|session| Session { families: Families::BOTH, ..session })
}

fn with_sets(sets: bool) -> impl Strategy<Value = Case> {
    let lists = (
        prop::collection::vec(prefix4(), 0..5),
        prop::collection::vec(prefix4(), 0..5),
        prop::collection::vec(prefix6(), 0..5),
        prop::collection::vec(prefix6(), 0..5),
    );
    let rest = (attribute_set(sets, true), host4(), next_hop6(), any::<u32>(), any::<Index>(), any::<[bool; 2]>());
    (sessions(), lists, rest).prop_map(|(session, (w4, a4, w6, a6), rest)| {
        let (set, hop4, hop6, id, at, [announces4, announces6]) = rest;
        let (id4, id6) = (session.add_path.v4.then_some(id), session.add_path.v6.then_some(id));
        let mut nlri = Vec::new();
        let mut attributes = Vec::new();
        if (announces4 && !a4.is_empty()) || (announces6 && !a6.is_empty()) {
            let set = if session.neighbor == Neighbor::Internal { set } else { for_external(set) };
            attributes = parts(set.template(&session).unwrap().bytes());
        }
        let at = at.index(attributes.len() + 1);
        let mut insert = |flags, code, value| attributes.insert(at, Part { flags, code, value, lie: 0 });
        if announces4 && !a4.is_empty() {
            insert(0x40, 3, hop4.octets().to_vec());
            nlri = routes(&a4, id4, put4);
        }
        if announces6 && !a6.is_empty() {
            let mut value = vec![0, 2, 1, if hop6.link_local.is_some() { 32 } else { 16 }];
            value.extend_from_slice(&hop6.global.octets());
            value.extend(hop6.link_local.iter().flat_map(|address| address.octets()));
            value.push(0);
            value.extend(routes(&a6, id6, put6));
            insert(0x80, 14, value);
        }
        if !w6.is_empty() {
            insert(0x80, 15, [vec![0, 2, 1], routes(&w6, id6, put6)].concat());
        }
        Case { session, withdrawn: routes(&w4, id4, put4), attributes, nlri, cut: 0, flip: None }
    })
}

/// Valid UPDATEs. AS_SET is not among them: one of the oracles follows RFC 9774 and takes it as malformed.
pub(crate) fn valid() -> impl Strategy<Value = Case> {
    with_sets(false)
}

#[derive(Debug, Clone)]
enum Mutation {
    Flags(Index, u8),
    Flip(Index, Index, u8),
    Grow(Index, Vec<u8>),
    Shrink(Index, usize),
    Remove(Index),
    Repeat(Index, Index),
    Retype(Index, u8),
    Lie(Index, i8),
    Insert(Part),
    Append(Part),
    Cut(usize),
    Body(Index, u8),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let bit = || prop::sample::select(vec![0x80u8, 0x40, 0x20, 0x10, 0x08]);
    let codes = || prop::sample::select(vec![1u8, 2, 3, 4, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 32, 35, 100]);
    let index = any::<Index>;
    let part = (bit(), codes(), prop::collection::vec(any::<u8>(), 0..14));
    let next_hop = prop::sample::select(vec![[0u8, 0, 0, 0], [127, 0, 0, 1], [224, 0, 0, 1], [240, 0, 0, 1], [255; 4]]);
    let path = prop::sample::select(vec![
        vec![2, 1, 0, 0, 0, 0],
        vec![3, 1, 0, 0, 0, 1],
        vec![1, 1, 0, 0, 0, 1],
        vec![2, 0],
        vec![2, 2, 0, 0, 0, 1],
        vec![5, 1, 0, 0, 0, 1],
    ]);
    // MP_REACH_NLRI and MP_UNREACH_NLRI of odd families and next hops.
    let reach = prop::sample::select(
        [
            "0001 80 04 0A000001 00 20 0A000001",
            "4004 47 00 00",
            "0001 01 04 0A000001 00 18 C00002",
            "0001 01 10 20010DB8000000000000000000000001 00 18 C00002",
            "0002 01 10 FE800000000000000000000000000001 00 20 20010DB8",
            "0002 01 10 00000000000000000000000000000001 00 20 20010DB8",
            "0002 01 10 FF020000000000000000000000000001 00 20 20010DB8",
            "0002 01 20 20010DB8000000000000000000000001 20010DB8000000000000000000000002 00 20 20010DB8",
            "0002 01 04 0A000001 00 20 20010DB8",
            "0002 01 00 00",
            "0002 01 10 20010DB8000000000000000000000001 00",
        ]
        .map(crate::common::hex)
        .to_vec(),
    );
    let unreach = prop::sample::select(
        ["0001 80", "4004 47", "0001 01 18 C00002", "0002", "0002 01"].map(crate::common::hex).to_vec(),
    );
    prop_oneof![
        3 => (index(), bit()).prop_map(|(at, bit)| Mutation::Flags(at, bit)),
        3 => (index(), index(), 1u8..).prop_map(|(at, octet, change)| Mutation::Flip(at, octet, change)),
        2 => (index(), prop::collection::vec(any::<u8>(), 1..9)).prop_map(|(at, more)| Mutation::Grow(at, more)),
        2 => (index(), 1usize..9).prop_map(|(at, less)| Mutation::Shrink(at, less)),
        2 => index().prop_map(Mutation::Remove),
        2 => (index(), index()).prop_map(|(at, to)| Mutation::Repeat(at, to)),
        1 => (index(), codes()).prop_map(|(at, code)| Mutation::Retype(at, code)),
        1 => (index(), prop::sample::select(vec![-3i8, -1, 1, 2, 60])).prop_map(|(at, lie)| Mutation::Lie(at, lie)),
        2 => part.prop_map(|(flags, code, value)| Mutation::Insert(Part { flags: flags | 0x80, code, value, lie: 0 })),
        1 => next_hop.prop_map(|hop| Mutation::Insert(Part { flags: 0x40, code: 3, value: hop.to_vec(), lie: 0 })),
        2 => (path, any::<[bool; 2]>()).prop_map(|(value, [old, second])| {
            let (flags, code) = if old { (0xC0, 17) } else { (0x40, 2) };
            let part = Part { flags, code, value, lie: 0 };
            if second { Mutation::Append(part) } else { Mutation::Insert(part) }
        }),
        1 => any::<bool>().prop_map(|old| {
            let code = if old { 18 } else { 7 };
            Mutation::Insert(Part { flags: 0xC0, code, value: vec![0, 0, 0, 0, 10, 0, 0, 1], lie: 0 })
        }),
        1 => reach.prop_map(|value| Mutation::Insert(Part { flags: 0x80, code: 14, value, lie: 0 })),
        1 => unreach.prop_map(|value| Mutation::Insert(Part { flags: 0x80, code: 15, value, lie: 0 })),
        1 => (1usize..6).prop_map(Mutation::Cut),
        1 => (index(), 1u8..).prop_map(|(at, change)| Mutation::Body(at, change)),
    ]
}

/// Valid UPDATEs with one to three things done to them, or none.
pub(crate) fn mutated() -> impl Strategy<Value = Case> {
    (with_sets(true), prop::collection::vec(mutation(), 0..4)).prop_map(|(mut case, mutations)| {
        for mutation in mutations {
            apply(&mut case, mutation);
        }
        case
    })
}

fn apply(case: &mut Case, mutation: Mutation) {
    let count = case.attributes.len();
    let any = |at: &Index| if count == 0 { None } else { Some(at.index(count)) };
    match mutation {
        Mutation::Flags(at, bit) => any(&at).into_iter().for_each(|at| case.attributes[at].flags ^= bit),
        Mutation::Flip(at, octet, change) => {
            if let Some(at) = any(&at) {
                let value = &mut case.attributes[at].value;
                if !value.is_empty() {
                    let octet = octet.index(value.len());
                    value[octet] ^= change;
                }
            }
        }
        Mutation::Grow(at, more) => any(&at).into_iter().for_each(|at| case.attributes[at].value.extend(&more)),
        Mutation::Shrink(at, less) => {
            if let Some(at) = any(&at) {
                let value = &mut case.attributes[at].value;
                value.truncate(value.len().saturating_sub(less));
            }
        }
        Mutation::Remove(at) => any(&at).into_iter().for_each(|at| drop(case.attributes.remove(at))),
        Mutation::Repeat(at, to) => {
            if let Some(at) = any(&at) {
                let part = case.attributes[at].clone();
                case.attributes.insert(to.index(count + 1), part);
            }
        }
        Mutation::Retype(at, code) => any(&at).into_iter().for_each(|at| case.attributes[at].code = code),
        Mutation::Lie(at, lie) => any(&at).into_iter().for_each(|at| case.attributes[at].lie = lie),
        Mutation::Insert(part) => {
            case.attributes.retain(|other| other.code != part.code);
            case.attributes.push(part);
        }
        Mutation::Append(part) => case.attributes.push(part),
        Mutation::Cut(octets) => case.cut = octets,
        Mutation::Body(at, change) => case.flip = Some((at, change)),
    }
}
