//! What the machine can do, as the probe found it (spec 09, 2).

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What was chosen for each need when the data plane was opened, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Caps {
    /// How tags of circuits are put on and taken off.
    pub qinq: QinqBackend,
    /// Whether sources can be translated.
    pub nat: bool,
    /// How bandwidth and classes are kept.
    pub qos: QosBackend,
    /// Whether routes can rest on next-hop groups.
    pub nh_groups: bool,
    /// Whether a group is switched in one message, without a word about each route.
    pub compat_off: bool,
    /// Whether packets of the cloud can be carried in VXLAN.
    pub vxlan: bool,
    /// Whether TCP can be signed by the Authentication Option.
    pub tcp_ao: bool,
    /// Whether the kernel encrypts by ESP.
    pub esp: bool,
    /// Whether the kernel encrypts by MACsec.
    pub macsec: bool,
    /// Whether programs can be loaded into the kernel, and tags put on by them.
    pub bpf: bool,
    /// Whether whole frames can be read and written, and tags put on by a thread.
    pub packet: bool,
    /// What was chosen and why, a line for each capability, in the order of [`Capability`].
    pub reasons: Vec<Reason>,
}

/// Why a capability is there, or is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reason {
    /// Which.
    pub capability: Capability,
    /// What was chosen; `None` if it cannot be had.
    pub chosen: Option<&'static str>,
    /// What was tried, and what came of it.
    pub why: String,
}

impl Caps {
    /// What the probe saw of a capability.
    pub fn why(&self, capability: Capability) -> &str {
        let reason = self.reasons.iter().find(|reason| reason.capability == capability);
        reason.map_or("it was not looked for", |reason| &reason.why)
    }

    /// The same with a way of tagging that is chosen by hand.
    ///
    /// # Errors
    ///
    /// The machine lacks it ([`Error::Missing`]), or nothing makes use of it.
    pub fn with_qinq(mut self, way: QinqBackend) -> Result<Self> {
        let (capability, has) = match way {
            QinqBackend::Bpf => (Capability::Bpf, self.bpf),
            QinqBackend::Packet => (Capability::Packet, self.packet),
            QinqBackend::VlanDevice => (Capability::Qinq, false),
            QinqBackend::Untagged => (Capability::Qinq, true),
        };
        if !has {
            return Err(Error::Missing { capability, why: self.why(capability).to_owned() });
        }
        self.qinq = way;
        for reason in self.reasons.iter_mut().filter(|reason| reason.capability == Capability::Qinq) {
            reason.chosen = Some(way.word());
            reason.why = "chosen by hand".to_owned();
        }
        Ok(self)
    }
}

/// How the tags of a circuit are put on and taken off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QinqBackend {
    /// VLAN devices of the kernel.
    VlanDevice,
    /// Programs at the ingress of the port and of each sub-interface.
    Bpf,
    /// A thread that reads and writes whole frames.
    Packet,
    /// Only untagged circuits, a port each.
    Untagged,
}

impl QinqBackend {
    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::VlanDevice => "vlan-device",
            Self::Bpf => "bpf",
            Self::Packet => "packet",
            Self::Untagged => "untagged",
        }
    }
}

impl fmt::Display for QinqBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// How bandwidth and classes are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QosBackend {
    /// Hierarchical token buckets: classes and rates.
    Htb,
    /// One token bucket: rates without classes.
    Tbf,
    /// Neither.
    None,
}

/// Something that a machine may lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capability {
    /// A namespace for each routing domain.
    Namespaces,
    /// Circuits told apart by two tags on one port.
    Qinq,
    /// Routes that rest on next-hop groups.
    NexthopGroups,
    /// Packets of the cloud in VXLAN.
    Vxlan,
    /// Network address translation.
    Nat,
    /// Traffic classes.
    Classes,
    /// Rates of links.
    Rates,
    /// TCP signed by the Authentication Option.
    TcpAo,
    /// Programs in the kernel.
    Bpf,
    /// Whole frames of an interface.
    Packet,
    /// Encryption by ESP.
    Esp,
    /// Encryption by MACsec.
    Macsec,
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Namespaces => "network namespaces",
            Self::Qinq => "double tags (802.1ad)",
            Self::NexthopGroups => "next-hop groups",
            Self::Vxlan => "VXLAN",
            Self::Nat => "address translation",
            Self::Classes => "traffic classes",
            Self::Rates => "rate limits",
            Self::TcpAo => "TCP-AO",
            Self::Bpf => "BPF",
            Self::Packet => "packet sockets",
            Self::Esp => "IPsec ESP",
            Self::Macsec => "MACsec",
        })
    }
}
