//! The socket of rtnetlink(7), by which links, addresses and routes of a namespace are read, set and watched.
//!
//! What goes over it is the caller's; here are only the options that std and `socket2` have no name for.

use crate::error::Step;
use crate::namespace::inside;
use crate::{Namespace, sys};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// The kernel answers at once; what takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of answers that may wait. A batch that fails in every part answers in every part.
const WAITING: i32 = 4 << 20;

/// A socket in the namespace, or that of the caller. Errors tell their reason in words, and do not repeat the request.
///
/// # Errors
///
/// The namespace cannot be entered, or there is no rtnetlink.
pub fn open(namespace: Option<&Namespace>) -> io::Result<Socket> {
    let kind = Type::RAW.cloexec();
    let make = || Socket::new_raw(Domain::from(libc::AF_NETLINK), kind, Some(Protocol::from(libc::NETLINK_ROUTE)));
    let socket = inside(namespace, || make().step("socket"))?;
    sys::set_netlink(socket.as_fd(), libc::NETLINK_EXT_ACK, 1).step("NETLINK_EXT_ACK")?;
    sys::set_netlink(socket.as_fd(), libc::NETLINK_CAP_ACK, 1).step("NETLINK_CAP_ACK")?;
    if sys::force_receive_buffer(socket.as_fd(), WAITING).is_err() {
        socket.set_recv_buffer_size(WAITING as usize).step("SO_RCVBUF")?;
    }
    socket.set_read_timeout(Some(PATIENCE)).step("SO_RCVTIMEO")?;
    Ok(socket)
}

/// Has the kernel tell of every change of a kind (`RTNLGRP_` of `linux/rtnetlink.h`). Nothing is told before the
/// socket has sent a request of its own: until then it has no address.
///
/// # Errors
///
/// The kernel does not know the kind.
pub fn join(socket: &Socket, group: u32) -> io::Result<()> {
    let group = i32::try_from(group).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    sys::set_netlink(socket.as_fd(), libc::NETLINK_ADD_MEMBERSHIP, group).step("NETLINK_ADD_MEMBERSHIP")
}
