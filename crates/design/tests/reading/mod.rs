//! Reading texts in tests.

use design::{Bounds, Input, Problem, Reading};
use model::{Design, Sources};

/// Reads texts together, in order.
pub(crate) fn read_with_sources(texts: &[&str]) -> (Reading, Sources) {
    let mut sources = Sources::default();
    let inputs =
        texts.iter().enumerate().map(|(index, text)| Input { name: format!("file{index}"), text: (*text).into() });
    let reading = design::read_all(inputs.collect::<Vec<_>>(), &mut sources, &Bounds::default());
    (reading, sources)
}

/// The design that texts say together, which must be without problems.
#[allow(dead_code, reason = "each test file uses some of these")]
pub(crate) fn design(texts: &[&str]) -> Design {
    let (reading, _) = read_with_sources(texts);
    assert!(reading.problems.is_empty(), "{:#?}", reading.problems);
    reading.design
}

/// The problems of texts.
#[allow(dead_code, reason = "each test file uses some of these")]
pub(crate) fn problems(texts: &[&str]) -> Vec<Problem> {
    read_with_sources(texts).0.problems
}

/// The only problem of a text: line, column, what was seen, what was expected.
#[allow(dead_code, reason = "each test file uses some of these")]
pub(crate) fn problem(text: &str) -> (usize, usize, String, String) {
    let (reading, sources) = read_with_sources(&[text]);
    let [problem] = reading.problems.as_slice() else { panic!("{:#?}", reading.problems) };
    let (line, column) = problem.place.and_then(|place| sources.line_column(place)).unwrap_or_default();
    (line, column, problem.seen.clone(), problem.expected.clone())
}
