//! What is known of one BGP session: of one link, in one address family.

use crate::{Facts, LinkView, PeeringView, Proof, Spot, Stage};
use model::{Family, Place, SessionState};

/// Whether a session stands, and what says so.
pub(super) enum Session<'a> {
    /// It is up; before the network runs: it is configured.
    Stands(Proof),
    /// It is down or not configured.
    Lacks {
        /// Which value shows it.
        spot: Spot<'a>,
        /// Where that value stands.
        place: Option<Place>,
        /// What it says.
        seen: String,
    },
    /// Nothing tells.
    Unknown(Spot<'a>),
}

/// The session of a link. A report of the running network decides; without one, and before the network runs,
/// the session stands when its link has a subnet.
pub(super) fn session<'a>(facts: &Facts<'_>, link: LinkView<'a>, family: Family) -> Session<'a> {
    let (subnet_key, session_key) = match family {
        Family::V4 => ("subnet", "session"),
        Family::V6 => ("subnet_v6", "session_v6"),
    };
    if let Some(state) = link.session(family).known() {
        return match state.value {
            SessionState::Established => Session::Stands(state.into()),
            other => Session::Lacks {
                spot: link.at(session_key),
                place: Some(state.place),
                seen: format!("the {family} session is {other}"),
            },
        };
    }
    match link.link.subnet_of(family).known() {
        Some(_) if facts.stage == Stage::Live => Session::Unknown(link.at(session_key)),
        Some(subnet) => Session::Stands(subnet.into()),
        None if link.peering.peering.uses(family) => Session::Lacks {
            spot: link.at(subnet_key),
            place: link.peering.peering.blocks(family).place(),
            seen: format!("no {family} subnet"),
        },
        None => Session::Unknown(link.at(subnet_key)),
    }
}

/// The families in which a peering has sessions: those with a subnet or a reported session;
/// IPv4 when nothing is said.
pub(super) fn families<'a>(peering: PeeringView<'a>) -> impl Iterator<Item = Family> + use<'a> {
    let used = move |family| {
        peering.peering.uses(family) || peering.links().iter().any(|link| link.session(family).is_known())
    };
    let silent = !Family::BOTH.into_iter().any(used);
    Family::BOTH.into_iter().filter(move |family| used(*family) || (silent && *family == Family::V4))
}
