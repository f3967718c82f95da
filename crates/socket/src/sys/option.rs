//! Socket options.

use super::check;
use crate::Peers;
use crate::ao::MasterKey;
use socket2::SockAddr;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

pub(crate) fn set_min_ttl_v4(socket: BorrowedFd<'_>, least: u8) -> io::Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_MINTTL, &libc::c_int::from(least))
}

pub(crate) fn set_min_hops_v6(socket: BorrowedFd<'_>, least: u8) -> io::Result<()> {
    set(socket, libc::IPPROTO_IPV6, libc::IPV6_MINHOPCOUNT, &libc::c_int::from(least))
}

/// The option is one of IPv4's level for both families.
pub(crate) fn set_bind_address_no_port(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, &1)
}

/// Beyond the limit that unprivileged processes have, with the right (`CAP_NET_ADMIN`).
pub(crate) fn force_receive_buffer(socket: BorrowedFd<'_>, bytes: libc::c_int) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &bytes)
}

/// An option of netlink(7).
pub(crate) fn set_netlink(socket: BorrowedFd<'_>, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    set(socket, libc::SOL_NETLINK, option, &value)
}

/// Each datagram tells when it arrived, on the wall clock.
pub(crate) fn set_timestamps(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, &1)
}

/// Each datagram tells its TTL or hop limit.
pub(crate) fn set_receive_hop_limit(socket: BorrowedFd<'_>, is_v4: bool) -> io::Result<()> {
    let (level, option) =
        if is_v4 { (libc::IPPROTO_IP, libc::IP_RECVTTL) } else { (libc::IPPROTO_IPV6, libc::IPV6_RECVHOPLIMIT) };
    set(socket, level, option, &1)
}

/// Each datagram tells the address that it was sent to and the interface that it came over.
pub(crate) fn set_packet_info(socket: BorrowedFd<'_>, is_v4: bool) -> io::Result<()> {
    let (level, option) =
        if is_v4 { (libc::IPPROTO_IP, libc::IP_PKTINFO) } else { (libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO) };
    set(socket, level, option, &1)
}

/// What is sent in one call is cut into datagrams of so many bytes by whoever needs them cut (`UDP_SEGMENT`).
pub(crate) fn set_segment(socket: BorrowedFd<'_>, bytes: u16) -> io::Result<()> {
    set(socket, libc::SOL_UDP, libc::UDP_SEGMENT, &libc::c_int::from(bytes))
}

/// Datagrams of one sender and length may be read in one call (`UDP_GRO`).
pub(crate) fn set_whole(socket: BorrowedFd<'_>) -> io::Result<()> {
    set(socket, libc::SOL_UDP, libc::UDP_GRO, &1)
}

/// `struct tcp_md5sig` of `linux/tcp.h`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Md5Signature {
    address: libc::sockaddr_storage,
    flags: u8,
    prefix_length: u8,
    key_length: u16,
    interface: libc::c_int,
    key: [u8; 80],
}

/// `TCP_MD5SIG_FLAG_PREFIX`.
const MD5_PREFIX: u8 = 1;

/// An empty key takes the key away.
pub(crate) fn set_md5(socket: BorrowedFd<'_>, peers: Peers, key: &[u8]) -> io::Result<()> {
    let mut signature =
        Md5Signature { address: storage(peers), flags: 0, prefix_length: 0, key_length: 0, interface: 0, key: [0; 80] };
    signature.key_length = put(&mut signature.key, key)?.into();
    let mut option = libc::TCP_MD5SIG;
    if peers.length != peers.width() {
        option = libc::TCP_MD5SIG_EXT;
        (signature.flags, signature.prefix_length) = (MD5_PREFIX, peers.length);
    }
    set(socket, libc::IPPROTO_TCP, option, &signature)
}

/// Of `linux/tcp.h`; `libc` does not have them.
const TCP_AO_ADD_KEY: libc::c_int = 38;
const TCP_AO_DEL_KEY: libc::c_int = 39;

/// `struct tcp_ao_add` of `linux/tcp.h`.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct AoAdd {
    address: libc::sockaddr_storage,
    algorithm: [u8; 64],
    interface: i32,
    /// `set_current` and `set_rnext`, the lowest bits, and reserved ones.
    bits: u32,
    reserved: u16,
    prefix_length: u8,
    send_id: u8,
    receive_id: u8,
    /// 0 stands for the usual 12 bytes.
    code_length: u8,
    key_flags: u8,
    key_length: u8,
    key: [u8; 80],
}

