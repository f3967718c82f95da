//! Routing tables, the decision, export and ExpressRoute's policy.

pub mod policy;
