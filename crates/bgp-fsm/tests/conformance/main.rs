//! Recorded cases: `tests/cases/<name>/`, each with what happens (`01-input.jsonl`), what the machine makes of it
//! (`01-output.jsonl`), and a page that names the RFC and shows the exchange (`README.md`).
//!
//! `UPDATE_EXPECT=1 cargo test -p bgp-fsm` writes outputs and drawings anew; read the difference against the RFC.

mod draw;
mod read;
mod run;
mod show;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The directories of the cases, in order.
fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = fs::read_dir(root).expect("the cases are there");
    let mut all: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable directory").path()).collect();
    all.sort();
    all
}

/// The inputs of a case, in order.
fn inputs(case: &Path) -> Vec<PathBuf> {
    (1..).map(|n| case.join(format!("{n:02}-input.jsonl"))).take_while(|path| path.exists()).collect()
}

/// A file that must hold `actual`, or is made to.
fn expect(path: &Path, actual: &str, wrong: &mut Vec<String>) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, actual).expect("a file that can be written");
    } else if fs::read_to_string(path).unwrap_or_default() != actual {
        wrong.push(format!("{} is not\n{actual}", path.display()));
    }
}

#[test]
fn every_case_comes_out_as_recorded() {
    let mut wrong = Vec::new();
    for case in cases() {
        let mut run = run::Run::new();
        for input in inputs(&case) {
            let text = fs::read_to_string(&input).expect("an input");
            let output = text.lines().map(|line| run.line(line)).collect::<String>();
            let name = input.display().to_string().replace("-input", "-output");
            expect(Path::new(&name), &output, &mut wrong);
        }
        let page = case.join("README.md");
        let text = fs::read_to_string(&page).unwrap_or_else(|_| panic!("{} has no README.md", case.display()));
        expect(&page, &draw::replace(&text, &run.lines), &mut wrong);
    }
    assert!(wrong.is_empty(), "{} files differ; UPDATE_EXPECT=1 rewrites them\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn there_are_at_least_120_cases_and_each_names_its_rfc_section() {
    let cases = cases();
    assert!(cases.len() >= 120, "{} cases", cases.len());
    for case in cases {
        let page = fs::read_to_string(case.join("README.md")).expect("a page");
        let named = page.lines().any(|line| line.starts_with("RFC ") && line.contains("section"));
        assert!(named, "{} names no RFC and section", case.display());
        assert!(!inputs(&case).is_empty(), "{} has no input", case.display());
    }
}

#[test]
fn every_state_meets_every_kind_of_event_of_rfc_4271() {
    let mut met = BTreeSet::new();
    for case in cases() {
        let mut run = run::Run::new();
        for input in inputs(&case) {
            fs::read_to_string(&input).expect("an input").lines().for_each(|line| drop(run.line(line)));
        }
        met.extend(run.met);
    }
    let states = ["Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Established"];
    let pairs = states.iter().flat_map(|state| read::KINDS.iter().map(move |kind| (*state, *kind)));
    let missing: Vec<String> = pairs
        .filter(|(state, kind)| !met.contains(&(state.to_string(), kind.to_string())))
        .map(|(state, kind)| format!("{state}: {kind}"))
        .collect();
    assert!(missing.is_empty(), "{} pairs are in no case:\n{}", missing.len(), missing.join("\n"));
}
