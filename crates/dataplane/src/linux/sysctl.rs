//! Settings of a namespace: files of `/proc/sys/net`, which shows each thread those of the namespace it is in.

use super::Net;
use std::io;
use std::path::Path;

/// What a router needs that a host has otherwise (spec 09, 3 and 5).
const ROUTER: &[(&str, &str)] = &[
    ("ipv4/ip_forward", "1"),
    ("ipv6/conf/all/forwarding", "1"),
    // Both ways of a flow need not be the same.
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/ignore_routes_with_linkdown", "1"),
    ("ipv4/conf/default/ignore_routes_with_linkdown", "1"),
    ("ipv6/conf/all/ignore_routes_with_linkdown", "1"),
    ("ipv6/conf/default/ignore_routes_with_linkdown", "1"),
    // Flows are spread by addresses and ports.
    ("ipv4/fib_multipath_hash_policy", "1"),
    ("ipv6/fib_multipath_hash_policy", "1"),
    // Addresses are used at once.
    ("ipv6/conf/all/accept_dad", "0"),
    ("ipv6/conf/default/accept_dad", "0"),
];

/// Without it the kernel tells of each route that a group moves (spec 09, 1: 29 ms in place of 22 µs).
const NO_COMPATIBILITY: (&str, &str) = ("ipv4/nexthop_compat_mode", "0");

impl Net {
    /// Makes the namespace a router: it forwards, takes packets from anywhere, spreads flows, and moves next-hop groups
    /// in one message. Gives what the kernel does not have.
    ///
    /// # Errors
    ///
    /// It cannot forward IPv4.
    pub fn make_router(&self) -> io::Result<Vec<&'static str>> {
        let mut missing = Vec::new();
        let settings = || ROUTER.iter().chain([&NO_COMPATIBILITY]);
        self.namespace.enter(|| {
            for (name, value) in settings() {
                match write(name, value) {
                    Ok(()) => {}
                    Err(error) if *name == "ipv4/ip_forward" => return Err(error),
                    Err(_) => missing.push(*name),
                }
            }
            Ok(())
        })?;
        Ok(missing)
    }

    /// Sets one setting, such as `ipv4/ip_forward`.
    ///
    /// # Errors
    ///
    /// There is none of that name, or the kernel does not take the value.
    pub fn set_sysctl(&self, name: &str, value: &str) -> io::Result<()> {
        self.namespace.enter(|| write(name, value))
    }

    /// Reads one setting.
    ///
    /// # Errors
    ///
    /// There is none of that name.
    pub fn sysctl(&self, name: &str) -> io::Result<String> {
        let path = Path::new("/proc/sys/net").join(name);
        self.namespace.enter(|| std::fs::read_to_string(path)).map(|text| text.trim().to_owned())
    }
}

fn write(name: &str, value: &str) -> io::Result<()> {
    std::fs::write(Path::new("/proc/sys/net").join(name), value)
}
