//! Our reading beside that of three published codecs.
//!
//! On valid messages all must agree. On mutated ones each disagreement must be one that [`table`] explains,
//! and every row of that table must be seen at work, so that it holds nothing that is not true.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

#[path = "../common/mod.rs"]
mod common;
mod generate;
mod oracles;
mod seen;
mod table;

use generate::Case;
use oracles::Oracle;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use seen::{Outcome, Seen};
use std::collections::BTreeMap;
use table::Context;

const VALID: usize = 3_000;
const MUTATED: usize = 20_000;

/// The same cases each time, since the test asks which rows of the table they show.
fn cases(strategy: &impl Strategy<Value = Case>, count: usize) -> impl Iterator<Item = Case> {
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    (0..count).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

#[test]
fn on_valid_updates_all_agree() {
    let mut agreed = BTreeMap::new();
    for case in cases(&generate::valid(), VALID) {
        let body = case.body();
        let (outcome, ours) = Seen::ours(&body, &case.session);
        assert_eq!(outcome, Outcome::Fine, "{case:?}");
        let context = Context::new(&body, &case.session);
        for oracle in Oracle::ALL {
            if context.is_beyond_us(oracle).is_some() {
                continue;
            }
            let (outcome, theirs) = oracle.read(&body, &case.session);
            assert_eq!(outcome, Outcome::Fine, "{oracle:?}: {case:?}");
            ours.as_ref().unwrap().assert_agrees(theirs.as_ref().unwrap(), &format!("{oracle:?}: {case:?}"));
            *agreed.entry(oracle).or_insert(0) += 1;
        }
    }
    assert!(Oracle::ALL.iter().all(|oracle| agreed[oracle] > VALID / 3), "{agreed:?}");
}

#[test]
fn on_mutated_updates_every_disagreement_is_explained() {
    let mut shown: BTreeMap<(Oracle, &str), bool> = BTreeMap::new();
    let mut asked = BTreeMap::new();
    let mut unexplained: BTreeMap<String, (usize, String)> = BTreeMap::new();
    for case in cases(&generate::mutated(), MUTATED) {
        let body = case.body();
        let (outcome, ours) = Seen::ours(&body, &case.session);
        let context = Context::new(&body, &case.session);
        if !context.all_known {
            continue;
        }
        for oracle in Oracle::ALL {
            if context.is_beyond_us(oracle).is_some() {
                continue;
            }
            *asked.entry(oracle).or_insert(0) += 1;
            let (theirs, values) = oracle.read(&body, &case.session);
            let label = || format!("{oracle:?}: {case:?}\n{context:?}\n{body:02x?}");
            let predicted = context.predict(oracle, None);
            if !predicted.allows(theirs) {
                let faults: Vec<_> = context.faults.iter().map(|fault| (fault.code, fault.problem)).collect();
                let kind = format!("{oracle:?} says {theirs:?}, {predicted:?} expected, of {faults:?}");
                let (count, _) = unexplained.entry(kind).or_insert_with(|| (0, label()));
                *count += 1;
                continue;
            }
            // A row is shown by a message that could not be explained without it.
            for row in table::ROWS.iter().filter(|row| row.oracle == oracle) {
                let shown = shown.entry((row.oracle, row.what)).or_default();
                if !*shown {
                    *shown = !context.predict(oracle, Some(row.what)).allows(theirs);
                }
            }
            let (Some(ours), Some(values)) = (&ours, &values) else { continue };
            if oracle != Oracle::Rustbgpd && outcome != Outcome::Fine {
                // Which of two attributes they take, for one, is another question.
                continue;
            }
            ours.assert_routes_agree(values, &label());
            // Of routes that are to be withdrawn the attributes do not matter.
            if outcome.max(theirs) < Outcome::Withdraw {
                ours.assert_agrees(values, &label());
            }
        }
    }
    assert!(Oracle::ALL.iter().all(|oracle| asked[oracle] > MUTATED / 3), "{asked:?}");
    let first = unexplained.values().max();
    let kinds: Vec<_> = unexplained.iter().map(|(kind, (count, _))| (count, kind)).collect();
    assert!(unexplained.is_empty(), "no row explains {kinds:#?}\nfor example {first:?}");
    let idle: Vec<_> = shown.iter().filter(|(_, shown)| !**shown).map(|(row, _)| row).collect();
    assert!(idle.is_empty(), "rows that no message showed: {idle:#?}");
}
