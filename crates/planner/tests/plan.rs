//! What holds of every plan, and what the kernel's own tools say of its files.

use catalog::Catalog;
use design::{Bounds, Input};
use model::{Date, Design, Sources};
use planner::router::{Dialect, Placement};
use planner::{Origin, Owner, Plan, Timeline, files, plan, report};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::process::Command;
use testkit::{CONTOSO, TODAY, scramble};

fn read(text: &str) -> Design {
    let input = Input { name: "test".to_owned(), text: text.into() };
    design::read(input, &mut Sources::default(), &Bounds::default()).design
}

fn planned(text: &str) -> Plan {
    plan(&read(text), Catalog::builtin())
}

/// Everything that can be made of a plan, as one text.
fn whole(plan: &Plan) -> String {
    let time = Timeline::of(&plan.steps, TODAY);
    let mut text = String::new();
    report::terminal(plan, &time, true, 120, &mut text).expect("a string takes it");
    report::markdown(plan, &time, &["x.yaml".to_owned()], &mut text).expect("a string takes it");
    text += &report::json(plan, &time, &["x.yaml".to_owned()]).to_string();
    for file in files(plan, Catalog::builtin(), Dialect::ALL, &Placement::default()).expect("no keys were given") {
        text += &format!("{}\n{}", file.name, file.text);
    }
    text
}

