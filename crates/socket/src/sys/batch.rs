//! Many datagrams in one system call: `recvmmsg` and `sendmmsg`.
//!
//! The kernel wants arrays of pointers to buffers. They are made anew for each call, on the stack, and gone after it,
//! so no pointer outlives what it points to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::{Duration, SystemTime};

/// Datagrams in one call, at most.
pub(crate) const BATCH: usize = 64;

/// Bytes kept of one datagram.
pub(crate) const PAYLOAD: usize = 64;

/// Room for the control messages of one datagram: three of at most 40 bytes, at the alignment of their headers.
#[derive(Clone, Copy)]
#[repr(align(8))]
struct Control([u8; 128]);

/// A datagram that arrived, and what the kernel told of it.
#[derive(Clone, Copy)]
pub(crate) struct Arrived {
    pub(crate) payload: [u8; PAYLOAD],
    pub(crate) length: usize,
    pub(crate) from: Option<SocketAddr>,
    pub(crate) to: Option<IpAddr>,
    pub(crate) interface: u32,
    pub(crate) hop_limit: Option<u8>,
    pub(crate) at: Option<SystemTime>,
}

impl Arrived {
    pub(crate) const NONE: Self =
        Self { payload: [0; PAYLOAD], length: 0, from: None, to: None, interface: 0, hop_limit: None, at: None };
}

/// Takes up to [`BATCH`] datagrams that wait, without waiting for any. Gives how many.
pub(crate) fn receive(socket: BorrowedFd<'_>, arrived: &mut [Arrived]) -> io::Result<usize> {
    let mut names: [libc::sockaddr_storage; BATCH] = zeroed();
    let mut controls = [Control([0; 128]); BATCH];
    let mut vectors: [libc::iovec; BATCH] = zeroed();
    let mut headers: [libc::mmsghdr; BATCH] = zeroed();
    let mut wanted = 0;
    let rooms = arrived.iter_mut().zip(&mut names).zip(&mut controls).zip(&mut vectors).zip(&mut headers);
    for ((((arrived, name), control), vector), header) in rooms {
        vector.iov_base = arrived.payload.as_mut_ptr().cast();
        vector.iov_len = PAYLOAD;
        let header = &mut header.msg_hdr;
        header.msg_name = std::ptr::from_mut(name).cast();
        header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        header.msg_iov = vector;
        header.msg_iovlen = 1;
        header.msg_control = control.0.as_mut_ptr().cast();
        header.msg_controllen = size_of::<Control>() as _;
        wanted += 1;
    }
    // SAFETY: the first `wanted` headers point to buffers of the lengths given, distinct, and alive until the end of
    // this function; there is no timeout to read.
    let count = unsafe {
        libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), wanted, libc::MSG_DONTWAIT as _, std::ptr::null_mut())
    };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    for ((arrived, header), name) in arrived.iter_mut().zip(&headers).zip(&names).take(count) {
        arrived.length = (header.msg_len as usize).min(PAYLOAD);
        arrived.from = address(name);
        read_control(&header.msg_hdr, arrived);
    }
    Ok(count)
}

fn read_control(header: &libc::msghdr, arrived: &mut Arrived) {
    (arrived.to, arrived.interface, arrived.hop_limit, arrived.at) = (None, 0, None, None);
    // SAFETY: `header` is one that `recvmmsg` filled, and its buffer lives.
    let mut next = unsafe { libc::CMSG_FIRSTHDR(header) };
    // SAFETY: the macros give null or a whole header within the buffer, which is aligned for it.
    while let Some(message) = unsafe { next.as_ref() } {
        // SAFETY: the kernel wrote the data that belongs to the kind of the message, unless it was cut short, which
        // `read` sees by the length.
        unsafe {
            match (message.cmsg_level, message.cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_TTL) | (libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT) => {
                    arrived.hop_limit = read::<libc::c_int>(message).and_then(|hops| u8::try_from(hops).ok());
                }
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    if let Some(info) = read::<libc::in_pktinfo>(message) {
                        arrived.to = Some(Ipv4Addr::from(info.ipi_addr.s_addr.to_ne_bytes()).into());
                        arrived.interface = u32::try_from(info.ipi_ifindex).unwrap_or(0);
                    }
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    if let Some(info) = read::<libc::in6_pktinfo>(message) {
                        arrived.to = Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into());
                        arrived.interface = info.ipi6_ifindex as _;
                    }
                }
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    arrived.at = read::<libc::timespec>(message).and_then(|time| {
                        let seconds = Duration::from_secs(u64::try_from(time.tv_sec).ok()?);
                        let rest = Duration::from_nanos(u64::try_from(time.tv_nsec).ok()?);
                        SystemTime::UNIX_EPOCH.checked_add(seconds + rest)
                    });
                }
                _ => {}
            }
            next = libc::CMSG_NXTHDR(header, message);
        }
    }
}

/// The data of a control message; `None` if there is too little of it.
///
/// # Safety
///
/// The message is one that the kernel wrote, and any bytes are a value of `T`.
unsafe fn read<T: Copy>(message: &libc::cmsghdr) -> Option<T> {
    let length = u32::try_from(size_of::<T>()).ok()?;
    // SAFETY: only computes.
    if message.cmsg_len < unsafe { libc::CMSG_LEN(length) } as _ {
        return None;
    }
    // SAFETY: the length says that the data is there. It may not be aligned for `T`.
    Some(unsafe { libc::CMSG_DATA(message).cast::<T>().read_unaligned() })
}

/// A datagram to send.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parcel {
    pub(crate) payload: [u8; PAYLOAD],
    pub(crate) length: usize,
    pub(crate) to: SocketAddr,
    /// The source address; the unspecified one leaves the choice to the kernel.
    pub(crate) from: IpAddr,
    /// 0 leaves the choice to the routing table.
    pub(crate) interface: u32,
}

