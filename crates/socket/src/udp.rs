//! Datagrams in batches, each with the hop limit, the interface and the time of its arrival. For BFD (RFC 5881).

use crate::error::Step;
use crate::namespace::inside;
use crate::sys;
use crate::sys::batch::{self, Arrived, BATCH, PAYLOAD, Parcel};
use crate::tcp::CommonOptions;
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::time::SystemTime;

/// Bytes kept of a datagram that arrives; what is behind them is lost. No more can be sent.
pub const MAX_PAYLOAD: usize = PAYLOAD;

/// A datagram socket. It never blocks.
#[derive(Debug)]
pub struct Datagrams(OwnedFd);

impl Datagrams {
    /// A socket that receives at this address. An IPv6 address takes nothing over IPv4.
    ///
    /// `waiting` is how many bytes of memory datagrams may take that wait to be read; the kernel counts some 800 for
    /// a small one. Without the right to go beyond (`CAP_NET_ADMIN`) it is what the kernel allows.
    ///
    /// # Errors
    ///
    /// An option cannot be had or the address is taken; the error names the step.
    pub fn receiving(address: SocketAddr, waiting: u32, options: &CommonOptions) -> io::Result<Self> {
        let socket = make(address.ip(), options)?;
        sys::set_receive_hop_limit(socket.as_fd(), address.is_ipv4()).step("IP_RECVTTL")?;
        sys::set_packet_info(socket.as_fd(), address.is_ipv4()).step("IP_PKTINFO")?;
        sys::set_timestamps(socket.as_fd()).step("SO_TIMESTAMPNS")?;
        wait_for(&socket, waiting)?;
        socket.bind(&address.into()).step("bind")?;
        Ok(Self(socket.into()))
    }

    /// A socket that sends from `address`, from the first free port of the range, in turn from `first` on.
    ///
    /// # Errors
    ///
    /// An option cannot be had or no port of the range is free; the error names the step.
    pub fn sending(
        address: IpAddr,
        ports: RangeInclusive<u16>,
        first: u16,
        options: &CommonOptions,
    ) -> io::Result<Self> {
        let socket = make(address, options)?;
        let mut fault = io::Error::from(io::ErrorKind::AddrInUse);
        for port in (first.max(*ports.start())..=*ports.end()).chain(ports) {
            match socket.bind(&SocketAddr::new(address, port).into()) {
                Ok(()) => return Ok(Self(socket.into())),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => fault = error,
                Err(error) => return Err(error).step("bind"),
            }
        }
        Err(fault).step("bind")
    }

    /// The address that the socket is bound to.
    ///
    /// # Errors
    ///
    /// The kernel does not tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let address = socket2::SockRef::from(&self.0).local_addr().step("getsockname")?;
        address.as_socket().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    /// Reads what waits into the inbox, in place of what was there, and gives how many there are. 0 says that nothing
    /// waits; less than [`Inbox::CAPACITY`], that nothing did when the call returned.
    ///
    /// # Errors
    ///
    /// The kernel's. That nothing waits is none.
    pub fn receive(&self, inbox: &mut Inbox) -> io::Result<usize> {
        inbox.count = 0;
        match batch::receive(self.as_fd(), inbox.arrived.as_mut_slice()) {
            Ok(count) => inbox.count = count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error).step("recvmmsg"),
        }
        Ok(inbox.count)
    }

    /// Sends what is in the outbox and empties it. A datagram that cannot be sent is passed over, and does not keep
    /// those behind it; when the kernel's own queue is full, all that are left are.
    pub fn send(&self, outbox: &mut Outbox) -> Sent {
        let mut sent = Sent { sent: 0, failed: 0, fault: None };
        let mut rest = outbox.parcels.as_slice();
        while let Some(part) = rest.get(..rest.len().min(BATCH)).filter(|part| !part.is_empty()) {
            let gone = match batch::send(self.as_fd(), part) {
                Ok(count) => {
                    sent.sent += count;
                    count
                }
                Err(error) => {
                    let gone = if error.kind() == io::ErrorKind::WouldBlock { rest.len() } else { 1 };
                    sent.failed += gone;
                    sent.fault = sent.fault.or(Some(error));
                    gone
                }
            };
            rest = rest.get(gone.max(1)..).unwrap_or_default();
        }
        outbox.parcels.clear();
        sent
    }
}

impl AsFd for Datagrams {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for Datagrams {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// How a batch went.
#[derive(Debug)]
pub struct Sent {
    /// Datagrams that the kernel took.
    pub sent: usize,
    /// Datagrams that it did not.
    pub failed: usize,
    /// Why the first of these was refused.
    pub fault: Option<io::Error>,
}

/// Datagrams that arrived.
pub struct Inbox {
    arrived: Box<[Arrived; BATCH]>,
    count: usize,
}

impl Inbox {
    /// Datagrams read in one call, at most.
    pub const CAPACITY: usize = BATCH;

