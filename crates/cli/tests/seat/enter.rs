//! A test again, inside namespaces of its own.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// The variable that says that this process is the one inside.
const INSIDE: &str = "DRILL_INSIDE";

/// Runs `test` again inside namespaces of its own, as root or as a plain user. True: this is the inside, go on.
pub(crate) fn enter(test: &str, as_user: bool) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        std::thread::spawn(|| {
            // The outside holds the other end of this pipe: when it is gone, so are we.
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            std::process::exit(1);
        });
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "mode=0755", "run", "/run"]).status().unwrap();
        assert!(mounted.success());
        return true;
    }
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if !is_root && !as_user {
        // A plain user has the other test.
        return false;
    }
    let mut words: Vec<&str> = Vec::new();
    if as_user && is_root {
        words.extend(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]);
    }
    words.extend(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    words.extend(["--propagation", "private"]);
    if as_user {
        words.extend(["--user", "--map-root-user"]);
    }
    let mut program = std::env::current_exe().unwrap();
    let mut copy = None;
    if as_user && is_root {
        // A plain user may not be let into the folder of the build.
        let folder = std::env::temp_dir().join(format!("twinpath-drill-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::copy(&program, folder.join("drill")).unwrap();
        program = folder.join("drill");
        copy = Some(folder);
    }
    let mut inside = Command::new(words[0]);
    inside
        .args(&words[1..])
        .arg(&program)
        .args(["--exact", test, "--nocapture", "--include-ignored"])
        .env(INSIDE, "1")
        .current_dir("/");
    inside.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = inside.spawn().unwrap();
    let hold = child.stdin.take();
    let output = child.wait_with_output().unwrap();
    drop(hold);
    if let Some(folder) = copy {
        std::fs::remove_dir_all(folder).unwrap();
    }
    let text = [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    assert!(output.status.success(), "{test}\n{}{}", text[0], text[1]);
    // What it measured.
    std::io::stderr().write_all(text[1].as_bytes()).unwrap();
    false
}
