//! What is done to a world, and what undoes it.

use crate::Cut;
use std::fmt;

/// One thing done to a world. Links, nodes and circuits are those of its [`Ground`](super::Ground).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A link passes nothing.
    Cut {
        /// The link.
        link: String,
        /// How.
        how: Cut,
    },
    /// A link is whole again.
    Join {
        /// The link.
        link: String,
    },
    /// A process dies without a word; whoever keeps the world starts it again.
    End {
        /// The process.
        process: String,
    },
    /// A router dies without a word, and its links with it.
    Kill {
        /// The node.
        node: String,
    },
    /// The router starts again.
    Revive {
        /// The node.
        node: String,
    },
    /// The sessions over a link are reset once; they come back on their own.
    Reset {
        /// The link.
        link: String,
    },
    /// The customer ends the sessions over a link in good order.
    Shut {
        /// The link.
        link: String,
    },
    /// The customer allows the sessions again.
    Open {
        /// The link.
        link: String,
    },
    /// The provider hands a link over with a wrong tag.
    Mistag {
        /// The link.
        link: String,
    },
    /// The provider hands it over with the right one.
    Retag {
        /// The link.
        link: String,
    },
    /// Microsoft drains the edge of a link before maintenance.
    Drain {
        /// The link.
        link: String,
    },
    /// The maintenance is over.
    Undrain {
        /// The link.
        link: String,
    },
    /// The customer announces more prefixes over a link than the peering takes.
    Breach {
        /// The link.
        link: String,
    },
    /// The customer announces what it did before.
    Comply {
        /// The link.
        link: String,
    },
    /// The route filter is taken off the Microsoft peering of a circuit.
    Detach {
        /// The circuit.
        circuit: String,
    },
    /// The filter is put back.
    Attach {
        /// The circuit.
        circuit: String,
    },
    /// More flows are opened through a circuit's NAT pool than it has room for.
    Flood {
        /// The circuit.
        circuit: String,
    },
    /// These flows end.
    Ebb {
        /// The circuit.
        circuit: String,
    },
    /// Best effort is sent at a share of a circuit's bandwidth.
    Load {
        /// The circuit.
        circuit: String,
        /// Percent of its bandwidth.
        percent: u16,
    },
    /// That ends.
    Unload {
        /// The circuit.
        circuit: String,
    },
}

impl Act {
    /// What undoes it; nothing for what passes by itself and for what undoes another.
    pub fn undo(&self) -> Option<Self> {
        let (link, node, circuit) = (String::clone, String::clone, String::clone);
        Some(match self {
            Self::Cut { link: at, .. } => Self::Join { link: link(at) },
            Self::Kill { node: at } => Self::Revive { node: node(at) },
            Self::Shut { link: at } => Self::Open { link: link(at) },
            Self::Mistag { link: at } => Self::Retag { link: link(at) },
            Self::Drain { link: at } => Self::Undrain { link: link(at) },
            Self::Breach { link: at } => Self::Comply { link: link(at) },
            Self::Detach { circuit: at } => Self::Attach { circuit: circuit(at) },
            Self::Flood { circuit: at } => Self::Ebb { circuit: circuit(at) },
            Self::Load { circuit: at, .. } => Self::Unload { circuit: circuit(at) },
            Self::End { .. }
            | Self::Reset { .. }
            | Self::Join { .. }
            | Self::Revive { .. }
            | Self::Open { .. }
            | Self::Retag { .. }
            | Self::Undrain { .. }
            | Self::Comply { .. }
            | Self::Attach { .. }
            | Self::Ebb { .. }
            | Self::Unload { .. } => return None,
        })
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut { link, how: Cut::Carrier } => write!(f, "{link} cut, carrier gone"),
            Self::Cut { link, how: Cut::Silent } => write!(f, "{link} cut, carrier stays"),
            Self::Cut { link, how: Cut::SilentForth } => write!(f, "{link} cut in the direction to Microsoft"),
            Self::Cut { link, how: Cut::SilentBack } => write!(f, "{link} cut in the direction from Microsoft"),
            Self::Join { link } => write!(f, "{link} joined"),
            Self::End { process } => write!(f, "{process} killed"),
            Self::Kill { node } => write!(f, "{node} killed"),
            Self::Revive { node } => write!(f, "{node} started"),
            Self::Reset { link } => write!(f, "sessions over {link} reset"),
            Self::Shut { link } => write!(f, "sessions over {link} ended by the customer"),
            Self::Open { link } => write!(f, "sessions over {link} allowed"),
            Self::Mistag { link } => write!(f, "{link} handed over with a wrong tag"),
            Self::Retag { link } => write!(f, "{link} handed over with the right tag"),
            Self::Drain { link } => write!(f, "edge of {link} drained"),
            Self::Undrain { link } => write!(f, "edge of {link} back in service"),
            Self::Breach { link } => write!(f, "too many prefixes announced over {link}"),
            Self::Comply { link } => write!(f, "prefixes over {link} as before"),
            Self::Detach { circuit } => write!(f, "route filter of {circuit} detached"),
            Self::Attach { circuit } => write!(f, "route filter of {circuit} attached"),
            Self::Flood { circuit } => write!(f, "NAT pool of {circuit} flooded"),
            Self::Ebb { circuit } => write!(f, "flood through {circuit} ended"),
            Self::Load { circuit, percent } => write!(f, "{circuit} loaded at {percent} %"),
            Self::Unload { circuit } => write!(f, "load on {circuit} ended"),
        }
    }
}
