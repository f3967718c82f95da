//! Ours against the daemons of the distribution, where they are installed.

use crate::lab::{Edge, Host, Lab, config, skipped};
use bfd::{Diagnostic, State};
use edge::bfd::{Command, WatchId};
use std::process::{Child, Stdio};
use std::time::Duration;

/// A daemon on the second host, which watches the first over IPv4 and IPv6 every 60 ms, three times.
pub(crate) struct Daemon<'l> {
    host: &'l Host,
    children: Vec<Child>,
    /// The command that asks it something.
    ask: &'static str,
}

impl<'l> Daemon<'l> {
    pub(crate) fn bird(host: &'l Host) -> Option<Self> {
        Self::start(
            host,
            &["bird"],
            "cat > /run/bird.conf <<end
             router id 10.9.0.2;
             protocol device {}
             protocol bfd watch {
                 interface \"wan\" { interval 60 ms; idle tx interval 500 ms; multiplier 3; };
                 neighbor 10.9.0.1 dev \"wan\" local 10.9.0.2;
                 neighbor 2001:db8:9::1 dev \"wan\" local 2001:db8:9::2;
             }\nend",
            &["exec bird -f -c /run/bird.conf -s /run/bird.ctl -P /run/bird.pid"],
            "birdc -s /run/bird.ctl",
        )
    }

    pub(crate) fn frr(host: &'l Host) -> Option<Self> {
        let peer = |peer: &str, local: &str| {
            format!(
                " peer {peer} local-address {local} interface wan\n  receive-interval 60\n  transmit-interval 60\n  \
                 detect-multiplier 3\n exit\n"
            )
        };
        let peers = peer("10.9.0.1", "10.9.0.2") + &peer("2001:db8:9::1", "2001:db8:9::2");
        Self::start(
            host,
            &["/usr/lib/frr/zebra", "/usr/lib/frr/bfdd", "vtysh"],
            &format!(
                "install -d -o frr -g frr /run/frr; touch /run/zebra.conf; cat > /run/bfdd.conf <<end\nbfd\n{peers}end"
            ),
            &[
                "exec /usr/lib/frr/zebra -f /run/zebra.conf -z /run/frr/z -i /run/frr/z.pid --vty_socket /run/frr",
                "until [ -S /run/frr/z ]; do sleep 0.05; done
                 exec /usr/lib/frr/bfdd -f /run/bfdd.conf -z /run/frr/z -i /run/frr/b.pid --vty_socket /run/frr \
                 --bfdctl /run/frr/bfdd.sock",
            ],
            "vtysh --vty_socket /run/frr -c",
        )
    }

    fn start(host: &'l Host, programs: &[&str], prepare: &str, runs: &[&str], ask: &'static str) -> Option<Self> {
        for program in programs {
            if !host.process(&format!("command -v {program} > /dev/null")).status().unwrap().success() {
                skipped(&format!("no {program} here"));
                return None;
            }
        }
        host.run(prepare);
        let run = |run: &&str| host.process(run).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        Some(Self { host, children: runs.iter().map(run).collect(), ask })
    }

    /// Gives the daemon the priority that our thread has; else it is the daemon that falls silent when cores are busy.
    pub(crate) fn raise(&self) {
        for child in &self.children {
            // Its threads as well.
            self.host.run(&format!("chrt --all-tasks --rr --pid 5 {}", child.id()));
        }
    }

    fn ask(&self, question: &str) -> String {
        let output = self.host.process(&format!("{} '{question}'", self.ask)).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
}

impl Drop for Daemon<'_> {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What must hold with any neighbour. `show` makes the daemon list its sessions; `leave` takes the one over IPv6 down,
/// and `says_so` if the daemon then goes to AdminDown.
fn gets_on(lab: &Lab, daemon: &Daemon<'_>, show: &str, leave: &str, says_so: bool) {
    let edge = lab.edge(0);
    edge.tell(Command::Add(edge.watch(4, true, config(50, 3))));
    edge.tell(Command::Add(edge.watch(6, false, config(300, 3))));
    let agreed = |edge: &Edge, id, interval: u64| {
        let interval = Duration::from_millis(interval);
        edge.await_shown(id, |shown| {
            (shown.state, shown.remote_state) == (State::Up, State::Up)
                && shown.transmit_interval == Some(interval)
                && shown.detection_time == Some(interval * 3)
        })
    };
    // The slower end decides.
    assert_eq!(agreed(&edge, 4, 60).ups, 1, "{}", daemon.ask(show));
    assert_eq!(agreed(&edge, 6, 300).ups, 1, "{}", daemon.ask(show));

    // Slower and faster again, and nobody falls.
    edge.tell(Command::Change(WatchId(6), config(700, 5)));
    agreed(&edge, 6, 700);
    edge.tell(Command::Change(WatchId(6), config(50, 3)));
    assert_eq!(agreed(&edge, 6, 60).ups, 1, "{}", daemon.ask(show));

    // Silence: both ends fall, and come back.
    edge.forget_notices();
    lab.hosts[0].run("nft 'add table inet f; add chain inet f c { type filter hook input priority 0; policy drop; }'");
    for id in [4, 6] {
        let notice = edge.await_state(id, State::Down);
        assert!(notice.is_path_lost);
        assert_eq!(notice.diagnostic, Diagnostic::DETECTION_TIME_EXPIRED);
    }
    lab.hosts[0].run("nft delete table inet f");
    for id in [4, 6] {
        assert_eq!(agreed(&edge, id, 60).ups, 2, "{}", daemon.ask(show));
    }

    // Our operator takes one down: the daemon has one session less that is up.
    let ups = || daemon.ask(show).to_lowercase().matches("up").count();
    let before = ups();
    edge.tell(Command::Disable(WatchId(4), true));
    edge.await_shown(4, |shown| shown.remote_state == State::Down && ups() < before);
    edge.tell(Command::Disable(WatchId(4), false));
    agreed(&edge, 4, 60);

    // Theirs takes the other down: that tells nothing of the path, if it is told.
    edge.forget_notices();
    daemon.ask(leave);
    let notice = edge.await_state(6, State::Down);
    assert_eq!(notice.is_path_lost, !says_so, "{notice:?}");
    let counters = edge.liveness.snapshot().unwrap().counters;
    assert_eq!((counters.malformed, counters.discarded), (0, 0));
}

#[test]
fn bird_and_the_edge_get_on() {
    let Some(lab) = Lab::new() else { return };
    let Some(daemon) = Daemon::bird(&lab.hosts[1]) else { return };
    gets_on(&lab, &daemon, "show bfd sessions", "disable watch", false);
}

#[test]
fn frr_and_the_edge_get_on() {
    let Some(lab) = Lab::new() else { return };
    let Some(daemon) = Daemon::frr(&lab.hosts[1]) else { return };
    let leave = "conf t' -c bfd -c 'peer 2001:db8:9::1 local-address 2001:db8:9::2 interface wan' -c 'shutdown";
    gets_on(&lab, &daemon, "show bfd peers", leave, true);
}
