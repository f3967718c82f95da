//! Tags put on and taken off by two programs in the kernel (spec 09, 4).
//!
//! ```text
//!             ┌ inwards: take S and C off, look them up ─► the pair's inner end
//!  trunk ─────┤
//!             └◄ outwards: look the interface up, put C and S on ── the pair's outer end
//! ```
//!
//! Both are at the ingress of an interface, and share a map that says which tags belong to which outer end, both ways. What is
//! attached stays when the process ends: packets go on, and the next process finds the map by the number of the program.
//!
//! A frame to the address of an inner end in another namespace arrives there at once; any other goes through the pair,
//! where the kernel judges whom it is for, and whether both ends are up.

use super::Seen;
use super::code::{Code, Function, R};
use crate::Tag;
use crate::linux::{Namespace, Net};
use model::VlanId;
use socket::bpf::{Map, Program};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::AsRawFd;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The maps by their names, with the bytes of their keys and values. The names change when the layouts do.
const TAGS: (&str, u32, u32) = ("tp_tags1", 4, 12);
const UNKNOWN: (&str, u32, u32) = ("tp_unknown1", 4, 16);
/// Entries of the map: two for each interface.
const MOST: u32 = 1 << 14;
/// Keys of the map are tags, as [`key`] has them; or with this bit, the number of an outer end.
const INTERFACE: u32 = 1 << 31;

/// Where `struct __sk_buff` has what is read.
const TAGGED: i16 = 20;
const TAG_VALUE: i16 = 24;
const TAG_PROTOCOL: i16 = 28;
const INTERFACE_INDEX: i16 = 40;
const DATA: i16 = 76;
const DATA_END: i16 = 80;
/// What a program gives: the packet goes on to whoever is next, or it is dropped.
const NEXT: i32 = -1;
const DROP: i32 = 2;
/// The part of a tag's value that is its number.
const NUMBER: i32 = 0xfff;

/// The programs of a trunk, and what they know.
#[derive(Debug)]
pub(super) struct Programs {
    net: Net,
    trunk: String,
    tags: Map,
    unknown: Map,
    inwards: Program,
    outwards: Program,
    /// The outer ends there are, by tag; the trunk has its program while there are any.
    ends: Mutex<BTreeMap<Tag, String>>,
}

impl Programs {
    /// Loads the programs of a trunk. What programs of ours at the trunk know already is kept if that is wanted, for
    /// interfaces that are still there.
    pub(super) fn load(trunk: &str, namespace: &Namespace, keep: bool) -> io::Result<Self> {
        let net = Net::open(namespace)?;
        let index = net.index(trunk)?;
        let (tags, unknown) = match if keep { found(&net, trunk)? } else { None } {
            Some(maps) => maps,
            None => (Map::hash(TAGS.0, TAGS.1, TAGS.2, MOST)?, Map::array(UNKNOWN.0, UNKNOWN.2, 1)?),
        };
        let inwards = Program::classifier("tp_inwards", &inwards(&tags, &unknown))?;
        let outwards = Program::classifier("tp_outwards", &outwards(&tags, index))?;
        let programs = Self { net, trunk: trunk.to_owned(), tags, unknown, inwards, outwards, ends: Mutex::default() };
        programs.prune()?;
        Ok(programs)
    }

    /// Forgets interfaces that are no more.
    fn prune(&self) -> io::Result<()> {
        let there: BTreeSet<u32> = self.net.links()?.into_iter().map(|link| link.index).collect();
        for key in self.tags.keys()? {
            let Some(number) = number(&key, 0) else { continue };
            let index = match number & INTERFACE {
                0 => self.tags.get(&key)?.and_then(|value| self::number(&value, 0)),
                _ => Some(number & !INTERFACE),
            };
            if index.is_none_or(|index| !there.contains(&index)) {
                self.tags.remove(&key)?;
            }
        }
        Ok(())
    }

    /// Brings frames of a tag to an outer end and back; frames to the address of the inner end, if it is said, by the
    /// short way.
    pub(super) fn add(&self, tag: Tag, interface: &str, inner: Option<[u8; 6]>) -> io::Result<()> {
        let Some(key) = key(tag) else { return Err(super::no_tag(tag)) };
        let mut ends = self.ends();
        let index = self.net.index(interface)?;
        // Who had the tag before has it no more.
        if let Some(before) = self.tags.get(&key.to_ne_bytes())?.and_then(|value| number(&value, 0))
            && before != index
        {
            self.tags.remove(&(before | INTERFACE).to_ne_bytes())?;
        }
        self.tags.put(&(index | INTERFACE).to_ne_bytes(), &value(key, None))?;
        self.tags.put(&key.to_ne_bytes(), &value(index, inner))?;
        self.net.judge_ingress(interface, &self.outwards)?;
        self.net.judge_ingress(&self.trunk, &self.inwards)?;
        ends.insert(tag, interface.to_owned());
        Ok(())
    }

