//! Queues at the exit of a link: hierarchical token buckets (spec 09, 8).
//!
//! ```text
//! 1: htb ── 1:1 the rate of the link ─┬─ 1:10 first class ── queue of few packets, or of some milliseconds
//!                                     ├─ 1:20 second class ─ …
//!                                     └─ 1:n0 the rest
//! ```

use super::Net;
use super::netlink::{Message, NEW, attribute, number32, text};
use std::io;

/// Of `linux/pkt_sched.h`.
const HTB_PARMS: u16 = 1;
const HTB_INIT: u16 = 2;
const HTB_RATE64: u16 = 6;
const HTB_CEIL64: u16 = 7;
const ROOT: u32 = 0xffff_ffff;
/// The root of ours, `1:`, and the class that all others are in, `1:1`.
const HANDLE: u32 = 0x1_0000;
const WHOLE: u32 = HANDLE + 1;
/// A tick of the packet scheduler is 64 ns.
const TICKS_A_SECOND: u64 = 1_000_000_000 / 64;
/// Bytes of the largest frame.
const FRAME: u32 = 1514;

/// A class below the rate of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// Bits a second it has for sure.
    pub rate: u64,
    /// Bits a second it may rise to.
    pub ceiling: u64,
    /// What may wait.
    pub queue: Queue,
}

/// What may wait in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// So many packets.
    Packets(u32),
    /// So many bytes.
    Bytes(u32),
}

/// What a class has sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClassCount {
    /// Its number, as [`minor`] has it.
    pub minor: u16,
    /// Packets sent.
    pub packets: u64,
    /// Bytes sent.
    pub bytes: u64,
    /// Packets for which there was no room.
    pub dropped: u64,
}

/// The number of a class in `1:<number>`, by its place: 10, 20, 30 …, written as `tc` does, in hexadecimal.
pub fn minor(place: usize) -> u16 {
    u16::try_from((place + 1) * 0x10).unwrap_or(u16::MAX)
}

impl Net {
    /// Sets the rate of a link, in bits a second, with what may pass at once in bytes, and the classes that share it,
    /// most urgent first. Packets of no class go to the last. Classes there were before are gone.
    ///
    /// # Errors
    ///
    /// There is no such link, or the kernel has no token buckets.
    pub fn shape(&self, link: &str, rate: u64, burst: u32, classes: &[Class]) -> io::Result<()> {
        let index = self.index(link)?;
        self.unshape(link)?;
        // `struct tc_htb_glob`: version, ratio of rate to quantum, default class, debug, packets not sorted.
        let default = u32::from(minor(classes.len().saturating_sub(1)));
        let globals = [3, 10, default, 0, 0].map(u32::to_ne_bytes).concat();
        let htb = |message: Message| message.with_text(libc::TCA_KIND, "htb");
        let qdisc = htb(Message::new(libc::RTM_NEWQDISC, NEW, &fixed(index, HANDLE, ROOT)));
        self.rtnetlink().request(qdisc.nest(libc::TCA_OPTIONS, |options| options.with(HTB_INIT, &globals)))?;
        let class = |id: u32, parent: u32, rate: u64, ceiling: u64, burst: u32, priority: u32, quantum: u32| {
            let message = htb(Message::new(libc::RTM_NEWTCLASS, NEW, &fixed(index, id, parent)));
            self.rtnetlink().request(message.nest(libc::TCA_OPTIONS, |options| {
                let options = options.with(HTB_PARMS, &parameters(rate, ceiling, burst, priority, quantum));
                options.with(HTB_RATE64, &(rate / 8).to_ne_bytes()).with(HTB_CEIL64, &(ceiling / 8).to_ne_bytes())
            }))
        };
        class(WHOLE, HANDLE, rate, rate, burst, 0, FRAME)?;
        for (place, each) in classes.iter().enumerate() {
            let id = HANDLE + u32::from(minor(place));
            // The urgent one takes turns a packet at a time.
            let quantum = if place == 0 { FRAME } else { 2 * FRAME };
            class(id, WHOLE, each.rate, each.ceiling, burst, place as u32, quantum)?;
            let (kind, limit) = match each.queue {
                Queue::Packets(packets) => ("pfifo", packets),
                Queue::Bytes(bytes) => ("bfifo", bytes),
            };
            let handle = u32::from(minor(place)) << 16;
            let queue = Message::new(libc::RTM_NEWQDISC, NEW, &fixed(index, handle, id));
            let queue = queue.with_text(libc::TCA_KIND, kind).with_u32(libc::TCA_OPTIONS, limit);
            self.rtnetlink().request(queue)?;
        }
        Ok(())
    }

