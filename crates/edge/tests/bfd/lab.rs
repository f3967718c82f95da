//! Two namespaces joined by a link, each held by a child that sleeps.

use bfd::{Config, Interval, State};
use edge::bfd::{Command, Liveness, Notice, Options, Shown, Watch, WatchId, start};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader};
use std::net::IpAddr;
use std::process::{Child, Command as Process, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

/// Far longer than anything here takes, however busy the machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// One host of the lab.
pub(crate) struct Host {
    child: Child,
}

impl Host {
    /// `None`, and a word why, where a namespace cannot be made.
    fn new() -> Option<Self> {
        // Some daemons keep files in /run, so it is the host's own as well.
        let script = "mount -t tmpfs none /run && mkdir /run/netns && ip link set lo up && echo up && exec cat";
        let mut child = Process::new("unshare")
            .args(["--net", "--mount", "sh", "-c", script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .ok()?;
        let mut line = String::new();
        let told = BufReader::new(child.stdout.take()?).read_line(&mut line);
        if !matches!(told, Ok(1..)) {
            let _ = child.wait();
            skipped("no right to make a network namespace");
            return None;
        }
        Some(Self { child })
    }

    /// The file of its network namespace.
    pub(crate) fn namespace(&self) -> String {
        format!("/proc/{}/ns/net", self.child.id())
    }

    /// A process inside.
    pub(crate) fn process(&self, command: &str) -> Process {
        let mut process = Process::new("nsenter");
        let pid = self.child.id().to_string();
        process.args(["--target", &pid, "--net", "--mount", "sh", "-ec", command]);
        process
    }

    pub(crate) fn run(&self, command: &str) {
        assert!(self.process(command).status().unwrap().success(), "{command}");
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_macros, reason = "who runs the tests should see what was left out")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

/// The addresses of the two hosts, of both families.
pub(crate) const ADDRESSES: [[&str; 2]; 2] = [["10.9.0.1", "10.9.0.2"], ["2001:db8:9::1", "2001:db8:9::2"]];

pub(crate) struct Lab {
    pub(crate) hosts: [Host; 2],
}

impl Lab {
    pub(crate) fn new() -> Option<Self> {
        let lab = Self { hosts: [Host::new()?, Host::new()?] };
        lab.join();
        Some(lab)
    }

    /// Makes the link `wan` between the hosts.
    pub(crate) fn join(&self) {
        let [first, second] = &self.hosts;
        first.run(&format!("ip link add wan type veth peer name wan netns {}", second.child.id()));
        for (index, host) in self.hosts.iter().enumerate() {
            let [v4, v6] = ADDRESSES.map(|pair| pair[index]);
            host.run(&format!(
                "ip link set wan up; ip address add {v4}/24 dev wan; ip address add {v6}/64 dev wan nodad
                 until ip -6 route show table local | grep -q '^local {v6} '; do sleep 0.01; done"
            ));
        }
    }

    /// The thread of a router on that host, and its notices.
    pub(crate) fn edge(&self, host: usize) -> Edge {
        let (liveness, mut receivers, thread) = start(Options::default(), vec![Box::new(|| {})]).unwrap();
        let namespace = self.hosts[host].namespace();
        Edge {
            liveness,
            notices: receivers.remove(0),
            others: RefCell::default(),
            thread: Some(thread),
            host,
            namespace,
        }
    }
}

pub(crate) struct Edge {
    pub(crate) liveness: Liveness,
    notices: Receiver<Notice>,
    /// Notices of sessions that were not asked for yet.
    others: RefCell<VecDeque<Notice>>,
    thread: Option<std::thread::JoinHandle<()>>,
    host: usize,
    namespace: String,
}

impl Edge {
    /// A watch of the other host in a family.
    pub(crate) fn watch(&self, id: u64, is_v4: bool, config: Config) -> Watch {
        let [ours, theirs] = [self.host, 1 - self.host].map(|host| ADDRESSES[usize::from(!is_v4)][host]);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        Watch {
            id: WatchId(id),
            worker: 0,
            namespace: Some(self.namespace.clone()),
            device: Some("wan".to_owned()),
            peer: address(theirs),
            local: Some(address(ours)),
            config,
        }
    }

    pub(crate) fn tell(&self, command: Command) {
        self.liveness.tell(command).unwrap();
    }

    pub(crate) fn shown(&self, id: u64) -> Shown {
        let sessions = self.liveness.snapshot().unwrap().sessions;
        sessions.into_iter().find(|shown| shown.id() == WatchId(id)).unwrap()
    }

    /// Waits for the notice that the session is in this state, and gives it.
    #[track_caller]
    pub(crate) fn await_state(&self, id: u64, state: State) -> Notice {
        let end = Instant::now() + PATIENCE;
        let mut lost = false;
        let mut others = VecDeque::new();
        loop {
            let kept = self.others.borrow_mut().pop_front();
            let left = end.saturating_duration_since(Instant::now());
            let Some(notice) = kept.or_else(|| self.notices.recv_timeout(left).ok()) else {
                panic!("{id} is not {state}: {:?}", self.liveness.snapshot())
            };
            if notice.id != WatchId(id) {
                others.push_back(notice);
                continue;
            }
            lost |= notice.is_path_lost;
            if notice.state == state {
                others.extend(self.others.take());
                self.others.replace(others);
                return Notice { is_path_lost: lost, ..notice };
            }
        }
    }

    /// Forgets the notices that have come.
    pub(crate) fn forget_notices(&self) {
        self.others.take();
        self.notices.try_iter().for_each(drop);
    }

    /// Waits until what the session shows is as it should be.
    #[track_caller]
    pub(crate) fn await_shown(&self, id: u64, is_right: impl Fn(&Shown) -> bool) -> Shown {
        let end = Instant::now() + PATIENCE;
        loop {
            let shown = self.shown(id);
            if is_right(&shown) {
                return shown;
            }
            assert!(Instant::now() < end, "{shown:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn stop(mut self) {
        self.tell(Command::Stop);
        self.thread.take().unwrap().join().unwrap();
    }
}

pub(crate) fn config(interval: u32, mult: u8) -> Config {
    Config::new(Interval::from_millis(interval), Interval::from_millis(interval), mult).unwrap()
}
