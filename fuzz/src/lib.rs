//! What the fuzz targets do with their bytes: [`judge`] with a text, [`arm`] with requests, [`bgp`] with messages, [`flow`] with flow records, [`rib`] with a table, [`session`]
//! with all that a peer does.

pub mod arm;
pub mod bgp;
pub mod flow;
pub mod rib;
pub mod session;

use catalog::Catalog;
use design::{Bounds, Input};
use model::{Date, Edit, Place, Sources};
use rules::report::{Checked, Report, json, terminal};
use rules::{Facts, Profile, Stage};

/// What every target of a text does; they differ in their seeds. Reads a text as `twinpath check` does, checks, reports and mends what came out, and holds what must hold of any input.
pub fn judge(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let bounds = Bounds { bytes: 1 << 20, depth: 64, nodes: 100_000 };
    let mut sources = Sources::default();
    let reading = design::read(Input { name: "fuzz".to_owned(), text: text.into() }, &mut sources, &bounds);
    let (design, catalog, today) = (&reading.design, Catalog::builtin(), Date::constant(2026, 11, 21));
    let holds = |place: Place| {
        assert!(place.start <= place.end && sources.text(place).is_some() && sources.line_column(place).is_some());
    };
    reading.problems.iter().filter_map(|problem| problem.place).for_each(holds);
    design::check_references(design).iter().filter_map(|problem| problem.place).for_each(holds);
    // One profile an input, by its length, keeps the pace.
    let profile = Profile::ALL[text.len() % Profile::ALL.len()];
    let checklist = rules::check(Facts::new(design, catalog, today, profile, Stage::of(&sources)));
    assert_eq!(checklist.rows.len(), rules::rules().len());
    let report = Report::new(Checked { checklist: &checklist, sources: &sources, design, catalog, today });
    let mut page = String::new();
    assert!(terminal::write(&report, terminal::Style::default(), &mut page).is_ok());
    assert!(json::write(&report, &mut page).is_ok());
    let edits: Vec<Edit> = planner::mend(design, catalog).into_iter().flat_map(|mend| mend.change).collect();
    if reading.problems.is_empty() && !edits.is_empty() {
        // Not every text can be edited in place; what can, reads without problems again.
        if let Ok(mended) = design::apply(text, &edits) {
            let mut sources = Sources::default();
            let again = design::read(Input { name: "mended".to_owned(), text: mended.into() }, &mut sources, &bounds);
            assert_eq!(again.problems, []);
        }
    }
}
