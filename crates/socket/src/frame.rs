//! Whole frames of an interface, in batches (packet(7)): what a switch needs that the kernel does not have.

use crate::error::Step;
use crate::namespace::inside;
use crate::sys::frame::{self, Arrived, BATCH, PIECES};
use crate::{Namespace, sys};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// Bytes of the largest frame that is taken in whole.
pub const MAX_FRAME: usize = 9_216;
/// Bytes of frames that may wait to be read; without the right to that (`CAP_NET_ADMIN`) what the kernel allows.
const WAITING: i32 = 8 << 20;

/// A socket that reads and writes the frames of one interface. It never blocks, and does not read what it wrote.
#[derive(Debug)]
pub struct Frames(OwnedFd);

impl Frames {
    /// Frames of an interface, in the namespace or that of the caller.
    ///
    /// # Errors
    ///
    /// There is no such interface, or the right is missing (`CAP_NET_RAW`).
    pub fn open(interface: &str, namespace: Option<&Namespace>) -> io::Result<Self> {
        let (socket, index) = inside(namespace, || {
            let kind = Type::RAW.nonblocking().cloexec();
            // Without a protocol nothing arrives before the socket is bound.
            let socket = Socket::new_raw(Domain::PACKET, kind, Some(Protocol::from(0))).step("socket")?;
            Ok((socket, sys::interface_index(interface).step("if_nametoindex")?))
        })?;
        frame::set(socket.as_fd(), libc::PACKET_AUXDATA, 1).step("PACKET_AUXDATA")?;
        frame::set(socket.as_fd(), libc::PACKET_IGNORE_OUTGOING, 1).step("PACKET_IGNORE_OUTGOING")?;
        // Where there is a queue it is asked for by the caller; a switch has none of its own.
        frame::set(socket.as_fd(), libc::PACKET_QDISC_BYPASS, 1).step("PACKET_QDISC_BYPASS")?;
        if sys::force_receive_buffer(socket.as_fd(), WAITING).is_err() {
            socket.set_recv_buffer_size(WAITING as usize).step("SO_RCVBUF")?;
        }
        frame::bind(socket.as_fd(), index).step("bind")?;
        Ok(Self(socket.into()))
    }

    /// Reads what waits into the inbox, in place of what was there, and gives how many there are. 0 says that nothing
    /// waits.
    ///
    /// # Errors
    ///
    /// The kernel's: the interface is down ([`io::ErrorKind::NetworkDown`]) or gone. That nothing waits is none.
    pub fn receive(&self, inbox: &mut FrameInbox) -> io::Result<usize> {
        inbox.count = 0;
        match frame::receive(self.as_fd(), &mut inbox.rooms, MAX_FRAME, &mut inbox.arrived) {
            Ok(count) => inbox.count = count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        Ok(inbox.count)
    }

    /// Sends frames, each put together of its pieces, and gives how many the kernel took. One that it does not take,
    /// too long or for want of room, does not keep those behind it.
    pub fn send(&self, frames: &[[&[u8]; PIECES]]) -> usize {
        let (mut sent, mut rest) = (0, frames);
        while !rest.is_empty() {
            let gone = frame::send(self.as_fd(), rest).unwrap_or(0);
            sent += gone;
            let failed = usize::from(gone < rest.len().min(BATCH));
            rest = rest.get(gone + failed..).unwrap_or_default();
        }
        sent
    }
}

impl AsFd for Frames {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Frames {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// Frames that arrived.
#[derive(Debug)]
pub struct FrameInbox {
    rooms: Vec<u8>,
    arrived: Box<[Arrived; BATCH]>,
    count: usize,
}

/// A frame that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its bytes from the destination's hardware address on, without the outermost tag.
    pub bytes: &'a [u8],
    /// The outermost tag: its protocol, such as 0x88a8, and its value, the priority in the four highest bits.
    pub tag: Option<(u16, u16)>,
}

impl FrameInbox {
    /// An empty one.
    pub fn new() -> Self {
        Self { rooms: vec![0; MAX_FRAME * BATCH], arrived: Box::new([Arrived::default(); BATCH]), count: 0 }
    }

    /// What the last call to [`Frames::receive`] read, in the order of arrival; those too long to be taken in whole
    /// are left out.
    pub fn frames(&self) -> impl Iterator<Item = Frame<'_>> {
        let rooms = self.rooms.chunks_exact(MAX_FRAME).zip(self.arrived.iter()).take(self.count);
        rooms.filter_map(|(room, arrived)| Some(Frame { bytes: room.get(..arrived.length)?, tag: arrived.tag }))
    }
}

impl Default for FrameInbox {
    fn default() -> Self {
        Self::new()
    }
}

/// Has the kernel finish packets before they leave by the interface: no checksum and no cutting is left to a device
/// that frames never reach. For interfaces whose frames are read by [`Frames`] at the other end.
///
/// # Errors
///
/// There is no such interface, or the right is missing (`CAP_NET_ADMIN`).
pub fn finish_in_software(interface: &str, namespace: Option<&Namespace>) -> io::Result<()> {
    /// `ETHTOOL_STXCSUM` and `ETHTOOL_STSO` of `linux/ethtool.h`.
    const SETTINGS: [u32; 2] = [0x17, 0x1f];
    inside(namespace, || {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).step("socket")?;
        SETTINGS.iter().try_for_each(|setting| sys::frame::ethtool(socket.as_fd(), interface, *setting, 0))
    })
    .step("SIOCETHTOOL")
}
