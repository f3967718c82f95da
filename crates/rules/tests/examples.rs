//! The examples: each reads without a problem and comes out as its head says.

use catalog::Catalog;
use rules::{Checklist, Facts, Overall, Profile, Rule, Stage, Verdict, gravity};
use testkit::{Layers, TODAY};

macro_rules! examples {
    ($($name:literal: $($profile:ident $overall:ident),+;)*) => {
        /// Every example with its text, and what is expected of it by profile.
        const EXAMPLES: &[(&str, &str, &[(Profile, Overall)])] = &[$((
            $name,
            include_str!(concat!("../../../examples/", $name, ".design.yaml")),
            &[$((Profile::$profile, Overall::$overall)),+],
        )),*];
    };
}

examples! {
    "classic-2015": Y2015 Ready, Current Blocked;
    "contoso": Current Ready;
    "direct": Current Ready;
    "ipv6": Current Ready;
    "m365-only": Current Ready;
    "managed": Current ReadyWithWarnings;
    "single": Current ReadyWithWarnings;
}

fn check(text: &'static str, profile: Profile) -> Checklist {
    let design = Layers::new(&[("design", text)]).design();
    rules::check(Facts::new(&design, Catalog::builtin(), TODAY, profile, Stage::Design))
}

/// Every rule that does not hold, with why.
fn troubles(checklist: &Checklist) -> String {
    let trouble = |(rule, verdict): &(&'static Rule, Verdict)| match verdict {
        Verdict::Fail { findings, .. } => {
            let findings = findings.iter().map(|f| format!("\n    {}: {}, wanted {}", f.path, f.seen, f.expected));
            Some(format!("\n  {} fails, {}{}", rule.id, gravity(rule, verdict), findings.collect::<String>()))
        }
        Verdict::Unknown(missing) => {
            let missing = missing.iter().map(|missing| format!("\n    {}", missing.path));
            Some(format!("\n  {} is unknown, {}{}", rule.id, rule.severity, missing.collect::<String>()))
        }
        Verdict::Pass { .. } | Verdict::NotApplicable(_) => None,
    };
    checklist.rows.iter().filter_map(trouble).collect()
}

#[test]
fn every_example_comes_out_as_its_head_says() {
    let mut wrong = String::new();
    for (name, text, expected) in EXAMPLES {
        for (profile, overall) in *expected {
            let checklist = check(text, *profile);
            if checklist.overall() != *overall {
                wrong +=
                    &format!("{name}, {profile}: {}, wanted {overall}{}\n", checklist.overall(), troubles(&checklist));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_example_is_listed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = files.filter_map(|file| file.strip_suffix(".design.yaml").map(str::to_owned)).collect();
    names.sort_unstable();
    assert_eq!(names, EXAMPLES.iter().map(|(name, ..)| *name).collect::<Vec<_>>());
}
