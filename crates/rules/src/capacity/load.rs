//! How much a circuit carries.

use crate::CircuitView;
use model::{Bandwidth, PeeringKind, Stated};

/// The traffic of a circuit in its busy hour, both links together: the sum of the measured peaks when every link of
/// every peering reports one, else what the design says. Peaks that do not fall together make the sum too large,
/// which errs on the safe side.
pub(super) fn busy_hour(view: CircuitView<'_>) -> Option<Stated<Bandwidth>> {
    let kinds = PeeringKind::ALL.iter().filter_map(|kind| view.peering(*kind));
    let peaks: Option<Vec<_>> = kinds.flat_map(|peering| peering.links()).map(|link| link.link.peak.known()).collect();
    match peaks.as_deref() {
        Some([first, rest @ ..]) => {
            let sum = rest.iter().fold(first.value.as_mbps(), |sum, peak| sum.saturating_add(peak.value.as_mbps()));
            Some(Stated { value: Bandwidth::mbps(sum), rank: first.rank, place: first.place })
        }
        Some([]) | None => view.circuit.busy_hour.known().copied(),
    }
}
