//! Labs of a test, and the machine around them.

use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The day for which the example was written.
pub(crate) const TODAY: &str = "2026-11-21";

/// A user who is nobody.
const NOBODY: &str = "65534";

/// Labs of a test, in a folder of their own; none outlives it.
pub(crate) struct Labs {
    pub(crate) folder: tempfile::TempDir,
    program: PathBuf,
    /// Whether root becomes somebody else for every command.
    plain: bool,
}

impl Labs {
    pub(crate) fn new(plain: bool) -> Self {
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
        for name in ["contoso.design.yaml", "managed.design.yaml"] {
            let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
            std::fs::copy(example, folder.path().join(name)).unwrap();
        }
        Self { folder, program, plain }
    }

    pub(crate) fn twinpath(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// The program with its arguments, about to run.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = match self.plain {
            true => Command::new("setpriv"),
            false => Command::new(&self.program),
        };
        if self.plain {
            command.args(["--reuid", NOBODY, "--regid", NOBODY, "--clear-groups", "--"]).arg(&self.program);
        }
        command.args(args).current_dir(self.folder.path()).env("TWINPATH_LABS", self.folder.path().join("labs"));
        command
    }

    /// The events that a command prints, of which it says that all is as it has to be.
    pub(crate) fn events(&self, args: &[&str]) -> Vec<Value> {
        let output = self.twinpath(args);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{args:?}: {text}\n{error}\n{}", self.logs());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What the daemons wrote last, for whoever reads why a test failed.
    pub(crate) fn logs(&self) -> String {
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

pub(crate) fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let below = |path: PathBuf| if path.is_dir() { walk(&path) } else { vec![path] };
    entries.flat_map(|entry| below(entry.path())).collect()
}

/// Whether this is root of the machine, who alone can be somebody else.
pub(crate) fn is_root() -> bool {
    lab::keeper::is_root()
}

/// The machine's own network, as far as a lab could have touched it.
pub(crate) fn machine() -> Vec<String> {
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
