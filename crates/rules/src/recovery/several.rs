//! What the rules about several circuits share.

use crate::{CircuitView, Facts, Tally, Verdict};
use model::Stated;

/// The circuits of a design that has two or more.
///
/// # Errors
/// Not applicable when there are fewer.
pub(super) fn several<'a>(facts: &Facts<'a>) -> Result<Vec<CircuitView<'a>>, Verdict> {
    let circuits: Vec<_> = facts.circuits().collect();
    match circuits.len() {
        0 | 1 => Err(Verdict::guard("there are no two circuits")),
        _ => Ok(circuits),
    }
}

/// Asks that circuits do not all have the same value of a key; two that differ are enough.
pub(super) fn differ<'a>(
    tally: &mut Tally,
    key: &'static str,
    circuits: &[(CircuitView<'a>, Option<Stated<String>>)],
    expected: &str,
) {
    let known: Vec<_> = circuits.iter().filter_map(|(view, value)| Some((view, value.as_ref()?))).collect();
    let unlike = |first: &Stated<String>| known.iter().find(|(_, other)| other.value != first.value).copied();
    match known.first() {
        Some((_, first)) if let Some((_, other)) = unlike(first) => {
            tally.pass(*first);
            tally.pass(other);
        }
        Some((view, first)) if known.len() == circuits.len() => {
            let seen = format!("{} for all {} circuits", first.value, circuits.len());
            tally.fail(view.at(key).finding(Some(first.place), seen, expected));
        }
        _ => {
            for (view, _) in circuits.iter().filter(|(_, value)| value.is_none()) {
                tally.unknown(view.at(key));
            }
        }
    }
}
