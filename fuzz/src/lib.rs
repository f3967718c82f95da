//! What every fuzz target does with its bytes; they differ in their seeds.

use catalog::Catalog;
use design::{Bounds, Input};
use model::{Date, Sources};
use rules::{Facts, Profile, Stage};

/// Reads a text as `twinpath check` does, checks what came out, and holds what must hold of any input.
pub fn judge(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let bounds = Bounds { bytes: 1 << 20, depth: 64, nodes: 100_000 };
    let mut sources = Sources::default();
    let reading = design::read(Input { name: "fuzz".to_owned(), text: text.into() }, &mut sources, &bounds);
    for problem in &reading.problems {
        let Some(place) = problem.place else { continue };
        assert!(place.start <= place.end && place.end as usize <= text.len(), "{problem:?}");
        assert!(sources.line_column(place).is_some(), "{problem:?}");
    }
    design::check_references(&reading.design);
    let today = Date::constant(2026, 11, 21);
    for profile in Profile::ALL {
        let stage = Stage::of(&sources);
        let facts = Facts::new(&reading.design, Catalog::builtin(), today, profile, stage);
        let checklist = rules::check(facts);
        assert_eq!(checklist.rows.len(), rules::rules().len());
    }
}
