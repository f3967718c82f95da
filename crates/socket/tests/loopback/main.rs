//! Sockets against the kernel of this machine, in network namespaces of the tests' own where that is permitted.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]
#![allow(clippy::disallowed_methods, reason = "the kernel's clock runs, and a wait must end")]

mod bpf;
mod descriptors;
mod place;
mod tcp;
mod udp;
