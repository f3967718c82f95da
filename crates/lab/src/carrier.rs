//! The provider's equipment at a peering location: what takes packets from customers' cables to Microsoft's port.
//!
//! A customer's cable has no tags here: the provider knows which port is whose. [`carry`] puts the circuit's tag and the
//! peering's on what comes in, and hands it over on the trunk; and the other way round (spec 09, 4). Where tags are put on
//! by programs in the kernel, the process only puts them there and waits.

use crate::Error;
use dataplane::linux::Tagger;
use dataplane::{QinqBackend, Tag};
use model::VlanId;
use serde::{Deserialize, Serialize};
use socket::Namespace;
use std::path::Path;

/// What a provider hands over on one trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HandOff {
    /// The device towards Microsoft.
    pub trunk: String,
    /// What puts tags on and takes them off.
    pub tagging: QinqBackend,
    /// What goes over it.
    pub lanes: Vec<Tagged>,
}

/// A customer's port and the tags it gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tagged {
    /// The device towards the customer.
    pub device: String,
    /// The circuit's tag (802.1ad).
    pub s_tag: u16,
    /// The peering's tag (802.1Q).
    pub c_tag: u16,
}

/// Carries packets in the namespace of this process as a file says, until it is killed.
///
/// # Errors
///
/// The file cannot be used, or a device is missing.
pub fn carry(file: &Path) -> Result<(), Error> {
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(Error::io(name()))?;
    let hand_off: HandOff = serde_json::from_str(&text).map_err(|error| Error::No(format!("{}: {error}", name())))?;
    let here = Namespace::at(Path::new("/proc/self/ns/net")).map_err(Error::io("/proc/self/ns/net"))?;
    let tagger = Tagger::start(hand_off.tagging, &hand_off.trunk, &here).map_err(Error::io(hand_off.trunk.clone()))?;
    for lane in &hand_off.lanes {
        let tag = |number| VlanId::try_from(number).map_err(|error| Error::No(format!("{}: {error}", lane.device)));
        tagger
            .add(Tag::SC(tag(lane.s_tag)?, tag(lane.c_tag)?), &lane.device, None)
            .map_err(Error::io(lane.device.clone()))?;
    }
    loop {
        std::thread::park();
    }
}
