//! The main job, as a user does it: a design becomes a network on this machine, with real daemons and real packets.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The day for which the example was written.
const TODAY: &str = "2026-11-21";

/// A user who is nobody.
const NOBODY: &str = "65534";

/// Labs of a test, in a folder of their own; none outlives it.
struct Labs {
    folder: tempfile::TempDir,
    program: PathBuf,
    /// Whether root becomes somebody else for every command.
    plain: bool,
}

impl Labs {
    fn new(plain: bool) -> Self {
        // Paths of sockets are short.
        let folder = tempfile::Builder::new().prefix("tpl").tempdir_in("/tmp").unwrap();
        let mut program = PathBuf::from(env!("CARGO_BIN_EXE_twinpath"));
        if plain {
            // Somebody else may not look into the folder of the build.
            let own = folder.path().join("twinpath");
            std::fs::copy(&program, &own).unwrap();
            program = own;
            std::os::unix::fs::chown(folder.path(), NOBODY.parse().ok(), NOBODY.parse().ok()).unwrap();
        }
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/contoso.design.yaml");
        std::fs::copy(example, folder.path().join("contoso.design.yaml")).unwrap();
        Self { folder, program, plain }
    }

    fn twinpath(&self, args: &[&str]) -> Output {
        let mut command = match self.plain {
            true => Command::new("setpriv"),
            false => Command::new(&self.program),
        };
        if self.plain {
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"]).arg(&self.program);
        }
        command.args(args).current_dir(self.folder.path()).env("TWINPATH_LABS", self.folder.path().join("labs"));
        command.output().unwrap()
    }

    /// The events that a command prints, of which it says that all is as it has to be.
    fn events(&self, args: &[&str]) -> Vec<Value> {
        let output = self.twinpath(args);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {text}\n{error}\n{}", self.logs());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What the daemons wrote last, for whoever reads why a test failed.
    fn logs(&self) -> String {
        let mut text = String::new();
        for node in walk(&self.folder.path().join("labs")) {
            if node.extension().is_some_and(|extension| extension == "log") {
                let lines = std::fs::read(&node).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
                let lines = lines.unwrap_or_default();
                let last: Vec<&str> = lines.lines().rev().take(8).collect();
                text += &format!("── {}\n", node.display());
                last.into_iter().rev().for_each(|line| text += &format!("{line}\n"));
            }
        }
        text
    }
}

impl Drop for Labs {
    fn drop(&mut self) {
        let _ = self.twinpath(&["lab", "down"]);
    }
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let below = |path: PathBuf| if path.is_dir() { walk(&path) } else { vec![path] };
    entries.flat_map(|entry| below(entry.path())).collect()
}

/// Whether this is root of the machine, who alone can be somebody else.
fn is_root() -> bool {
    lab::keeper::is_root()
}

/// The machine's own network, as far as a lab could have touched it.
fn machine() -> Vec<String> {
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(lab::find(program).unwrap()).args(args).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let mut seen = vec![
        run("ip", &["-o", "-br", "link"]),
        run("ip", &["route", "show", "table", "all"]),
        run("ip", &["-6", "route", "show", "table", "all"]),
        run("ip", &["rule"]),
    ];
    if is_root() {
        seen.push(run("nft", &["list", "ruleset"]));
    }
    seen
}

/// Of the events of one kind.
fn of_kind<'e>(events: &'e [Value], kind: &str) -> Vec<&'e Value> {
    events.iter().filter(|event| event["event"] == kind).collect()
}

/// Contoso comes up: every connection works, the checklist holds with what runs, a cut is survived, nothing stays.
fn comes_up(labs: &Labs, router: &str) {
    let before = machine();
    let up = ["lab", "up", "contoso.design.yaml", "--today", TODAY, "--ce", router, "--patience", "120", "--json"];
    let events = labs.events(&up);
    let reached = of_kind(&events, "reached");
    assert_eq!(reached.len(), 12, "two sites to a network, four services and the Internet");
    assert!(reached.iter().all(|one| one["works"] == true));
    let checklist = of_kind(&events, "checklist");
    assert_eq!((&checklist[0]["faults"], &checklist[0]["unknown"]), (&0.into(), &0.into()), "{checklist:?}");

    assert!(labs.twinpath(&["lab", "link", "amsterdam-primary", "cut"]).status.success());
    let way = |events: &[Value], to: &str| {
        let one = events.iter().find(|one| one["from"] == "ams" && one["to"] == to).unwrap();
        one["way"].to_string()
    };
    let events = labs.events(&["lab", "verify", "--json"]);
    assert!(!way(&events, "exchange").contains("ce-ams-1"), "{events:#?}");
    assert!(labs.twinpath(&["lab", "link", "amsterdam-primary", "heal"]).status.success());

    let nodes = labs.twinpath(&["lab", "exec", "host-ams", "--", "ip", "-br", "address", "show", "dev", "lo"]);
    assert!(String::from_utf8_lossy(&nodes.stdout).contains("10.10.0.10"));
    let second = labs.twinpath(&["lab", "up", "contoso.design.yaml", "--today", TODAY, "--name", "other", "--json"]);
    assert!(second.status.success(), "a second one beside it: {}", String::from_utf8_lossy(&second.stdout));
    for name in ["contoso", "other"] {
        assert!(labs.twinpath(&["lab", "down", "--name", name]).status.success());
    }
    assert_eq!(machine(), before, "the machine is as it was");
    assert_eq!(walk(&labs.folder.path().join("labs")), Vec::<PathBuf>::new());
}

#[test]
fn contoso_comes_up_with_bird() {
    comes_up(&Labs::new(false), "bird");
}

#[test]
fn contoso_comes_up_with_frr() {
    if is_root() {
        comes_up(&Labs::new(false), "frr");
    }
}

#[test]
fn a_plain_user_has_the_same_lab() {
    if is_root() {
        comes_up(&Labs::new(true), "bird");
    }
}

#[test]
fn a_design_with_faults_is_refused_with_its_findings() {
    let labs = Labs::new(false);
    let file = labs.folder.path().join("contoso.design.yaml");
    let text = std::fs::read_to_string(&file).unwrap().replace("vlan: 200", "vlan: 100");
    std::fs::write(&file, text).unwrap();
    let output = labs.twinpath(&["lab", "up", "contoso.design.yaml", "--today", TODAY]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("ADDR-008") && text.contains("--anyway"), "{text}");
    assert_eq!(String::from_utf8_lossy(&labs.twinpath(&["lab", "status", "--json"]).stdout).trim(), "[]");
}
