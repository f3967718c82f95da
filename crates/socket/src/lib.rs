//! Sockets with the options of a router.
//!
//! Routing protocols ask more of a socket than the standard library offers: a digest in every segment, a check of
//! the hop limit, a device, a network namespace, many datagrams in one system call with the time of their arrival.
//! This room wraps what Linux offers in functions that cannot be used wrongly. It decides nothing, and it is the one
//! room of the workspace with `unsafe` in it: in `sys`, and nowhere else.
//!
//! - [`tcp`]: [`listen`] and [`connect`] for BGP.
//! - [`md5`] and [`ao`]: segments signed with a [`Key`] (RFC 2385, RFC 5925).
//! - [`namespace`]: sockets made inside a [`Namespace`], and namespaces made, named and removed.
//! - [`own`]: a plain user's way to both: namespaces of the process's own, in which it is root.
//! - [`netlink`]: the socket by which links, addresses and routes of the kernel are read and set.
//! - [`udp`]: datagrams in batches, with hop limit, interface and time of arrival.
//! - [`frame`]: whole frames of an interface, with their tags.
//! - [`bpf`]: programs in the kernel, and the maps they share with us.
//! - [`priority`]: no socket's, but `unsafe` as well: a thread that is not kept waiting.
//! - [`descriptors`]: room for as many of them as there will be.
//!
//! Errors are [`std::io::Error`]s of the kind that the kernel gave; the error inside is a [`StepError`] that names
//! the option or the call that failed. What the kernel lacks has the kind [`std::io::ErrorKind::Unsupported`].

pub mod ao;
pub mod bpf;
pub mod descriptors;
mod error;
pub mod frame;
mod key;
pub mod md5;
pub mod namespace;
pub mod netlink;
pub mod own;
pub mod priority;
mod sys;
pub mod tcp;
pub mod udp;

pub use error::StepError;
pub use key::{Key, KeyLength};
pub use md5::{Peers, set_md5};
pub use namespace::Namespace;
pub use tcp::{ConnectOptions, ListenOptions, connect, listen, set_min_ttl};
