//! Azure Resource Manager as clients speak it: addresses, bodies, versions, errors, long-running operations.
//!
//! - [`ResourceId`]: a resource id, compared without case and answered with the case it was made with.
//! - [`Template`]: the path of an operation, like the swagger writes it, and what a request's path says for its parts.
//! - [`ArmError`]: what a client is told when it is refused, with its status; one table of codes.
//! - [`body`]: the bodies of resources, one file each; unknown and read-only fields are passed over.
//! - [`operation`]: answers to polls, and the headers that make clients poll.
//! - [`page`]: lists and their next pages.
//!
//! Pure: no socket, file or clock. What is done with a request is the business of `control`.

pub mod body;
mod error;
mod id;
pub mod operation;
pub mod page;
mod template;
mod version;

pub use error::ArmError;
pub use id::{BadId, ResourceId};
pub use template::{Segment, Template};
pub use version::ApiVersion;