    /// An empty one.
    pub fn new() -> Self {
        Self { arrived: Box::new([Arrived::NONE; BATCH]), count: 0 }
    }

    /// What the last call to [`Datagrams::receive`] read, in the order of arrival.
    pub fn datagrams(&self) -> impl Iterator<Item = Datagram<'_>> {
        self.arrived.iter().take(self.count).filter_map(|arrived| {
            Some(Datagram {
                payload: arrived.payload.get(..arrived.length)?,
                from: arrived.from?,
                to: arrived.to,
                interface: arrived.interface,
                hop_limit: arrived.hop_limit,
                at: arrived.at,
            })
        })
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.datagrams()).finish()
    }
}

impl Default for Inbox {
    fn default() -> Self {
        Self::new()
    }
}

/// A datagram that arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Datagram<'a> {
    /// Its bytes, at most [`MAX_PAYLOAD`].
    pub payload: &'a [u8],
    /// Who sent it.
    pub from: SocketAddr,
    /// The address it was sent to.
    pub to: Option<IpAddr>,
    /// The index of the interface that it came over, in the socket's namespace; 0 if the kernel did not tell.
    pub interface: u32,
    /// Its TTL or hop limit.
    pub hop_limit: Option<u8>,
    /// When it reached this machine, on the wall clock, which may be set at any time.
    pub at: Option<SystemTime>,
}

/// Datagrams to send.
#[derive(Debug, Default)]
pub struct Outbox {
    parcels: Vec<Parcel>,
}

impl Outbox {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a datagram. Without `from` the kernel chooses the source address; an `interface` of 0 leaves the way to
    /// the routing table.
    ///
    /// # Errors
    ///
    /// The payload has more than [`MAX_PAYLOAD`] bytes; nothing was added.
    pub fn push(&mut self, payload: &[u8], to: SocketAddr, from: Option<IpAddr>, interface: u32) -> io::Result<()> {
        let mut kept = [0; PAYLOAD];
        let room = kept.get_mut(..payload.len()).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        room.copy_from_slice(payload);
        let any = || match to {
            SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let from = from.unwrap_or_else(any);
        self.parcels.push(Parcel { payload: kept, length: payload.len(), to, from, interface });
        Ok(())
    }

    /// Datagrams that wait to be sent.
    pub fn len(&self) -> usize {
        self.parcels.len()
    }

    /// Whether none wait.
    pub fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }
}

/// The index of an interface, in the namespace or that of the caller.
///
/// # Errors
///
/// There is no interface of that name, or the namespace cannot be entered.
pub fn interface_index(name: &str, namespace: Option<&crate::Namespace>) -> io::Result<u32> {
    inside(namespace, || sys::interface_index(name)).step("if_nametoindex")
}

/// Has the kernel cut what the socket sends in one call into datagrams of so many bytes. On the machine they travel as one
/// packet.
///
/// # Errors
///
/// The kernel cannot.
pub fn cut(socket: &UdpSocket, bytes: u16) -> io::Result<()> {
    sys::set_segment(socket.as_fd(), bytes).step("UDP_SEGMENT")
}

/// Has the socket give what travelled as one packet in one call, and lets so many bytes of it wait; without the right to
/// that (`CAP_NET_ADMIN`) what the kernel allows.
///
/// # Errors
///
/// The kernel cannot.
pub fn uncut(socket: &UdpSocket, waiting: u32) -> io::Result<()> {
    sys::set_whole(socket.as_fd()).step("UDP_GRO")?;
    wait_for(&socket2::SockRef::from(socket), waiting)
}

fn wait_for(socket: &Socket, waiting: u32) -> io::Result<()> {
    let bytes = i32::try_from(waiting).unwrap_or(i32::MAX);
    if sys::force_receive_buffer(socket.as_fd(), bytes).is_err() {
        socket.set_recv_buffer_size(waiting as usize).step("SO_RCVBUF")?;
    }
    Ok(())
}

fn make(address: IpAddr, options: &CommonOptions) -> io::Result<Socket> {
    let domain = if address.is_ipv4() { Domain::IPV4 } else { Domain::IPV6 };
    let kind = Type::DGRAM.nonblocking().cloexec();
    let socket =
        inside(options.namespace.as_ref(), || Socket::new_raw(domain, kind, Some(Protocol::UDP)).step("socket"))?;
    crate::tcp::set_common(&socket, address, options)?;
    Ok(socket)
}