/// `struct tcp_ao_del` of `linux/tcp.h`.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct AoDelete {
    address: libc::sockaddr_storage,
    interface: i32,
    bits: u32,
    reserved: u16,
    prefix_length: u8,
    send_id: u8,
    receive_id: u8,
    current: u8,
    next: u8,
    key_flags: u8,
}

// As the kernel's headers have them; a change of ours that breaks the layout does not compile.
const _: () = assert!(size_of::<Md5Signature>() == 216 && size_of::<AoAdd>() == 288 && size_of::<AoDelete>() == 144);

pub(crate) fn probe_ao(socket: BorrowedFd<'_>) -> io::Result<()> {
    // As long as the shortest option there is, lest the length be refused before the option is looked at.
    set(socket, libc::IPPROTO_TCP, TCP_AO_ADD_KEY, &libc::c_int::from(0_u8))
}

pub(crate) fn add_ao(socket: BorrowedFd<'_>, peers: Peers, key: &MasterKey) -> io::Result<()> {
    let mut add = AoAdd {
        address: storage(peers),
        algorithm: [0; 64],
        interface: 0,
        bits: 0,
        reserved: 0,
        prefix_length: peers.length,
        send_id: key.send_id,
        receive_id: key.receive_id,
        code_length: 0,
        key_flags: 0,
        key_length: 0,
        key: [0; 80],
    };
    put(&mut add.algorithm, key.algorithm.name().as_bytes())?;
    add.key_length = put(&mut add.key, key.key.bytes())?;
    set(socket, libc::IPPROTO_TCP, TCP_AO_ADD_KEY, &add)
}

pub(crate) fn remove_ao(socket: BorrowedFd<'_>, peers: Peers, send_id: u8, receive_id: u8) -> io::Result<()> {
    let delete = AoDelete {
        address: storage(peers),
        interface: 0,
        bits: 0,
        reserved: 0,
        prefix_length: peers.length,
        send_id,
        receive_id,
        current: 0,
        next: 0,
        key_flags: 0,
    };
    set(socket, libc::IPPROTO_TCP, TCP_AO_DEL_KEY, &delete)
}

/// Copies `bytes` to the front of a field and gives their number.
fn put(field: &mut [u8], bytes: &[u8]) -> io::Result<u8> {
    let (Some(front), Ok(length)) = (field.get_mut(..bytes.len()), u8::try_from(bytes.len())) else {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    };
    front.copy_from_slice(bytes);
    Ok(length)
}

/// The network address of the peers, with the bits behind the length cleared as the kernel wants them.
fn storage(peers: Peers) -> libc::sockaddr_storage {
    let host = u32::from(peers.width() - peers.length.min(peers.width()));
    let network = match peers.address {
        std::net::IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(host).unwrap_or(0);
            std::net::Ipv4Addr::from_bits(address.to_bits() & mask).into()
        }
        std::net::IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(host).unwrap_or(0);
            std::net::Ipv6Addr::from_bits(address.to_bits() & mask).into()
        }
    };
    let address = SockAddr::from(SocketAddr::new(network, 0));
    // SAFETY: all zeros are a value of this plain struct of the kernel.
    let mut storage: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let length = (address.len() as usize).min(size_of_val(&storage));
    // SAFETY: `address` holds at least `length` bytes and `storage` no fewer, they do not overlap, and any bytes are
    // a value of `storage`.
    unsafe {
        let to = std::ptr::from_mut(&mut storage).cast::<u8>();
        std::ptr::copy_nonoverlapping(address.as_ptr().cast::<u8>(), to, length);
    }
    storage
}

pub(super) fn set<T: Copy>(
    socket: BorrowedFd<'_>,
    level: libc::c_int,
    option: libc::c_int,
    value: &T,
) -> io::Result<()> {
    let length = size_of::<T>() as libc::socklen_t;
    // SAFETY: the kernel reads `length` bytes behind the pointer, which are the value's own, and keeps neither. The
    // values are integers and structs without padding, so each byte is a set one.
    check(unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, std::ptr::from_ref(value).cast(), length) })
}
