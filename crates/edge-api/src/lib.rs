//! What the service tells edges to run, and what edges tell it.
//!
//! An edge holds a connection of its own (TLS, certificates on both sides) and asks; the service never calls.
//!
//! | request | meaning |
//! | --- | --- |
//! | `GET /edge/v1/intents?after=REVISION&wait=SECONDS` | what changed since ([`Intents`]); waits while nothing did |
//! | `POST /edge/v1/report` | what runs ([`Report`]); answered with 204 |
//! | `POST /edge/v1/answers/{id}` | an answer to a [`Question`] ([`Answer`]) |
//!
//! After revision 0 an edge is told everything that it shall run, so that it needs no memory of its own; with the last
//! revision it knows, only what changed. Documents of another major version are another path; new optional fields are not.

mod intent;
mod name;
pub mod openapi;
mod question;
mod report;

pub use intent::{
    Carrier, Family, Filter, Gateway, GatewaySession, Intent, Intents, Own, Peering, Secret, Session, Side, Validation,
};
pub use name::edge_name;
pub use question::{Answer, ArpRow, Question, RouteRow, SummaryRow, Table};
pub use report::{Counters, DomainReport, Report, SessionReport, SessionState};
