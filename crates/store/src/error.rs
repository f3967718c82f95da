//! Why the store did not.

/// The store cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{doing}")]
pub struct StoreError {
    /// What was being done.
    pub doing: String,
    /// Why it failed.
    #[source]
    pub cause: Box<dyn std::error::Error + Send + Sync>,
}

/// Why a change was not taken.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A resource or an operation is not as it was read; read again and decide again.
    #[error("`{0}` was changed by another writer")]
    Stale(String),
    /// Somebody else holds a claim.
    #[error("`{key}` is held by `{holder}`")]
    Taken {
        /// The claim.
        key: String,
        /// Who holds it.
        holder: String,
    },
    /// The store failed. Nothing was written, or nobody knows whether: read again.
    #[error(transparent)]
    Store(#[from] StoreError),
}
