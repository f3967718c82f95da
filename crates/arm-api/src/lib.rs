//! Azure Resource Manager as clients speak it: addresses, bodies, versions, errors.
//!
//! - [`ResourceId`]: a resource id, compared without case and answered with the case it was made with.
//! - [`Template`]: the path of an operation, like the swagger writes it, and what a request's path says for its parts.
//! - [`ArmError`]: what a client is told when it is refused, with its status; one table of codes.
//! - [`body`]: the bodies of resources, one file each; unknown and read-only fields are passed over.
//! - [`name`]: what resources may be called, and what a part of a path may hold.
//!
//! Pure: no socket, file or clock. What is done with a request is the business of `control`.

pub mod body;
mod error;
mod id;
pub mod name;
mod template;
mod version;
mod words;

pub use error::ArmError;
pub use id::{BadId, ResourceId, lower};
pub use template::{Segment, Template};
pub use version::ApiVersion;
