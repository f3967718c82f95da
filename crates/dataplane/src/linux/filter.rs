//! Programs that judge what comes in by a link: filters of traffic control (clsact, cls_bpf).
//!
//! A filter of ours is known by its place and its name. The queue that it hangs on, which holds nothing, is made when it
//! is missing and goes with its last filter.

use super::Net;
use super::netlink::{Message, NEW, PUT, attribute, code, number32, text};
use super::qinq;
use super::traffic::fixed;
use socket::bpf::Program;
use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Of `linux/pkt_sched.h` and `linux/pkt_cls.h`.
const CLSACT: u32 = 0xffff_fff1;
const HANDLE: u32 = 0xffff_0000;
const INGRESS: u32 = 0xffff_fff2;
const EGRESS: u32 = 0xffff_fff3;
const FD: u16 = 6;
const NAME: u16 = 7;
const FLAGS: u16 = 8;
const ID: u16 = 11;
/// What the program gives is done, and no action asked.
const DIRECT: u32 = 1;
/// The places of our filters. Others most often have lower ones, and come first.
const JUDGE: u16 = 0x7470;
const SILENCE: u16 = 1;
/// The name of our filters.
const OURS: &str = "twinpath";

impl Net {
    /// Has a program judge what comes in by a link, in the place of the one of ours that did so before.
    ///
    /// # Errors
    ///
    /// There is no such link, or the kernel cannot attach programs.
    pub fn judge_ingress(&self, link: &str, program: &Program) -> io::Result<()> {
        let descriptor = program.as_fd().as_raw_fd().cast_unsigned();
        self.put_filter(link, INGRESS, JUDGE, |options| options.with_u32(FD, descriptor))
    }

    /// The number of the program of ours at the ingress of a link.
    ///
    /// # Errors
    ///
    /// There is no such link.
    pub fn judge_of(&self, link: &str) -> io::Result<Option<u32>> {
        let filters = self.filters(self.index(link)?, INGRESS)?;
        Ok(filters.into_iter().find(|filter| filter.is_ours(JUDGE)).and_then(|filter| filter.program))
    }

    /// Takes our program from the ingress of a link. That there is none is no error.
    ///
    /// # Errors
    ///
    /// There is no such link ([`io::ErrorKind::NotFound`]).
    pub fn judge_no_more(&self, link: &str) -> io::Result<()> {
        self.take_filters(link, JUDGE)
    }

    /// Drops all that passes by a link through the kernel, either way, while it keeps its carrier. Packet sockets see
    /// and send frames all the same.
    ///
    /// # Errors
    ///
    /// There is no such link, or the kernel has no filters of this kind.
    pub fn silence(&self, link: &str) -> io::Result<()> {
        let program = qinq::silence()?;
        let descriptor = program.as_fd().as_raw_fd().cast_unsigned();
        // By a name of ours: the kernel keeps none for a classic program.
        [INGRESS, EGRESS]
            .into_iter()
            .try_for_each(|parent| self.put_filter(link, parent, SILENCE, |options| options.with_u32(FD, descriptor)))
    }

    /// Lets packets pass again by a link that was [silent](Self::silence). Does nothing to one that was not.
    ///
    /// # Errors
    ///
    /// There is no such link.
    pub fn unsilence(&self, link: &str) -> io::Result<()> {
        self.take_filters(link, SILENCE)
    }

    fn put_filter(
        &self,
        link: &str,
        parent: u32,
        place: u16,
        program: impl FnOnce(Message) -> Message,
    ) -> io::Result<()> {
        let index = self.index(link)?;
        let queue = Message::new(libc::RTM_NEWQDISC, NEW, &fixed(index, HANDLE, CLSACT));
        match self.rtnetlink().request(queue.with_text(libc::TCA_KIND, "clsact")) {
            Err(error) if code(&error) == Some(libc::EEXIST) => {}
            made => made?,
        }
        let filter = Message::new(libc::RTM_NEWTFILTER, PUT, &at(index, parent, place, 1));
        let filter = filter.with_text(libc::TCA_KIND, "bpf");
        self.rtnetlink().request(
            filter.nest(libc::TCA_OPTIONS, |options| program(options).with_text(NAME, OURS).with_u32(FLAGS, DIRECT)),
        )
    }

    /// Takes our filters of a place away, and the queue if nobody else has filters there.
    fn take_filters(&self, link: &str, place: u16) -> io::Result<()> {
        let index = self.index(link)?;
        let (mut taken, mut left) = (false, false);
        for parent in [INGRESS, EGRESS] {
            for filter in self.filters(index, parent)? {
                if filter.is_ours(place) {
                    let delete = Message::new(libc::RTM_DELTFILTER, 0, &at(index, parent, place, filter.handle));
                    self.rtnetlink().request(delete.with_text(libc::TCA_KIND, "bpf"))?;
                    taken = true;
                } else {
                    left = true;
                }
            }
        }
        if taken && !left {
            self.rtnetlink().request(Message::new(libc::RTM_DELQDISC, 0, &fixed(index, HANDLE, CLSACT)))?;
        }
        Ok(())
    }

    /// The filters of a link; none where there is no queue for them.
    fn filters(&self, index: u32, parent: u32) -> io::Result<Vec<Filter>> {
        let mut filters = Vec::new();
        let ask = Message::new(libc::RTM_GETTFILTER, 0, &fixed(index, 0, parent));
        match self.rtnetlink().dump(ask, |_, body| filters.extend(read(body))) {
            Err(error) if matches!(code(&error), Some(libc::EINVAL | libc::ENOENT)) => Ok(Vec::new()),
            asked => asked.map(|()| filters),
        }
    }
}

/// A filter of a link.
struct Filter {
    place: u16,
    handle: u32,
    name: Option<String>,
    program: Option<u32>,
}

impl Filter {
    fn is_ours(&self, place: u16) -> bool {
        self.place == place && self.name.as_deref() == Some(OURS)
    }
}

/// `struct tcmsg`: what is info to others is the place and the protocol of a filter.
fn at(index: u32, parent: u32, place: u16, handle: u32) -> [u8; 20] {
    let protocol = (libc::ETH_P_ALL as u16).to_be();
    let mut fixed = fixed(index, handle, parent);
    fixed[16..].copy_from_slice(&(u32::from(place) << 16 | u32::from(protocol)).to_ne_bytes());
    fixed
}

/// A filter of a message; the kernel tells of a place itself as well, without a handle.
fn read(body: &[u8]) -> Option<Filter> {
    let handle = number32(body, 8).filter(|handle| *handle != 0)?;
    let place = u16::try_from(number32(body, 16)? >> 16).ok()?;
    let options = attribute(body.get(20..)?, libc::TCA_OPTIONS).unwrap_or_default();
    let name = attribute(options, NAME).map(text);
    let program = attribute(options, ID).and_then(|id| number32(id, 0));
    Some(Filter { place, handle, name, program })
}