    /// Frames of the tag are unknown from now on. With the last tag the trunk is as it was.
    pub(super) fn remove(&self, tag: Tag) -> io::Result<()> {
        let mut ends = self.ends();
        if let Some(key) = key(tag) {
            let index = self.tags.get(&key.to_ne_bytes())?.and_then(|value| number(&value, 0));
            self.tags.remove(&key.to_ne_bytes())?;
            index.map_or(Ok(()), |index| self.tags.remove(&(index | INTERFACE).to_ne_bytes()))?;
        }
        if let Some(interface) = ends.remove(&tag) {
            gone(self.net.judge_no_more(&interface))?;
        }
        if ends.is_empty() { gone(self.net.judge_no_more(&self.trunk)) } else { Ok(()) }
    }

    /// Frames that were not moved, by tag.
    pub(super) fn dropped(&self) -> BTreeMap<Tag, u64> {
        let ends = self.ends();
        let links = self.net.links().unwrap_or_default();
        let dropped = |name: &String| {
            let link = links.iter().find(|link| link.name == *name);
            link.map_or(0, |link| link.traffic.in_dropped + link.traffic.out_dropped)
        };
        ends.iter().map(|(tag, name)| (*tag, dropped(name))).collect()
    }

    /// How many frames had tags that nobody asked for, and the tags of the last of them.
    pub(super) fn unknown(&self) -> (u64, Option<Seen>) {
        let value = self.unknown.get(&[0; 4]).ok().flatten().unwrap_or_default();
        let count = value.get(..8).and_then(|count| count.try_into().ok()).map_or(0, u64::from_ne_bytes);
        let last = number(&value, 8).unwrap_or(0);
        let part = |number: u32| u16::try_from(number & 0xfff).ok().filter(|number| *number != 0);
        (count, (count > 0).then_some((part(last >> 16), part(last))))
    }

