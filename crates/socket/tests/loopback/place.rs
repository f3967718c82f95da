//! A network namespace of the test's own, with a loopback interface, held by a child that sleeps.

use socket::Namespace;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) struct Place {
    child: Child,
    pub(crate) namespace: Namespace,
}

impl Place {
    /// `None`, and a word why, where a namespace cannot be made.
    pub(crate) fn new() -> Option<Self> {
        let mut child = Command::new("unshare")
            .args(["--net", "sh", "-c", "ip link set lo up && echo up && exec cat"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        let told = BufReader::new(child.stdout.take()?).read_line(&mut line);
        let namespace = Namespace::at(Path::new(&format!("/proc/{}/ns/net", child.id())));
        match (told, namespace) {
            (Ok(1..), Ok(namespace)) => Some(Self { child, namespace }),
            _ => {
                let _ = child.wait();
                #[expect(clippy::disallowed_macros, reason = "who runs the tests should see what was left out")]
                {
                    eprintln!("skipped: no right to make a network namespace");
                }
                None
            }
        }
    }

    /// Runs a shell command inside.
    pub(crate) fn run(&self, command: &str) {
        let target = format!("--net=/proc/{}/ns/net", self.child.id());
        let status = Command::new("nsenter").args([&target, "sh", "-ec", command]).status().unwrap();
        assert!(status.success(), "{command}");
    }

    /// Gives the loopback interface an IPv6 address and waits for its route, which the kernel adds later.
    pub(crate) fn add_address_v6(&self, address: &str) {
        self.run(&format!(
            "ip -6 address add {address}/128 dev lo nodad
             until ip -6 route show table local | grep -q '^local {address} '; do sleep 0.01; done"
        ));
    }

    /// A counter of the kernel's, such as `TCPMD5Failure`.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/net/netstat", self.child.id())).unwrap();
        let mut lines = text.lines();
        let names = lines.next().unwrap().split_whitespace();
        let mut pairs = names.zip(lines.next().unwrap().split_whitespace());
        pairs.find(|(found, _)| *found == name).unwrap().1.parse().unwrap()
    }

    /// Waits until the counter has moved on from `before`.
    pub(crate) fn await_counter(&self, name: &str, before: u64) {
        within_reason(|| (self.counter(name) > before).then_some(()), name);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks again and again, far longer than a machine takes however busy, and then gives up.
#[track_caller]
pub(crate) fn within_reason<T>(mut ask: impl FnMut() -> Option<T>, what: &str) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(start.elapsed() < Duration::from_secs(60), "{what} has not come");
        std::thread::sleep(Duration::from_millis(1));
    }
}