/// What must hold of any plan: addresses in their subnets, chosen ones in use nowhere else, steps in order, names apart.
fn holds(plan: &Plan) {
    let mut chosen = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for placed in plan.sessions() {
        let session = placed.session;
        assert!(ids.insert(&session.id), "{} twice", session.id);
        let Some(subnet) = session.subnet else { continue };
        for address in [session.customer, session.microsoft].into_iter().flatten() {
            let derived = address.origin == Origin::Derived;
            assert!(!derived || subnet.value.contains(address.value), "{} not in {}", address.value, subnet.value);
        }
        if subnet.origin == Origin::Chosen {
            assert!(chosen.insert(subnet.value), "{} twice", subnet.value);
            let others = plan.sessions().filter_map(|other| other.session.subnet);
            let stated = others.filter(|other| other.origin == Origin::Design).find(|o| o.value.overlaps(subnet.value));
            assert_eq!(stated, None, "{}", subnet.value);
        }
    }
    for (index, step) in plan.steps.iter().enumerate() {
        assert_eq!(step.number, index + 1);
        assert!(step.needs.iter().all(|needed| *needed < step.number), "{step:?}");
        assert!(step.rules.iter().all(|rule| rules::find(rule).is_some()), "{step:?}");
        assert!(Catalog::builtin().lead_time(step.action).is_some(), "{step:?}");
    }
    let files = files(plan, Catalog::builtin(), Dialect::ALL, &Placement::default()).expect("no keys were given");
    let names: BTreeSet<_> = files.iter().map(|file| &file.name).collect();
    assert_eq!(names.len(), files.len(), "a name twice: {names:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    /// Right or wrong, a design has one plan, the same each time.
    #[test]
    fn any_design_has_one_plan(picks in prop::collection::vec((0usize..400, 0usize..1000), 1..12)) {
        let text = scramble(&picks);
        let (one, two) = (planned(&text), planned(&text));
        prop_assert_eq!(&one, &two);
        holds(&one);
        prop_assert_eq!(whole(&one), whole(&two));
    }
}

#[test]
fn the_reference_design_leaves_nothing_open() {
    let plan = planned(CONTOSO);
    holds(&plan);
    assert_eq!((plan.chosen.len(), plan.missing.len()), (0, 0), "{:#?}", plan.chosen);
    let ends: Vec<String> = plan
        .sessions_of("ce-ams-2")
        .filter_map(|placed| placed.ends())
        .map(|ends| format!("{} {} > {} {}", ends.customer, ends.asn, ends.microsoft, ends.remote_asn))
        .collect();
    assert_eq!(ends, ["192.168.15.21 65010 > 192.168.15.22 12076", "131.107.250.5 65020 > 131.107.250.6 12076"]);
}

#[test]
fn what_is_left_open_is_chosen_apart_from_all_else() {
    let one = |name: &str| format!("  {name}: {{ private: {{ advertise: [10.1.0.0/16] }} }}\n");
    let text = format!("sites: {{ s: {{ prefixes: [192.168.0.0/25] }} }}\ncircuits:\n{}{}", one("a"), one("b"));
    let plan = planned(&text);
    holds(&plan);
    let subnets: Vec<String> = plan.sessions().filter_map(|p| p.session.subnet).map(|s| s.value.to_string()).collect();
    assert_eq!(subnets, ["192.168.0.128/30", "192.168.0.132/30", "192.168.0.136/30", "192.168.0.140/30"]);
    assert!(plan.sessions().all(|placed| placed.peering.vlan.is_some_and(|vlan| vlan.value.number() == 100)));
}

#[test]
fn a_pool_after_the_split_is_shared_out_and_advertised_by_halves() {
    let plan = planned(&CONTOSO.replace("placement: before-split", "placement: after-split"));
    holds(&plan);
    let halves: Vec<String> = plan
        .sessions()
        .filter(|placed| placed.circuit.name.as_str() == "amsterdam")
        .filter(|placed| placed.peering.kind == model::PeeringKind::Microsoft)
        .flat_map(|placed| placed.session.advertise.iter().map(ToString::to_string))
        .collect();
    assert_eq!(halves, ["131.107.240.0/28", "131.107.240.16/28"]);
}

#[test]
fn the_steps_of_unknown_length_are_told_and_the_rest_is_counted() {
    let plan = planned(CONTOSO);
    let time = Timeline::of(&plan.steps, TODAY);
    // The validation report of January is the last thing before production.
    assert_eq!(time.earliest.to_string(), "2027-01-20");
    assert_eq!(time.path.last(), Some(&plan.steps.len()));
    let bare = planned("circuits: { a: { provider: Equinix, private: { asn: 65010 } } }");
    let time = Timeline::of(&bare.steps, Date::constant(2026, 12, 1));
    let unknown: Vec<&str> = time.unknown.iter().map(|number| bare.steps[number - 1].action).collect();
    assert_eq!(unknown, ["contract", "last-mile", "provision", "security"]);
}

/// Runs a tool on text that stands in a file.
fn accepts(program: &str, args: &[&str], text: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("file"), text).expect("the test's own folder");
    let output = Command::new(program).args(args).arg("file").current_dir(folder.path()).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(output.status.success(), "{program}: {}\n{text}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn what_a_provider_manages_is_its_own_work_down_to_the_keys() {
    let plan = planned(include_str!("../../../examples/managed.design.yaml"));
    let routers: Vec<_> = plan.routers.iter().map(|router| (router.name.as_str(), router.owner)).collect();
    assert_eq!(routers, [("pe-frankfurt-1", Owner::Provider), ("pe-frankfurt-2", Owner::Provider)]);
    let written: Vec<_> = plan.steps.iter().filter(|step| step.action == "peering").collect();
    assert_eq!(written.len(), 2);
    for step in written {
        assert_eq!(step.owner, Owner::Provider);
        let [command] = &step.commands[..] else { panic!("{:?}", step.commands) };
        assert!(command.starts_with("twinpath provider peering set ") && command.contains(" --key-file "), "{command}");
    }
}

#[test]
fn nft_and_the_shell_take_every_file() {
    let designs = [
        CONTOSO.to_owned(),
        CONTOSO.replace(
            "prefixes: [131.107.240.0/27]\n      peering",
            "prefixes: [131.107.240.0/28, 131.107.240.16/28]\n      peering",
        ),
        CONTOSO.replace(
            "    path: internet\n    snat: true",
            "    path: expressroute\n    prefixes: [131.107.240.8/29]\n    snat: true",
        ),
    ];
    for text in designs {
        let plan = planned(&text);
        let all = files(&plan, Catalog::builtin(), Dialect::ALL, &Placement::default()).unwrap();
        for file in &all {
            if file.name.ends_with(".sh") {
                accepts("sh", &["-n"], &file.text);
            } else if file.name.ends_with(".nft") {
                // Without root in a network namespace of one's own nft cannot ask the kernel.
                accepts("unshare", &["-rn", "nft", "-c", "-D", "microsoft=eth1", "-f"], &file.text);
            }
        }
        assert!(all.iter().filter(|file| file.name.ends_with(".nft")).count() >= 3, "{}", all.len());
    }
}

#[test]
fn words_of_a_design_cannot_leave_their_place_in_a_script() {
    let evil = "x'; touch /tmp/twinpath-was-here; '\\n$(id)";
    let text = format!(
        "circuits:\n  ? \"{evil}\"\n  : {{ provider: \"{evil}\", location: \"{evil}\", region: \"{evil}\", private: {{ asn: 65010 }} }}\n"
    );
    let plan = planned(&text);
    let all = files(&plan, Catalog::builtin(), Dialect::ALL, &Placement::default()).unwrap();
    let order = all.iter().find(|file| file.name == "order/1-circuits.sh").unwrap();
    let folder = tempfile::tempdir().unwrap();
    // `az` is a program that prints its words, one a line.
    let script = format!("az() {{ printf '<%s>\\n' \"$@\"; }}\n{}", order.text);
    std::fs::write(folder.path().join("order.sh"), script).unwrap();
    let output = Command::new("sh").arg("order.sh").current_dir(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && said.contains("touch /tmp/twinpath-was-here; '") && said.contains("$(id)>"),
        "{said}"
    );
}
