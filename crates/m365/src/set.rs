//! One endpoint set, as the web service shapes it (spec 05, 6.3).

use crate::Pattern;
use model::{Prefix, Value as _};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Names and addresses that are used together, with their ports and what Microsoft says of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndpointSet {
    /// Its number, the same in every version.
    pub id: u32,
    /// The area, like `Exchange`.
    pub service_area: String,
    /// The area's name for people.
    #[serde(default)]
    pub service_area_display_name: String,
    /// Names, with wildcards.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<Pattern>,
    /// Addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "prefixes")]
    pub ips: Vec<Prefix>,
    /// TCP ports.
    #[serde(default, skip_serializing_if = "Ports::is_empty")]
    pub tcp_ports: Ports,
    /// UDP ports.
    #[serde(default, skip_serializing_if = "Ports::is_empty")]
    pub udp_ports: Ports,
    /// Whether Microsoft supports it over ExpressRoute.
    pub express_route: bool,
    /// How much the network matters to it.
    pub category: Category,
    /// Whether the service works only with it.
    #[serde(default)]
    pub required: bool,
    /// Remarks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
    /// Fields that this version does not know; kept as they came.
    #[serde(flatten)]
    pub unknown: BTreeMap<String, serde_json::Value>,
}

/// How much the network matters to a set; the first is the most sensitive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Category {
    /// Few endpoints with most of the traffic: as straight as can be.
    Optimize,
    /// Needed by certain services, less sensitive.
    Allow,
    /// Ordinary Internet traffic.
    Default,
}

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Optimize => "Optimize",
            Self::Allow => "Allow",
            Self::Default => "Default",
        })
    }
}

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// Ports in the order given; the service writes them as one text, `143, 587, 993`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports(Vec<u16>);

impl Ports {
    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a port is among them.
    pub fn contains(&self, port: u16) -> bool {
        self.0.contains(&port)
    }

    /// The ports.
    pub fn iter(&self) -> impl Iterator<Item = u16> + '_ {
        self.0.iter().copied()
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, port) in self.0.iter().enumerate() {
            write!(f, "{}{port}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl Serialize for Ports {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ports {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let words = text.split(',').map(str::trim).filter(|word| !word.is_empty());
        let port = |word: &str| {
            let port = word.parse().ok().filter(|port| *port != 0);
            port.ok_or_else(|| D::Error::custom(format!("`{word}` is no port; wanted numbers like `80,443`")))
        };
        words.map(port).collect::<Result<_, _>>().map(Self)
    }
}

/// Prefixes as texts.
mod prefixes {
    use super::{Cow, Deserialize, Deserializer, Prefix};
    use serde::de::Error as _;

    pub(super) fn serialize<S: serde::Serializer>(list: &[Prefix], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(Prefix::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Prefix>, D::Error> {
        struct Text(Prefix);
        impl<'de> Deserialize<'de> for Text {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                super::prefix(&Cow::<str>::deserialize(deserializer)?).map(Self).map_err(D::Error::custom)
            }
        }
        Ok(Vec::<Text>::deserialize(deserializer)?.into_iter().map(|Text(prefix)| prefix).collect())
    }
}

/// A prefix, or why a text is none.
fn prefix(text: &str) -> Result<Prefix, String> {
    Prefix::parse(text).map_err(|error| match &error.suggestion {
        Some(meant) => format!("{error}; wanted {}, perhaps `{meant}`", Prefix::EXPECTED),
        None => format!("{error}; wanted {}", Prefix::EXPECTED),
    })
}

impl EndpointSet {
    /// Whether traffic to a port is of this set. A set without ports names all of them.
    pub fn takes(&self, protocol: Protocol, port: u16) -> bool {
        if self.tcp_ports.is_empty() && self.udp_ports.is_empty() {
            return true;
        }
        match protocol {
            Protocol::Tcp => self.tcp_ports.contains(port),
            Protocol::Udp => self.udp_ports.contains(port),
        }
    }

    /// Its ports in words, like `tcp 80,443 · udp 443`.
    pub fn ports(&self) -> String {
        let part = |protocol: Protocol, ports: &Ports| (!ports.is_empty()).then(|| format!("{protocol} {ports}"));
        let parts = [part(Protocol::Tcp, &self.tcp_ports), part(Protocol::Udp, &self.udp_ports)];
        let words: Vec<String> = parts.into_iter().flatten().collect();
        match words.is_empty() {
            true => "any port".to_owned(),
            false => words.join(" · "),
        }
    }
}
