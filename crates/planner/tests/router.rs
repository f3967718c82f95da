//! Router configuration: what the daemons' own parsers say of it.

use catalog::Catalog;
use design::{Bounds, Input};
use model::{Design, LinkRole, PeeringKind, Sources};
use planner::router::{Dialect, File, LinkKey, Neighbor, Placement, config};
use planner::{Plan, plan};
use std::path::Path;
use std::process::Command;

fn read(text: &str) -> Design {
    let input = Input { name: "test".to_owned(), text: text.into() };
    design::read(input, &mut Sources::default(), &Bounds::default()).design
}

fn examples() -> Vec<(String, Plan)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("the examples").map(|entry| entry.expect("the examples").path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".design.yaml"));
    paths.sort();
    let one = |path: &std::path::PathBuf| {
        let name = path.file_stem().expect("a file").to_string_lossy().into_owned();
        (name, plan(&read(&std::fs::read_to_string(path).expect("the examples")), Catalog::builtin()))
    };
    paths.iter().map(one).collect()
}

/// A placement that uses all there is: keys, an own interface, a fellow edge, a log.
fn placement(plan: &Plan) -> Placement {
    let mut placement = Placement { log: Some("bird.log".to_owned()), ..Placement::default() };
    for peering in plan.circuits.iter().flat_map(|circuit| &circuit.peerings) {
        if let Some(key) = &peering.router_key {
            placement.keys.set(key, "s3cret-of-tests");
        }
    }
    let circuit = plan.circuits[0].name.to_string();
    let key = LinkKey { circuit, peering: PeeringKind::Private, link: LinkRole::Primary };
    placement.interfaces.insert(key, "up0".to_owned());
    for (name, local, remote) in [("fellow", "10.9.0.1", "10.9.0.2"), ("fellow 6", "fd00:9::1", "fd00:9::2")] {
        let bfd = Some((model::Bfd::On { interval_ms: 300, multiplier: 3 }, "lan0".to_owned()));
        let (local, remote) =
            (local.parse().expect("an address of this file"), remote.parse().expect("an address of this file"));
        placement.inside.push(Neighbor { name: name.to_owned(), local, remote, bfd });
    }
    placement
}

fn write(folder: &Path, files: &[File]) {
    for file in files {
        std::fs::write(folder.join(&file.name), &file.text).expect("the test's own folder");
    }
}

/// What a program says of a file, which must be nothing bad.
fn accepts(program: &str, args: &[&str], folder: &Path, files: &[File]) {
    let output = Command::new(program).args(args).current_dir(folder).output();
    let output = output.unwrap_or_else(|error| panic!("{program}: {error}; apt-get install bird2 frr"));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let good = output.status.success() && !said.contains("Unknown command") && !said.contains("error");
    assert!(good, "{program} {args:?}: {said}\n{}", files[0].text);
}

#[test]
fn the_daemons_parse_what_every_router_of_every_example_gets() {
    for (name, plan) in examples() {
        assert!(!plan.routers.is_empty(), "{name}");
        for router in &plan.routers {
            for placement in [Placement::default(), placement(&plan)] {
                let folder = tempfile::tempdir().unwrap();
                let files = config(&plan, Catalog::builtin(), &router.name, Dialect::Bird, &placement).unwrap();
                write(folder.path(), &files);
                accepts("bird", &["-p", "-c", "bird.conf"], folder.path(), &files);
                accepts("sh", &["-n", "interfaces.sh"], folder.path(), &files);
                let files = config(&plan, Catalog::builtin(), &router.name, Dialect::Frr, &placement).unwrap();
                write(folder.path(), &files);
                accepts("vtysh", &["-C", "-f", "frr.conf"], folder.path(), &files);
                accepts("/usr/lib/frr/bgpd", &["-C", "-f", "frr.conf"], folder.path(), &files);
            }
        }
    }
}