/// Sends up to [`BATCH`] datagrams, without waiting. Gives how many the kernel took; an error is the first one's.
pub(crate) fn send(socket: BorrowedFd<'_>, parcels: &[Parcel]) -> io::Result<usize> {
    let mut names: [libc::sockaddr_storage; BATCH] = zeroed();
    let mut controls = [Control([0; 128]); BATCH];
    let mut vectors: [libc::iovec; BATCH] = zeroed();
    let mut headers: [libc::mmsghdr; BATCH] = zeroed();
    let mut wanted = 0;
    let rooms = parcels.iter().zip(&mut names).zip(&mut controls).zip(&mut vectors).zip(&mut headers);
    for ((((parcel, name), control), vector), header) in rooms {
        // The kernel does not write to what is sent.
        vector.iov_base = parcel.payload.as_ptr().cast_mut().cast();
        vector.iov_len = parcel.length.min(PAYLOAD);
        let header = &mut header.msg_hdr;
        header.msg_namelen = write_address(name, parcel.to);
        header.msg_name = std::ptr::from_mut(name).cast();
        header.msg_iov = vector;
        header.msg_iovlen = 1;
        header.msg_control = control.0.as_mut_ptr().cast();
        header.msg_controllen = size_of::<Control>() as _;
        write_source(header, parcel);
        wanted += 1;
    }
    // SAFETY: the first `wanted` headers point to buffers of the lengths given, alive until the end of this function.
    let count = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), wanted, libc::MSG_DONTWAIT as _) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// Writes the control message that names source address and interface into the header's buffer.
fn write_source(header: &mut libc::msghdr, parcel: &Parcel) {
    let interface = parcel.interface;
    match parcel.from {
        IpAddr::V4(from) => {
            let info = libc::in_pktinfo {
                ipi_ifindex: interface as _,
                ipi_spec_dst: libc::in_addr { s_addr: u32::from_ne_bytes(from.octets()) },
                ipi_addr: libc::in_addr { s_addr: 0 },
            };
            write(header, libc::IPPROTO_IP, libc::IP_PKTINFO, info);
        }
        IpAddr::V6(from) => {
            let address = libc::in6_addr { s6_addr: from.octets() };
            let info = libc::in6_pktinfo { ipi6_addr: address, ipi6_ifindex: interface as _ };
            write(header, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
        }
    }
}

fn write<T: Copy>(header: &mut libc::msghdr, level: libc::c_int, kind: libc::c_int, data: T) {
    const { assert!(size_of::<T>() <= 40, "larger than the buffer has room for") };
    let length = size_of::<T>() as u32;
    // SAFETY: the header's buffer is a `Control`, larger than one message with this data and aligned for its header.
    unsafe {
        let message = libc::CMSG_FIRSTHDR(header);
        (*message).cmsg_level = level;
        (*message).cmsg_type = kind;
        (*message).cmsg_len = libc::CMSG_LEN(length) as _;
        libc::CMSG_DATA(message).cast::<T>().write_unaligned(data);
        header.msg_controllen = libc::CMSG_SPACE(length) as _;
    }
}

/// Writes the address and gives its length.
fn write_address(name: &mut libc::sockaddr_storage, address: SocketAddr) -> libc::socklen_t {
    let name = std::ptr::from_mut(name);
    match address {
        SocketAddr::V4(address) => {
            let value = libc::sockaddr_in {
                sin_family: libc::AF_INET as _,
                sin_port: address.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(address.ip().octets()) },
                sin_zero: [0; 8],
            };
            // SAFETY: `sockaddr_storage` is larger than, and aligned for, any address.
            unsafe { name.cast::<libc::sockaddr_in>().write(value) };
            size_of::<libc::sockaddr_in>() as _
        }
        SocketAddr::V6(address) => {
            let value = libc::sockaddr_in6 {
                sin6_family: libc::AF_INET6 as _,
                sin6_port: address.port().to_be(),
                sin6_flowinfo: address.flowinfo(),
                sin6_addr: libc::in6_addr { s6_addr: address.ip().octets() },
                sin6_scope_id: address.scope_id(),
            };
            // SAFETY: as above.
            unsafe { name.cast::<libc::sockaddr_in6>().write(value) };
            size_of::<libc::sockaddr_in6>() as _
        }
    }
}

/// The address that the kernel wrote; `None` if it is of no family of IP.
fn address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    let storage = std::ptr::from_ref(name);
    match libc::c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: of this family the storage is of this type, and any bytes are a value of it.
            let value = unsafe { storage.cast::<libc::sockaddr_in>().read() };
            let address = Ipv4Addr::from(value.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddr::new(address.into(), u16::from_be(value.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let value = unsafe { storage.cast::<libc::sockaddr_in6>().read() };
            let address = Ipv6Addr::from(value.sin6_addr.s6_addr);
            let (port, scope) = (u16::from_be(value.sin6_port), value.sin6_scope_id);
            Some(std::net::SocketAddrV6::new(address, port, value.sin6_flowinfo, scope).into())
        }
        _ => None,
    }
}

/// Plain structs of the kernel's that begin as zeros.
fn zeroed<T: Plain>() -> T {
    // SAFETY: `Plain` says that zeros are a value.
    unsafe { std::mem::zeroed() }
}

/// # Safety
///
/// All zeros are a value of the type.
unsafe trait Plain {}

// SAFETY: integers and pointers, for which zeros are a value.
unsafe impl Plain for [libc::sockaddr_storage; BATCH] {}
// SAFETY: as above.
unsafe impl Plain for [libc::iovec; BATCH] {}
// SAFETY: as above.
unsafe impl Plain for [libc::mmsghdr; BATCH] {}
