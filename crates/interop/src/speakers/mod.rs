//! The daemons, each behind [`Speaker`](crate::speaker::Speaker).

mod bird;
mod edge;
mod exabgp;
mod frr;
mod gobgp;
mod openbgpd;

pub(crate) use bird::Bird;
pub(crate) use edge::Edge;
pub(crate) use exabgp::Exabgp;
pub(crate) use frr::Frr;
pub(crate) use gobgp::Gobgp;
pub(crate) use openbgpd::Openbgpd;
