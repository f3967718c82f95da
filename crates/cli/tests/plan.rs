//! `twinpath plan`: every example with the plan that it must give, `examples/expected/plan/NAME.txt`.
//!
//! `UPDATE_EXPECT=1 cargo nextest run -p cli --test plan` rewrites them; the change is reviewed like code.

#![allow(clippy::unwrap_used, reason = "a test ends where its input cannot be read")]

mod common;

use clap::Parser;
use common::{folder, run, twinpath};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

const DAY: [&str; 2] = ["--today", "2026-11-21"];

#[track_caller]
fn expect(name: &str, more: &[&str], code: i32) {
    let file = format!("examples/{name}.design.yaml");
    let run = twinpath(&[&["plan", &file][..], more, &DAY].concat());
    assert_eq!(run.code, code, "{run:?}");
    let path =
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/expected/plan")).join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &run.stdout).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(run.stdout == expected, "{} differs from what is printed:\n{}", path.display(), run.stdout);
}

#[test]
fn contoso() {
    expect("contoso", &[], 0);
}

#[test]
fn single() {
    expect("single", &[], 0);
}

#[test]
fn direct() {
    expect("direct", &[], 0);
}

#[test]
fn ipv6() {
    expect("ipv6", &[], 0);
}

#[test]
fn m365_only() {
    expect("m365-only", &[], 0);
}

#[test]
fn managed() {
    expect("managed", &[], 0);
}

#[test]
fn classic_2015() {
    // One subnet of a size that is not taken any more: the second link's is asked for.
    expect("classic-2015", &["--profile", "2015"], 1);
}

#[test]
fn a_blocked_design_is_refused_with_its_findings_unless_anyway() {
    let design = common::CONTOSO.replacen("subnets: 192.168.15.16/29", "subnets: 192.168.15.16/28", 1);
    let refused = run(&[&["plan", "-"][..], &DAY].concat(), &design);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.stdout.contains("ADDR-002") && refused.stderr.contains("--anyway"), "{refused:?}");
    let anyway = run(&[&["plan", "-", "--anyway", "--json"][..], &DAY].concat(), &design);
    let plan: Value = serde_json::from_str(&anyway.stdout).unwrap();
    assert_eq!(plan["circuits"][0]["peerings"][0]["sessions"][0]["subnet"]["value"], "192.168.15.16/28");
}

#[test]
fn files_are_written_once_and_foreign_ones_stay() {
    let folder = folder();
    let out = folder.path().join("plan");
    let key = folder.path().join("key");
    std::fs::write(&key, "s3cret-of-tests\n").unwrap();
    let key = format!("amsterdam-private={}", key.display());
    let words = ["plan", "examples/contoso.design.yaml", "--out", out.to_str().unwrap()];
    let plan = |more: &[&str]| twinpath(&[&words[..], more, &DAY].concat());
    assert_eq!(plan(&[]).code, 0);
    let edge = out.join("routers/ce-ams-1");
    let bird = std::fs::read_to_string(edge.join("bird/bird.conf")).unwrap();
    assert!(bird.contains("local 192.168.15.17 as 65010") && !bird.contains("KEY-OF"), "{bird}");
    for name in ["frr/frr.conf", "bird/keys.conf", "bird/interfaces.sh"] {
        assert!(edge.join(name).is_file(), "{name}");
    }
    for name in ["nat/pool-ams-amsterdam.nft", "qos/marks.nft", "order/1-circuits.sh", "plan.md", "plan.json"] {
        assert!(out.join(name).is_file(), "{name}");
    }

    // What was written before is written anew; a key file that its owner filled in stays.
    std::fs::write(edge.join("bird/keys.conf"), "define mine = \"x\";\n").unwrap();
    let second = plan(&["--port", "xe-0/0/0=eno1", "--key", &key]);
    assert_eq!(second.code, 0, "{second:?}");
    assert!(std::fs::read_to_string(edge.join("bird/interfaces.sh")).unwrap().contains("eno1.100"));
    assert!(std::fs::read_to_string(edge.join("bird/keys.conf")).unwrap().contains("mine"));
    assert!(std::fs::read_to_string(edge.join("frr/frr.conf")).unwrap().contains("password s3cret-of-tests"));
    assert!(
        !second.stdout.contains("s3cret")
            && !std::fs::read_to_string(out.join("plan.json")).unwrap().contains("s3cret")
    );

    std::fs::write(edge.join("bird/bird.conf"), "# mine\n").unwrap();
    std::fs::remove_file(out.join("plan.md")).unwrap();
    let third = plan(&[]);
    assert!(third.code == 2 && third.stderr.contains("bird.conf"), "{third:?}");
    assert_eq!(std::fs::read_to_string(edge.join("bird/bird.conf")).unwrap(), "# mine\n");
    assert!(!out.join("plan.md").exists(), "something was written all the same");
}

