//! Repairs.

use crate::shared::Shared;
use crate::{asns, links, vlans};
use catalog::Catalog;
use model::{Design, Edit, LinkRole, Name, PeeringKind};

/// A repair that a program can decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// The id of the rule that it satisfies.
    pub rule: &'static str,
    /// What it is about: `amsterdam / private`.
    pub subject: String,
    /// What is wrong and what becomes of it, in one line.
    pub reason: String,
    /// What changes; all of it or nothing.
    pub change: Vec<Edit>,
    /// A person should agree first: the number may be agreed with others.
    pub ask: bool,
}

/// What can be mended in a design, in the order of its text.
///
/// Only declared values change; those that the control plane or the network states are what others must keep
/// clear of. A value that several places share by an alias stays too, for changing it here would change it there.
pub fn mend(design: &Design, catalog: &Catalog) -> Vec<Mend> {
    let shared = Shared::of(design);
    let mut mends = links::mend(design, catalog, &shared);
    mends.extend(vlans::mend(design, &shared));
    mends.extend(asns::mend(design, catalog));
    mends.sort_by_key(|mend| mend.change.first().map(Edit::place));
    mends
}

/// The label of a peering, as findings have it.
pub(crate) fn label(circuit: &Name, kind: PeeringKind) -> String {
    format!("{circuit} / {kind}")
}

/// The label of a link, as findings have it.
pub(crate) fn link_label(circuit: &Name, kind: PeeringKind, role: LinkRole) -> String {
    format!("{circuit} / {kind} / {role} link")
}