    fn ends(&self) -> MutexGuard<'_, BTreeMap<Tag, String>> {
        self.ends.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the kernel takes the programs, and an interface of the namespace a program.
pub(super) fn attempt(net: &Net, interface: &str) -> io::Result<()> {
    let programs = Programs::load(interface, net.namespace(), false)?;
    net.judge_ingress(interface, &programs.inwards)?;
    net.judge_no_more(interface)
}

/// Takes what is ours from a trunk, whoever put it there.
pub(super) fn leave(net: &Net, trunk: &str) -> io::Result<()> {
    gone(net.judge_no_more(trunk))
}

/// The maps of the program of ours at a trunk, if there is one that is like those made here.
fn found(net: &Net, trunk: &str) -> io::Result<Option<(Map, Map)>> {
    let Some(id) = net.judge_of(trunk)? else { return Ok(None) };
    // One that has gone meanwhile, or that may not be looked at, is none.
    let Ok(maps) = Program::by_id(id).and_then(|program| program.maps()) else { return Ok(None) };
    let (mut tags, mut unknown) = (None, None);
    for map in maps {
        if map.is(TAGS.0, TAGS.1, TAGS.2) {
            tags = Some(map);
        } else if map.is(UNKNOWN.0, UNKNOWN.1, UNKNOWN.2) {
            unknown = Some(map);
        }
    }
    Ok(tags.zip(unknown))
}

/// What belongs to an interface that is gone is gone with it.
fn gone(outcome: io::Result<()>) -> io::Result<()> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Tags as the map has them: the outer one in the upper half, the inner one in the lower.
fn key(tag: Tag) -> Option<u32> {
    let number = |vlan: VlanId| u32::from(vlan.number());
    match tag {
        Tag::SC(outer, inner) => Some(number(outer) << 16 | number(inner)),
        Tag::C(inner) => Some(number(inner)),
        Tag::Untagged | Tag::Vni { .. } => None,
    }
}

/// A value of the map: a number, an address for the short way, and two bytes of nothing.
fn value(number: u32, mac: Option<[u8; 6]>) -> [u8; 12] {
    let mut value = [0; 12];
    value[..4].copy_from_slice(&number.to_ne_bytes());
    value[4..10].copy_from_slice(&mac.unwrap_or_default());
    value
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    crate::linux::netlink::number32(bytes, at)
}

/// A protocol as `struct __sk_buff` has it: in the order of the wire.
fn wire(protocol: u16) -> i32 {
    i32::from(protocol.to_be())
}

/// A program that drops whatever comes.
pub(in crate::linux) fn silence() -> io::Result<Program> {
    let mut code = Code::default();
    code.set(R::R0, DROP);
    code.exit();
    Program::classifier("tp_silence", &code.finish())
}

/// The program at the trunk.
fn inwards(tags: &Map, unknown: &Map) -> Vec<[u8; 8]> {
    use R::{R0, R1, R2, R3, R4, R5, R6, R7, R8, R9};
    let mut code = Code::default();
    let [look, pair, strange, count, out] = std::array::from_fn(|_| code.label());
    // R6 the packet, R7 the tags so far, R8 their entry, R9 what becomes of a packet that has none.
    code.copy(R6, R1);
    code.set(R7, 0);
    code.set(R9, NEXT);
    // A frame without tags is nobody's circuit: it is counted, and the machine's own.
    code.load32(R2, R6, TAGGED);
    code.if_is(R2, 0, count);
    code.set(R9, DROP);
    code.load32(R7, R6, TAG_VALUE);
    code.and(R7, NUMBER);
    code.load32(R2, R6, TAG_PROTOCOL);
    code.if_is(R2, wire(super::INNER), look);
    code.shift_left(R7, 16);
    code.if_not(R2, wire(super::OUTER), count);
    // With an outer tag of no number the key would be that of a frame with one tag.
    code.if_is(R7, 0, count);
    code.copy(R1, R6);
    code.call(Function::PopTag);
    code.if_not(R0, 0, count);
    // The inner tag takes the place of the outer one.
    code.load32(R2, R6, TAGGED);
    code.if_is(R2, 0, count);
    code.load32(R2, R6, TAG_PROTOCOL);
    code.if_not(R2, wire(super::INNER), count);
    code.load32(R2, R6, TAG_VALUE);
    code.and(R2, NUMBER);
    code.or_with(R7, R2);
    code.place(look);
    code.look_up(tags.as_raw_fd(), R7);
    code.if_is(R0, 0, count);
    code.copy(R8, R0);
    code.copy(R1, R6);
    code.call(Function::PopTag);
    code.if_not(R0, 0, strange);
    code.load32(R9, R8, 0);
    code.load32(R2, R6, DATA);
    code.load32(R3, R6, DATA_END);
    code.copy(R4, R2);
    code.add(R4, 6);
    code.if_beyond(R4, R3, strange);
    code.load32(R4, R2, 0);
    code.load32(R5, R8, 4);
    code.if_differ(R4, R5, pair);
    code.load16(R4, R2, 4);
    code.load16(R5, R8, 8);
    code.if_differ(R4, R5, pair);
    code.copy(R1, R9);
    code.set(R2, 0);
    code.call(Function::RedirectPeer);
    code.exit();
    code.place(pair);
    code.copy(R1, R9);
    code.set(R2, 0);
    code.call(Function::Redirect);
    code.exit();
    code.place(strange);
    code.set(R9, DROP);
    code.place(count);
    code.set(R2, 0);
    code.look_up(unknown.as_raw_fd(), R2);
    code.if_is(R0, 0, out);
    code.set(R2, 1);
    code.count64(R0, 0, R2);
    code.store32(R0, 8, R7);
    code.place(out);
    code.copy(R0, R9);
    code.exit();
    code.finish()
}

/// The program at an outer end.
fn outwards(tags: &Map, trunk: u32) -> Vec<[u8; 8]> {
    use R::{R0, R1, R2, R3, R6, R7};
    let mut code = Code::default();
    let [send, drop] = std::array::from_fn(|_| code.label());
    code.copy(R6, R1);
    // A frame that has a tag already is none of the circuit's.
    code.load32(R2, R6, TAGGED);
    code.if_not(R2, 0, drop);
    code.load32(R2, R6, INTERFACE_INDEX);
    code.or(R2, INTERFACE.cast_signed());
    code.look_up(tags.as_raw_fd(), R2);
    code.if_is(R0, 0, drop);
    code.load32(R7, R0, 0);
    for protocol in [super::INNER, super::OUTER] {
        code.copy(R1, R6);
        code.set(R2, wire(protocol));
        code.copy(R3, R7);
        code.and(R3, NUMBER);
        code.call(Function::PushTag);
        code.if_not(R0, 0, drop);
        code.shift_right(R7, 16);
        // No outer tag, or none left.
        code.if_is(R7, 0, send);
    }
    code.place(send);
    code.set(R1, trunk.cast_signed());
    code.set(R2, 0);
    code.call(Function::Redirect);
    code.exit();
    code.place(drop);
    code.set(R0, DROP);
    code.exit();
    code.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_tags_and_of_interfaces_are_never_the_same() {
        let vlan = |number: u16| VlanId::try_from(number).unwrap();
        assert_eq!(key(Tag::SC(vlan(100), vlan(10))), Some(0x0064_000a));
        assert_eq!(key(Tag::C(vlan(10))), Some(10));
        assert_eq!(key(Tag::SC(vlan(4094), vlan(4094))).unwrap() & INTERFACE, 0);
        assert_eq!(key(Tag::Untagged), None);
        assert_eq!(value(7, Some([1, 2, 3, 4, 5, 6]))[4..], [1, 2, 3, 4, 5, 6, 0, 0]);
    }
}
