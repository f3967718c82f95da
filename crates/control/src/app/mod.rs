//! What can be asked for: one file a resource, each with its routes and their handlers.
//!
//! A handler is an `async fn(&mut Tx, &Call) -> Handled`. It refuses, or answers and has written to the transaction;
//! [`run`] commits, and runs it again on newer reads when another writer was first. Each file says its routes, and the
//! kinds of operations that go on after the answer: `pub(super) static ROUTES: &[Route]` and `KINDS: &[Kind]`.

mod address;
mod authorization;
pub(crate) mod circuit;
mod community;
mod cross_connection;
mod deployment;
pub(crate) mod failover;
mod find;
#[cfg(test)]
mod foreign;
mod groups;
pub(crate) mod locks;
mod network;
pub(crate) mod observe;
mod operation;
pub mod operator;
pub(crate) mod peering;
pub(crate) mod port;
mod precondition;
mod provider_port;
pub(crate) mod reach;
mod registrations;
mod resources;
mod role_assignments;
pub(crate) mod route_filter;
mod row;
pub(crate) mod scope;
mod service_provider;
mod subscriptions;
mod tags;
mod writing;

pub use address::address;
pub use find::{find, run};

use crate::engine::Kind;
use crate::{Answer, Call, Fault, Tx};
use std::future::Future;
use std::pin::Pin;

/// What a handler gives.
pub type Handled = Result<Answer, Fault>;

/// The shape of handlers in the table of routes.
pub type Handler = for<'a> fn(&'a mut Tx<'_>, &'a Call) -> Pin<Box<dyn Future<Output = Handled> + Send + 'a>>;

/// An operation of the API.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// Its name in the swagger, like `ExpressRouteCircuits_Get`.
    pub name: &'static str,
    /// The verb.
    pub verb: Verb,
    /// The path, as the swagger writes it.
    pub path: &'static str,
    /// Who may.
    pub action: Action,
    /// What is done.
    pub handler: Handler,
}

/// The verb of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Reads.
    Get,
    /// Asks whether it is there.
    Head,
    /// Makes or replaces.
    Put,
    /// Changes tags.
    Patch,
    /// Acts.
    Post,
    /// Deletes.
    Delete,
}

/// A row of the table of routes: `route!(Get "/subscriptions/{subscriptionId}" Subscriptions_Get Read => get)`.
macro_rules! route {
    ($verb:ident $path:literal $name:ident $action:ident => $handler:path) => {
        $crate::app::Route {
            name: stringify!($name),
            verb: $crate::app::Verb::$verb,
            path: $path,
            action: $crate::app::Action::$action,
            handler: |tx, call| Box::pin($handler(tx, call)),
        }
    };
}

/// What a route does, for who may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Reads what is no secret.
    Read,
    /// Writes, or reads secrets.
    Write,
    /// Roles, locks, principals.
    Own,
    /// The provider's side: reads.
    ProviderRead,
    /// The provider's side: writes.
    ProviderWrite,
    /// The operator's side.
    Operate,
    /// Any known caller: the list of one's subscriptions.
    Known,
}

/// All routes, a file each.
pub static ROUTES: &[&[Route]] = &[
    authorization::ROUTES,
    circuit::ROUTES,
    cross_connection::ROUTES,
    peering::ROUTES,
    provider_port::ROUTES,
    service_provider::ROUTES,
    deployment::ROUTES,
    failover::ROUTES,
    groups::ROUTES,
    locks::ROUTES,
    network::connection::ROUTES,
    network::gateway::ROUTES,
    network::local_gateway::ROUTES,
    network::outside::ROUTES,
    network::public_ip::ROUTES,
    network::routes::ROUTES,
    network::subnet::ROUTES,
    network::virtual_network::ROUTES,
    network::vnet_peering::ROUTES,
    observe::ROUTES,
    observe::METRICS_ROUTES,
    observe::STATS_ROUTES,
    operation::ROUTES,
    operator::ROUTES,
    reach::ROUTES,
    registrations::ROUTES,
    resources::ROUTES,
    role_assignments::ROUTES,
    subscriptions::ROUTES,
    tags::ROUTES,
    community::ROUTES,
    port::ROUTES,
    port::AUTHORIZATION_ROUTES,
    port::LETTER_ROUTES,
    port::LINK_ROUTES,
    port::LOCATION_ROUTES,
    route_filter::ROUTES,
    route_filter::RULE_ROUTES,
];

/// All kinds of operations, a file each.
pub static KINDS: &[&[Kind]] = &[
    deployment::KINDS,
    failover::KINDS,
    groups::KINDS,
    network::change::KINDS,
    network::routes::KINDS,
    observe::KINDS,
    operator::KINDS,
    port::KINDS,
    reach::KINDS,
    port::AUTHORIZATION_KINDS,
    route_filter::KINDS,
    route_filter::RULE_KINDS,
    writing::KINDS,
];

pub(crate) use route;
