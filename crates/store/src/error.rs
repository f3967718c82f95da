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

/// An error of the database, with what was being done.
pub(crate) fn failed(doing: &str) -> impl FnOnce(sqlx::Error) -> StoreError {
    let doing = doing.to_owned();
    move |cause| StoreError { doing, cause: Box::new(cause) }
}

/// Whether the database is out of reach, in place of having refused a statement.
pub(crate) fn disconnected(error: &sqlx::Error) -> bool {
    // Class 57 is what a server says that shuts down or kills the session.
    error.as_database_error().is_none_or(|error| error.code().is_some_and(|code| code.starts_with("57P")))
}
