//! Names that one part of a design uses for another: each must exist.

use crate::Problem;
use crate::problem::nearest;
use model::{Design, Fact, List, Name, Rank};
use std::collections::BTreeMap;

/// Checks that every name used in a declared part exists, once all files are merged.
///
/// Exports name resources that may lie outside of the export; those are not problems.
pub fn check_references(design: &Design) -> Vec<Problem> {
    let mut check = Check(Vec::new());
    for circuit in design.circuits.values() {
        check.one(&circuit.site, &design.sites, "site");
        check.one(&circuit.port, &design.ports, "port");
        check.many(&circuit.global_reach, &design.circuits, "circuit");
        for peering in [&circuit.private, &circuit.microsoft].into_iter().flatten() {
            check.many(&peering.vnets, &design.vnets, "vnet");
        }
    }
    for edge in design.edges.values() {
        check.one(&edge.site, &design.sites, "site");
    }
    for site in design.sites.values() {
        check.many(&site.edges, &design.edges, "edge");
    }
    for pool in design.nat.pools.values() {
        check.many(&pool.circuits, &design.circuits, "circuit");
    }
    check.0
}

struct Check(Vec<Problem>);

impl Check {
    fn one<R>(&mut self, reference: &Fact<Name>, known: &BTreeMap<Name, R>, kind: &str) {
        for statement in reference.statements().filter(|statement| statement.rank == Rank::Declared) {
            self.name(&statement.value, statement.place, known, kind);
        }
    }

    fn many<R>(&mut self, references: &Fact<List<Name>>, known: &BTreeMap<Name, R>, kind: &str) {
        for statement in references.statements().filter(|statement| statement.rank == Rank::Declared) {
            for item in &statement.value {
                self.name(&item.value, item.place, known, kind);
            }
        }
    }

    fn name<R>(&mut self, name: &Name, place: model::Place, known: &BTreeMap<Name, R>, kind: &str) {
        if known.contains_key(name) {
            return;
        }
        let names = || known.keys().map(Name::as_str);
        let expected = match known.is_empty() {
            true => format!("a {kind} that stands under `{kind}s:`, which names none"),
            false => format!("a {kind} of this design: {}", names().collect::<Vec<_>>().join(", ")),
        };
        let meant = nearest(name.as_str(), names());
        self.0.push(Problem::new(place, format!("the unknown {kind} `{name}`"), expected).suggest(meant));
    }
}
