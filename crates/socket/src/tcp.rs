//! TCP sockets for BGP: a listener, and a connection in the making. None of them blocks.

use crate::error::Step;
use crate::namespace::inside;
use crate::{Key, Namespace, Peers, set_md5, sys};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;

/// The traffic class of network control, CS6, as a byte of the IP header (RFC 4594 section 3.1).
pub const CS6: u8 = 0xc0;

/// How to listen.
#[derive(Debug, Clone)]
pub struct ListenOptions {
    /// Where. An IPv6 address takes no IPv4 connections, not even the unspecified one.
    pub address: SocketAddr,
    /// Connections that wait to be accepted, at most; the kernel may allow fewer.
    pub backlog: u32,
    /// What is the same for listening and connecting.
    pub common: CommonOptions,
}

/// How to connect.
#[derive(Debug, Clone)]
pub struct ConnectOptions {
    /// Whereto.
    pub remote: SocketAddr,
    /// From which address, and from which port unless that is 0; the kernel chooses if there is none.
    pub local: Option<SocketAddr>,
    /// The key for the remote end (RFC 2385).
    pub md5: Option<Key>,
    /// What is the same for listening and connecting.
    pub common: CommonOptions,
}

/// What listeners and connections have in common.
#[derive(Debug, Clone)]
pub struct CommonOptions {
    /// The namespace that the socket lives in; else that of the caller.
    pub namespace: Option<Namespace>,
    /// The interface that packets go and come over, by name.
    pub device: Option<String>,
    /// The TTL or hop limit of packets sent. 255 for GTSM, 1 where an external peer must be a neighbour.
    pub ttl: Option<u8>,
    /// Packets with a TTL or hop limit below this are dropped before TCP sees them (RFC 5082). 255 for a neighbour.
    pub min_ttl: Option<u8>,
    /// The address need not be up yet, or not exist at all.
    pub freebind: bool,
    /// The traffic class byte of packets sent.
    pub traffic_class: u8,
}

impl Default for CommonOptions {
    fn default() -> Self {
        Self { namespace: None, device: None, ttl: None, min_ttl: None, freebind: false, traffic_class: CS6 }
    }
}

impl ListenOptions {
    /// Listens on this address with a backlog of 1,024, all else as usual.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, backlog: 1024, common: CommonOptions::default() }
    }
}

impl ConnectOptions {
    /// Connects to this address, all else as usual.
    pub fn new(remote: SocketAddr) -> Self {
        Self { remote, local: None, md5: None, common: CommonOptions::default() }
    }
}

/// Listens. Accepted connections inherit TTL, its lower bound, traffic class, device, keys and the absence of delay
/// (`TCP_NODELAY`); whether they block they do not inherit.
///
/// # Errors
///
/// An option cannot be had or the address is taken; the error names the step.
pub fn listen(options: &ListenOptions) -> io::Result<TcpListener> {
    let socket = make(options.address, &options.common)?;
    socket.set_reuse_address(true).step("SO_REUSEADDR")?;
    socket.bind(&options.address.into()).step("bind")?;
    let backlog = i32::try_from(options.backlog).unwrap_or(i32::MAX);
    socket.listen(backlog).step("listen")?;
    Ok(socket.into())
}

/// Begins to connect. The connection stands once the socket is writable and [`TcpStream::take_error`] gives none.
///
/// # Errors
///
/// An option cannot be had, or it is clear at once that the connection cannot stand; the error names the step.
pub fn connect(options: &ConnectOptions) -> io::Result<TcpStream> {
    let socket = make(options.remote, &options.common)?;
    if let Some(key) = &options.md5 {
        set_md5(&socket, Peers::from(options.remote.ip()), Some(key))?;
    }
    if let Some(local) = options.local {
        if local.port() == 0 {
            // Else the port is chosen before the remote end is known, and each serves one connection only.
            sys::set_bind_address_no_port(socket.as_fd()).step("IP_BIND_ADDRESS_NO_PORT")?;
        } else {
            socket.set_reuse_address(true).step("SO_REUSEADDR")?;
        }
        socket.bind(&local.into()).step("bind")?;
    }
    match socket.connect(&options.remote.into()) {
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => {}
        result => result.step("connect")?,
    }
    Ok(socket.into())
}

/// Drops what comes with a TTL or hop limit below `least` on a connection that was accepted from a listener without such
/// a bound (RFC 5082). The first segment of the connection has come already; nothing behind it does.
///
/// # Errors
///
/// The option cannot be had; the error names it.
pub fn set_min_ttl(connection: impl AsFd, remote: IpAddr, least: u8) -> io::Result<()> {
    match remote {
        IpAddr::V4(_) => sys::set_min_ttl_v4(connection.as_fd(), least).step("IP_MINTTL"),
        IpAddr::V6(_) => sys::set_min_hops_v6(connection.as_fd(), least).step("IPV6_MINHOPCOUNT"),
    }
}

fn make(address: SocketAddr, options: &CommonOptions) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let kind = Type::STREAM.nonblocking().cloexec();
    let socket =
        inside(options.namespace.as_ref(), || Socket::new_raw(domain, kind, Some(Protocol::TCP)).step("socket"))?;
    socket.set_tcp_nodelay(true).step("TCP_NODELAY")?;
    set_common(&socket, address.ip(), options)?;
    Ok(socket)
}

/// Sets what does not depend on the transport.
pub(crate) fn set_common(socket: &Socket, address: IpAddr, options: &CommonOptions) -> io::Result<()> {
    if let Some(device) = &options.device {
        socket.bind_device(Some(device.as_bytes())).step("SO_BINDTODEVICE")?;
    }
    match address {
        IpAddr::V4(_) => {
            socket.set_tos_v4(options.traffic_class.into()).step("IP_TOS")?;
            if options.freebind {
                socket.set_freebind_v4(true).step("IP_FREEBIND")?;
            }
            if let Some(ttl) = options.ttl {
                socket.set_ttl_v4(ttl.into()).step("IP_TTL")?;
            }
            if let Some(least) = options.min_ttl {
                sys::set_min_ttl_v4(socket.as_fd(), least).step("IP_MINTTL")?;
            }
        }
        IpAddr::V6(_) => {
            socket.set_only_v6(true).step("IPV6_V6ONLY")?;
            socket.set_tclass_v6(options.traffic_class.into()).step("IPV6_TCLASS")?;
            if options.freebind {
                socket.set_freebind_v6(true).step("IPV6_FREEBIND")?;
            }
            if let Some(hops) = options.ttl {
                socket.set_unicast_hops_v6(hops.into()).step("IPV6_UNICAST_HOPS")?;
            }
            if let Some(least) = options.min_ttl {
                sys::set_min_hops_v6(socket.as_fd(), least).step("IPV6_MINHOPCOUNT")?;
            }
        }
    }
    Ok(())
}
