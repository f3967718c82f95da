//! Why a lab cannot be built, reached or changed.

use std::io;

/// Why a lab cannot be built, reached or changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine refused.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why not.
        source: io::Error,
    },
    /// A program ended with an error.
    #[error("`{command}` failed: {said}")]
    Command {
        /// Its words.
        command: String,
        /// What it said.
        said: String,
    },
    /// There is no lab of that name, no such node, or something stands in the way; in words.
    #[error("{0}")]
    No(String),
    /// The design is too poor to build.
    #[error(transparent)]
    Unfit(#[from] crate::topology::Unfit),
    /// The service refused, or does not answer.
    #[error("{0:#}")]
    Service(#[from] anyhow::Error),
}

impl Error {
    /// For `map_err`: an error of the machine with what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing: doing.into(), source }
    }
}
