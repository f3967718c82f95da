//! More flows than a NAT pool has room for.
//!
//! A pool gives every client one public address, so one client to one destination has as many flows as that address has
//! ports. More are opened here, from every port that a client can have; those that find no room are refused by the
//! translator, which counts them.

use crate::Error;
use socket::Namespace;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

/// The setting that says how long a flow without answers is remembered, in seconds.
const MEMORY: &str = "/proc/sys/net/netfilter/nf_conntrack_udp_timeout";

/// How long that is while a flood lasts: it is gone soon after.
const SHORT: &str = "8";

/// A port at which nobody listens.
const NOBODY: u16 = 9;

/// What a flood found.
pub(super) struct Flood {
    /// Flows that were tried.
    pub(super) tried: u32,
    /// Flows that were refused.
    pub(super) refused: u32,
    /// What the translator counted meanwhile: entries that it could not make.
    pub(super) counted: u64,
    /// The setting as it was.
    memory: String,
    /// Where it is translated.
    translator: String,
}

/// Opens a flow from each port of `from`, an address of `node`, to one port of `to`, which `translator` translates.
pub(super) fn open(node: &str, translator: &str, from: IpAddr, to: IpAddr) -> Result<Flood, Error> {
    let at = |name: &str| Namespace::named(name).map_err(Error::io(name.to_owned()));
    let ready = || -> io::Result<(String, u64)> {
        let memory = std::fs::read_to_string(MEMORY)?;
        std::fs::write(MEMORY, SHORT)?;
        Ok((memory.trim().to_owned(), counted()?))
    };
    let (memory, before) = at(translator)?.enter(ready).map_err(Error::io(translator.to_owned()))?;
    let mut flood = Flood { tried: 0, refused: 0, counted: 0, memory, translator: translator.to_owned() };
    let all = || -> io::Result<()> {
        for port in (1..=u16::MAX).rev() {
            // A port that is taken is a flow that is there already.
            let Ok(socket) = UdpSocket::bind((from, port)) else { continue };
            flood.tried += 1;
            if socket.send_to(&[0; 16], SocketAddr::new(to, NOBODY)).is_err_and(|error| is_refusal(&error)) {
                flood.refused += 1;
            }
        }
        Ok(())
    };
    at(node)?.enter(all).map_err(Error::io(format!("flows from {node}")))?;
    let counted = at(translator)?.enter(counted).map_err(Error::io(translator.to_owned()))?;
    flood.counted = counted.saturating_sub(before);
    Ok(flood)
}

impl Flood {
    /// Lets the flows be forgotten as quickly as before.
    pub(super) fn close(&self) -> Result<(), Error> {
        let set = || std::fs::write(MEMORY, &self.memory);
        let set = Namespace::named(&self.translator).and_then(|namespace| namespace.enter(set));
        set.map_err(Error::io(self.translator.clone()))
    }
}

/// The kernel refuses a packet that the translator dropped.
fn is_refusal(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
}

/// Entries that connection tracking here could not make, of all processors (`insert_failed` and `drop`).
fn counted() -> io::Result<u64> {
    let text = std::fs::read_to_string("/proc/thread-self/net/stat/nf_conntrack")?;
    let mut lines = text.lines();
    let names: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let wanted = |name: &str| names.iter().position(|known| *known == name);
    let columns: Vec<usize> = ["insert_failed", "drop"].into_iter().filter_map(wanted).collect();
    let number = |line: &str, column: usize| {
        let text = line.split_whitespace().nth(column)?;
        u64::from_str_radix(text, 16).ok()
    };
    Ok(lines.flat_map(|line| columns.iter().filter_map(move |column| number(line, *column))).sum())
}
