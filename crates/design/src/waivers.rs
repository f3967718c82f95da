//! Files of waivers: the faults that somebody accepts for a time.

use crate::read::parse;
use crate::{Bounds, Input, Problem, fields};
use model::{Rank, Source, Sources, Waivers};
use std::sync::Arc;

/// Reads a file of waivers. Its text becomes one of the sources, so that a waiver can be shown.
pub fn waivers(input: Input, sources: &mut Sources, bounds: &Bounds) -> (Waivers, Vec<Problem>) {
    let Input { name, text } = input;
    let id = sources.add(Source { name, text: Some(Arc::clone(&text)), rank: Rank::Declared, taken: None });
    let mut waivers = Waivers::default();
    let problems = match parse(&text, id, bounds) {
        Err(problem) => vec![problem],
        Ok(root) => {
            let mut problems = Vec::new();
            fields::record(&root, &mut waivers, Rank::Declared, &mut problems);
            problems
        }
    };
    (waivers, problems)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Waivers, Vec<Problem>) {
        let input = Input { name: "waivers.yaml".into(), text: text.into() };
        waivers(input, &mut Sources::default(), &Bounds::default())
    }

    #[test]
    fn waivers_have_names_and_dates() {
        let (waivers, problems) = read(
            "waivers:\n  lisbon: {rule: ADDR-002, path: circuits.lisbon, owner: ops, reason: moves, expires: 2027-01-31}\n",
        );
        assert_eq!(problems, []);
        assert_eq!(waivers.waivers["lisbon"].expires.value().unwrap().to_string(), "2027-01-31");
    }

    #[test]
    fn a_misspelt_key_is_a_problem() {
        let (_, problems) = read("waivers: {lisbon: {rule: ADDR-002, expire: 2027-01-31}}");
        assert_eq!(problems[0].suggestion.as_deref(), Some("expires"));
    }
}
