//! Who calls, and what they may.
//!
//! - [`Principal`]: who can sign in, a row of the store: tenant, roles by subscription, hashes of secrets.
//! - [`Authority`]: says who a bearer token speaks for. Tokens are its own, signed with the key of this instance
//!   ([`Keys`]), or of an OIDC issuer that a setting names ([`External`]).
//! - [`Authority::grant`]: the token endpoint, by client credentials, device code or refresh token.
//! - [`allow`]: the one table of roles. Who has no role in a subscription is told what one is told about a
//!   subscription that does not exist.

mod authority;
mod device;
mod error;
mod grant;
mod keys;
mod oidc;
mod principal;
mod role;
mod secret;
mod seed;

pub use authority::{Authority, Denied};
pub use device::UserCode;
pub use error::GrantError;
pub use grant::Form;
pub use keys::{Claims, Keys};
pub use oidc::External;
pub use principal::{Principal, PrincipalSecret};
pub use role::{allow, may};
pub use secret::{Hasher, new_secret};
pub use seed::{Account, Credentials, known, seed};