#[test]
fn what_only_a_person_can_say_is_missing_and_the_rest_is_chosen() {
    let design = "company: New\ncircuits: { a: { private: {}, microsoft: {} } }\n";
    let run = run(&[&["plan", "-", "--anyway", "--json"][..], &DAY].concat(), design);
    assert_eq!(run.code, 1, "{run:?}");
    let plan: Value = serde_json::from_str(&run.stdout).unwrap();
    let private = &plan["circuits"][0]["peerings"][0];
    assert_eq!(private["vlan"]["origin"], "chosen");
    assert_eq!(private["sessions"][1]["subnet"]["value"], "192.168.0.4/30");
    let missing: Vec<&str> = plan["missing"].as_array().unwrap().iter().map(|m| m["what"].as_str().unwrap()).collect();
    for what in ["peering location", "provider", "link subnets", "AS number"] {
        assert!(missing.contains(&what), "{what}: {missing:?}");
    }
}

#[test]
fn markdown_has_every_step_with_its_commands() {
    let run = twinpath(&[&["plan", "examples/contoso.design.yaml", "--format", "markdown"][..], &DAY].concat());
    assert!(
        run.stdout.contains("az network express-route create") && run.stdout.contains("twinpath provider provision")
    );
    assert!(run.stdout.contains("twinpath check examples/contoso.design.yaml --live URL"), "{}", run.stdout);
}

/// What a script of an order runs, each command as its words. `az` and `twinpath` only say their words here; variables
/// that the script asks for are set.
fn ordered(script: &str) -> Vec<Vec<String>> {
    let words = "az() { printf '%s\\037' az \"$@\"; echo; }\ntwinpath() { printf '%s\\037' twinpath \"$@\"; echo; }\n";
    let mut shell = Command::new("sh");
    for asked in script.split("${").skip(1).filter_map(|rest| rest.split_once(":?")) {
        shell.env(asked.0, "given");
    }
    let output = shell.arg("-c").arg(format!("{words}{script}")).output().unwrap();
    assert!(output.status.success(), "{}\n{script}", String::from_utf8_lossy(&output.stderr));
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| line.split_terminator('\u{1f}').map(str::to_owned).collect()).collect()
}

/// Holds that `az` 2.91.0 has the command and each of its options, and that no option which it needs is missing.
fn az_takes(words: &[String]) {
    let options = testkit::arm::options();
    let dashed = |word: &&String| word.starts_with('-');
    let end = words.iter().position(|word| dashed(&word)).unwrap_or(words.len());
    let command = words[1..end].join(" ");
    let known = options.get(&command).unwrap_or_else(|| panic!("az has no `{command}`: {words:?}"));
    let given: Vec<&String> = words.iter().filter(dashed).filter(|word| *word != "-o").collect();
    for option in &given {
        assert!(known.iter().any(|known| known.names.contains(option)), "{option} of {words:?}");
    }
    for needed in known.iter().filter(|option| option.needed) {
        assert!(given.iter().any(|option| needed.names.contains(option)), "no {:?} in {words:?}", needed.names);
    }
}

#[test]
fn the_clients_take_every_command_of_every_order() {
    let folder = folder();
    let (mut az, mut own) = (0, 0);
    for name in ["contoso", "direct", "ipv6", "m365-only", "single", "classic-2015"] {
        let out = folder.path().join(name);
        let file = format!("examples/{name}.design.yaml");
        let ran = twinpath(&[&["plan", &file, "--anyway", "--out", out.to_str().unwrap()][..], &DAY].concat());
        assert!(ran.stderr.is_empty(), "{ran:?}");
        for entry in std::fs::read_dir(out.join("order")).unwrap() {
            let script = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            for words in ordered(&script) {
                if words[0] == "az" {
                    az_takes(&words);
                    az += 1;
                } else {
                    cli::args::Args::try_parse_from(&words).unwrap_or_else(|error| panic!("{words:?}: {error}"));
                    own += 1;
                }
            }
        }
    }
    assert!(az > 50 && own > 10, "{az} and {own} commands");
}