    /// Takes rate and classes of a link away. That there are none is no error.
    ///
    /// # Errors
    ///
    /// There is no such link, or the kernel refuses.
    pub fn unshape(&self, link: &str) -> io::Result<()> {
        let index = self.index(link)?;
        let delete = Message::new(libc::RTM_DELQDISC, 0, &fixed(index, HANDLE, ROOT));
        match self.rtnetlink().request(delete) {
            Err(error) if matches!(super::netlink::code(&error), Some(libc::ENOENT | libc::EINVAL)) => Ok(()),
            deleted => deleted,
        }
    }

    /// What the classes of a link have sent, in order of their numbers.
    ///
    /// # Errors
    ///
    /// There is no such link.
    pub fn classes(&self, link: &str) -> io::Result<Vec<ClassCount>> {
        let ask = Message::new(libc::RTM_GETTCLASS, 0, &fixed(self.index(link)?, 0, 0));
        let mut counts = Vec::new();
        self.rtnetlink().dump(ask, |_, body| counts.extend(read(body)))?;
        counts.sort_by_key(|count: &ClassCount| count.minor);
        Ok(counts)
    }
}

/// `struct tcmsg`: family, pad (3), index (4), handle (4), parent (4), info (4).
pub(super) fn fixed(index: u32, handle: u32, parent: u32) -> [u8; 20] {
    let mut fixed = [0; 20];
    fixed[4..8].copy_from_slice(&index.to_ne_bytes());
    fixed[8..12].copy_from_slice(&handle.to_ne_bytes());
    fixed[12..16].copy_from_slice(&parent.to_ne_bytes());
    fixed
}

/// `struct tc_htb_opt`: rate and ceiling as `struct tc_ratespec`, bucket and bucket of the ceiling in ticks, quantum,
/// level, priority.
fn parameters(rate: u64, ceiling: u64, burst: u32, priority: u32, quantum: u32) -> Vec<u8> {
    // cell (1), link layer (1, Ethernet), overhead (2), cell alignment (2), smallest packet (2), bytes a second (4).
    let spec = |bits: u64| {
        let bytes = u32::try_from(bits / 8).unwrap_or(u32::MAX);
        [&[0, 1, 0, 0, 0, 0, 0, 0][..], &bytes.to_ne_bytes()].concat()
    };
    let ticks = |bits: u64| {
        let ticks = u64::from(burst.max(FRAME)) * 8 * TICKS_A_SECOND / bits.max(1);
        u32::try_from(ticks.max(1)).unwrap_or(u32::MAX)
    };
    let numbers = [ticks(rate), ticks(ceiling), quantum, 0, priority].map(u32::to_ne_bytes).concat();
    [spec(rate), spec(ceiling), numbers].concat()
}

fn read(body: &[u8]) -> Option<ClassCount> {
    /// Inside `TCA_STATS2`: `struct gnet_stats_basic` and `struct gnet_stats_queue`.
    const BASIC: u16 = 1;
    const QUEUE: u16 = 3;
    let attributes = body.get(20..)?;
    let handle = number32(body, 8)?;
    if text(attribute(attributes, libc::TCA_KIND)?) != "htb" || handle <= WHOLE {
        return None;
    }
    let stats = attribute(attributes, libc::TCA_STATS2)?;
    let basic = attribute(stats, BASIC)?;
    let queue = attribute(stats, QUEUE)?;
    Some(ClassCount {
        minor: u16::try_from(handle & 0xffff).ok()?,
        bytes: u64::from_ne_bytes(basic.get(..8)?.try_into().ok()?),
        packets: number32(basic, 8)?.into(),
        // Queue length, bytes waiting, dropped.
        dropped: number32(queue, 8)?.into(),
    })
}
