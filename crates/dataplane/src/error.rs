//! What can go wrong.

use crate::{Capability, DomainId, GroupId, IfHandle, PortId};
use std::io;

/// The outcome of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a call failed. What it had done before is kept, and the call may be repeated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine cannot do it: what the probe found at start.
    #[error("{capability} is not supported on this host: {why}")]
    Missing {
        /// What is missing.
        capability: Capability,
        /// What the probe saw.
        why: String,
    },
    /// There is no such domain.
    #[error("there is no {0}; ensure it first")]
    NoDomain(DomainId),
    /// There is no such port.
    #[error("there is no {0}; name it when the data plane is opened")]
    NoPort(PortId),
    /// There is no such interface any more.
    #[error("there is no interface {} in {}", .0.index, .0.domain)]
    NoInterface(IfHandle),
    /// A route names a group that was never set.
    #[error("there is no {1} in {0}; set its members first")]
    NoGroup(DomainId, GroupId),
    /// What was asked for contradicts itself or what is there.
    #[error("{0}")]
    Invalid(String),
    /// The kernel refused a step.
    #[error("{step}: {source}")]
    Kernel {
        /// What was being done.
        step: String,
        /// What the kernel answered.
        source: io::Error,
    },
    /// A program that the data plane rests on refused its input or is not there.
    #[error("{program}: {said}")]
    Program {
        /// Such as `nft`.
        program: &'static str,
        /// Its first words.
        said: String,
    },
}

/// Names the step in an error of the kernel's.
pub(crate) trait Step<T> {
    fn step(self, step: impl FnOnce() -> String) -> Result<T>;
}

impl<T> Step<T> for io::Result<T> {
    fn step(self, step: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Kernel { step: step(), source })
    }
}
