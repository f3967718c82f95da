//! Values that only the configuration of an edge has.

use super::Problem;
use super::section::Places;
use super::setting::{Door, Setting, Whole};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use toml::Spanned;
use toml::de::DeValue;

words! {
    /// Whose policy holds in a domain.
    Peering {
        /// Azure private peering: a customer's network and its VNets.
        Private = "private",
        /// Microsoft peering: a customer's public prefixes and Microsoft's services.
        Microsoft = "microsoft",
        /// No ExpressRoute at all: everything is taken and given.
        Open = "open",
    }
    /// What carries routing domains.
    Backend {
        /// Network namespaces of this machine.
        Linux = "linux",
        /// Nothing: sessions and tables only.
        None = "none",
    }
    /// How circuits are told apart on a port.
    Encapsulation {
        /// By two tags: the circuit's outside (802.1ad), the peering's inside (802.1Q).
        Qinq = "qinq",
        /// Not at all: the port is one domain's.
        Untagged = "untagged",
    }
    /// What puts tags on and takes them off.
    Tagging {
        /// Programs in the kernel where the machine has them, else a thread.
        Auto = "auto",
        /// Programs in the kernel (tc-BPF); for root of the machine.
        Bpf = "bpf",
        /// A thread that reads and writes whole frames.
        Packet = "packet",
    }
    /// Which side of the edge a peer is on.
    Side {
        /// The customer's or the provider's router.
        Customer = "customer",
        /// Microsoft's: a VNet gateway, or Microsoft's network.
        Gateway = "gateway",
        /// Neither, in an open domain.
        Open = "open",
    }
    /// A family of addresses.
    Family {
        /// IPv4 unicast.
        V4 = "ipv4",
        /// IPv6 unicast.
        V6 = "ipv6",
    }
    /// Our role on a session, which keeps routes from leaking (RFC 9234).
    BgpRole {
        /// We are the neighbour's provider.
        Provider = "provider",
        /// We are the neighbour's customer.
        Customer = "customer",
        /// Neither pays.
        Peer = "peer",
        /// We are a route server.
        RouteServer = "rs",
        /// We are the client of a route server.
        RouteServerClient = "rs-client",
    }
}

/// The name of a domain, a peer or a feed: 1 to 80 letters, digits and `-_.:`, so that it is one word of a command
/// and `DOMAIN/PEER` can be told apart. Cloned without a copy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label(Arc<str>);

impl Label {
    /// A name, or `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
        ((1..=80).contains(&text.len()) && text.chars().all(fits)).then(|| Self(text.into()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Label {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Setting for Label {
    fn expected() -> String {
        "a name: 1 to 80 letters, digits or `-_.:`".to_owned()
    }

    fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
        value.get_ref().as_str().and_then(Self::parse).or_else(|| door.mismatch::<Self, _>(value))
    }
}

/// The key of TCP MD5 signatures (RFC 2385), 1 to 80 bytes. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Md5Key(Arc<[u8]>);

impl Md5Key {
    /// The most bytes that the kernel takes.
    pub const MOST: usize = 80;

    /// The key, or `None` when it is empty or too long.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        (1..=Self::MOST).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    /// The secret itself, for the socket.
    pub fn secret(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Md5Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Md5Key(…)")
    }
}

impl Setting for Md5Key {
    fn expected() -> String {
        "a key of 1 to 80 bytes, or `{ file = \"…\" }` with one in it".to_owned()
    }

    fn read(value: &Spanned<DeValue<'_>>, door: &mut Door<'_>) -> Option<Self> {
        // No message may show what was written: it is or should be a secret.
        let refuse = |door: &mut Door<'_>, seen: String| {
            door.refuse(Problem::new(value.span(), seen, Self::expected()));
            None
        };
        let (text, whence) = match value.get_ref() {
            DeValue::String(text) => (text.as_ref().to_owned(), String::new()),
            DeValue::Table(table) => {
                let path = table.get("file").and_then(|path| path.get_ref().as_str());
                let (Some(path), 1) = (path, table.len()) else {
                    return refuse(door, "a table without `file`, or with more than that".to_owned());
                };
                match door.file(&PathBuf::from(path)) {
                    Ok(text) => (text.trim_end_matches(['\r', '\n']).to_owned(), format!(" in {path}")),
                    Err(error) => return refuse(door, format!("{path}: {error}")),
                }
            }
            other => return refuse(door, format!("a key that is {}", other.type_str())),
        };
        Self::new(text.as_bytes()).or_else(|| refuse(door, format!("a key of {} bytes{whence}", text.len())))
    }
}

section! {
    /// Liveness of a peer by BFD (RFC 5880): down after `interval-ms` times `multiplier` of silence.
    Bfd, "bfd" {
        /// How often each side sends, in milliseconds; the slower side wins.
        "interval-ms" interval_ms: Whole<50, 60_000>, default "300";
        /// So many missed packets are a failure.
        "multiplier" multiplier: Whole<1, 255>, default "3";
    }
}

section! {
    /// How many routes a peer may announce, where that is not what its circuit's SKU says.
    PrefixLimit, "prefix-limit" {
        /// IPv4 routes; without it the limit of the SKU, none in an open domain.
        "ipv4" ipv4: Whole<0, { u32::MAX }>, optional;
        /// IPv6 routes; without it the limit of the SKU, none in an open domain.
        "ipv6" ipv6: Whole<0, { u32::MAX }>, optional;
        /// Seconds from the end of a session for too many routes to the next attempt.
        "retry" retry: Whole<1, 86_400>, default "60";
    }
}

impl Bfd {
    /// The interval in milliseconds and the multiplier.
    pub fn timing(&self) -> (u32, u8) {
        // `Whole` holds the multiplier to 255.
        (self.interval_ms.get(), self.multiplier.get() as u8)
    }
}

impl Places {
    /// Places of something that was not read from a file.
    pub fn nowhere() -> Self {
        Self::default()
    }
}
