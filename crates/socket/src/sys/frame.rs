//! Whole frames, many in one system call (packet(7)).

use super::check;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Frames that one call moves at most.
pub(crate) const BATCH: usize = 64;
/// Pieces of a frame that is sent.
pub(crate) const PIECES: usize = 3;

/// Room for one control message with a `tpacket_auxdata`.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; 64]);

/// What the kernel tells of a frame that arrived.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrived {
    /// Its length on the wire, without the tag that the kernel took off; what is beyond the room was cut.
    pub(crate) length: usize,
    /// The tag that the kernel took off: its protocol and its value.
    pub(crate) tag: Option<(u16, u16)>,
}

/// Binds a packet socket to an interface.
pub(crate) fn bind(socket: BorrowedFd<'_>, interface: u32) -> io::Result<()> {
    // SAFETY: all zeros are a value of this plain struct of the kernel.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = libc::AF_PACKET as _;
    address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
    address.sll_ifindex = interface.cast_signed();
    let length = size_of_val(&address) as libc::socklen_t;
    // SAFETY: the kernel reads `length` bytes behind the pointer, which are the struct's own.
    check(unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) })
}

/// Sets an option of packet(7).
pub(crate) fn set(socket: BorrowedFd<'_>, option: libc::c_int, value: libc::c_int) -> io::Result<()> {
    super::option::set(socket, libc::SOL_PACKET, option, &value)
}

/// Reads frames into rooms of `size` bytes each and gives how many there were.
pub(crate) fn receive(
    socket: BorrowedFd<'_>,
    rooms: &mut [u8],
    size: usize,
    arrived: &mut [Arrived; BATCH],
) -> io::Result<usize> {
    let mut controls = [Control([0; 64]); BATCH];
    // SAFETY: integers and pointers, for which zeros are a value.
    let mut vectors: [libc::iovec; BATCH] = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
    let mut wanted = 0;
    let parts = rooms.chunks_exact_mut(size).zip(&mut controls).zip(&mut vectors).zip(&mut headers);
    for (((room, control), vector), header) in parts {
        vector.iov_base = room.as_mut_ptr().cast();
        vector.iov_len = room.len();
        header.msg_hdr.msg_iov = vector;
        header.msg_hdr.msg_iovlen = 1;
        header.msg_hdr.msg_control = control.0.as_mut_ptr().cast();
        header.msg_hdr.msg_controllen = control.0.len() as _;
        wanted += 1;
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_TRUNC;
    // SAFETY: the first `wanted` headers point to buffers of the lengths given, alive until the end of this function.
    let count =
        unsafe { libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), wanted, flags as _, std::ptr::null_mut()) };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    for (header, arrived) in headers.iter().take(count).zip(arrived.iter_mut()) {
        *arrived = Arrived { length: header.msg_len as usize, tag: tag(&header.msg_hdr) };
    }
    Ok(count)
}

/// The tag in the control message of a frame.
fn tag(header: &libc::msghdr) -> Option<(u16, u16)> {
    // SAFETY: the kernel filled the buffer of the header, which lives; it is walked by the kernel's own rules.
    let message = unsafe { libc::CMSG_FIRSTHDR(header).as_ref() }?;
    if (message.cmsg_level, message.cmsg_type) != (libc::SOL_PACKET, libc::PACKET_AUXDATA) {
        return None;
    }
    // SAFETY: of this type the data is this struct, any bytes are a value of it.
    let known = unsafe { libc::CMSG_DATA(message).cast::<libc::tpacket_auxdata>().read_unaligned() };
    let has = |status| known.tp_status & status != 0;
    has(libc::TP_STATUS_VLAN_VALID).then(|| {
        let plain = libc::ETH_P_8021Q as u16;
        (if has(libc::TP_STATUS_VLAN_TPID_VALID) { known.tp_vlan_tpid } else { plain }, known.tp_vlan_tci)
    })
}

/// Sends the first frames, at most [`BATCH`], each put together of its pieces, and gives how many went.
pub(crate) fn send(socket: BorrowedFd<'_>, frames: &[[&[u8]; PIECES]]) -> io::Result<usize> {
    // SAFETY: integers and pointers, for which zeros are a value.
    let mut vectors: [[libc::iovec; PIECES]; BATCH] = unsafe { std::mem::zeroed() };
    // SAFETY: as above.
    let mut headers: [libc::mmsghdr; BATCH] = unsafe { std::mem::zeroed() };
    let mut wanted = 0;
    for ((pieces, vectors), header) in frames.iter().zip(&mut vectors).zip(&mut headers) {
        for (piece, vector) in pieces.iter().zip(vectors.iter_mut()) {
            // The kernel does not write to what is sent.
            vector.iov_base = piece.as_ptr().cast_mut().cast();
            vector.iov_len = piece.len();
        }
        header.msg_hdr.msg_iov = vectors.as_mut_ptr();
        header.msg_hdr.msg_iovlen = PIECES as _;
        wanted += 1;
    }
    // SAFETY: the first `wanted` headers point to buffers of the lengths given, alive until the end of this function.
    let count = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), wanted, libc::MSG_DONTWAIT as _) };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}

/// `struct ethtool_value` of `linux/ethtool.h`.
#[repr(C)]
struct EthtoolValue {
    command: u32,
    value: u32,
}

/// Sets one of the old settings of ethtool on an interface of the socket's namespace.
pub(crate) fn ethtool(socket: BorrowedFd<'_>, interface: &str, command: u32, value: u32) -> io::Result<()> {
    /// Of `linux/sockios.h`.
    const SIOCETHTOOL: libc::Ioctl = 0x8946;
    let mut data = EthtoolValue { command, value };
    // SAFETY: all zeros are a value of this plain struct of the kernel.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    if interface.len() >= request.ifr_name.len() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    for (to, from) in request.ifr_name.iter_mut().zip(interface.bytes()) {
        *to = from.cast_signed();
    }
    request.ifr_ifru.ifru_data = (&raw mut data).cast();
    // SAFETY: the request names an interface by a string that ends with zero, and data of the size that the commands
    // used here have; both live.
    check(unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) })
}
