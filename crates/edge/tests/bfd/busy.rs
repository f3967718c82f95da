//! A machine that has better things to do, and what it costs. Run by hand, in a release build:
//! `cargo test --release -p edge --test bfd -- --ignored --nocapture --test-threads 1`.

use crate::daemons::Daemon;
use crate::lab::{ADDRESSES, Edge, Lab, config};
use bfd::State;
use edge::bfd::{Command, Shown, Watch, WatchId};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long, in seconds: of the environment, or as given.
fn seconds(name: &str, usual: u64) -> Duration {
    let given = std::env::var(name).ok().and_then(|text| text.parse().ok());
    Duration::from_secs(given.unwrap_or(usual))
}

#[expect(clippy::disallowed_macros, reason = "what was measured is for who runs it")]
fn say(text: &str) {
    println!("{text}");
}

/// Loops that never sleep, one for each core.
fn keep_every_core_busy(time: Duration) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().unwrap().get() {
            scope.spawn(|| {
                let mut number = 1_u64;
                while !is_over.load(Ordering::Relaxed) {
                    number = std::hint::black_box(number.wrapping_mul(6_364_136_223_846_793_005) | 1);
                }
            });
        }
        std::thread::sleep(time);
        is_over.store(true, Ordering::Relaxed);
    });
}

/// Prints how the sessions of an edge fared.
fn report(edge: &Edge) -> Vec<Shown> {
    let snapshot = edge.liveness.snapshot().unwrap();
    for shown in &snapshot.sessions {
        say(&format!(
            "{} from {} ({:?}): ups {}, {}, sent {}, received {}, longest silence {:?}",
            shown.state,
            shown.watch.peer,
            snapshot.priority,
            shown.ups,
            shown.diagnostic,
            shown.sent,
            shown.received,
            shown.longest_silence
        ));
    }
    snapshot.sessions
}

#[test]
#[ignore = "ten minutes; BUSY_SECONDS shortens them"]
fn no_session_of_50_ms_falls_while_every_core_is_busy() {
    let Some(lab) = Lab::new() else { return };
    let edges = [lab.edge(0), lab.edge(1)];
    for edge in &edges {
        edge.tell(Command::Add(edge.watch(4, true, config(50, 3))));
        edge.tell(Command::Add(edge.watch(6, false, config(50, 3))));
    }
    for edge in &edges {
        for id in [4, 6] {
            edge.await_shown(id, |shown| shown.detection_time == Some(Duration::from_millis(150)));
        }
    }
    keep_every_core_busy(seconds("BUSY_SECONDS", 600));
    let shown: Vec<Shown> = edges.iter().flat_map(report).collect();
    assert!(shown.iter().all(|shown| (shown.state, shown.ups) == (State::Up, 1)));
}

#[test]
#[ignore = "ten minutes; BUSY_SECONDS shortens them"]
fn no_daemon_of_the_distribution_is_taken_for_dead_while_every_core_is_busy() {
    let (Some(one), Some(other)) = (Lab::new(), Lab::new()) else { return };
    let daemons = [Daemon::bird(&one.hosts[1]), Daemon::frr(&other.hosts[1])];
    let edges = [one.edge(0), other.edge(0)];
    for edge in edges.iter().zip(&daemons).filter_map(|(edge, daemon)| daemon.as_ref().map(|_| edge)) {
        edge.tell(Command::Add(edge.watch(4, true, config(50, 3))));
        edge.tell(Command::Add(edge.watch(6, false, config(50, 3))));
        // The daemons ask for 60 ms.
        for id in [4, 6] {
            edge.await_shown(id, |shown| shown.detection_time == Some(Duration::from_millis(180)));
        }
    }
    daemons.iter().flatten().for_each(Daemon::raise);
    keep_every_core_busy(seconds("BUSY_SECONDS", 600));
    let shown: Vec<Shown> = edges.iter().flat_map(report).collect();
    assert!(shown.iter().all(|shown| (shown.state, shown.ups) == (State::Up, 1)));
}

/// What the threads named `bfd` used of the processors so far.
fn used() -> Duration {
    let mut nanos = 0;
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        if std::fs::read_to_string(task.join("comm")).is_ok_and(|name| name == "bfd\n") {
            let schedule = std::fs::read_to_string(task.join("schedstat")).unwrap();
            nanos += schedule.split(' ').next().unwrap().parse::<u64>().unwrap();
        }
    }
    Duration::from_nanos(nanos)
}

fn sent_and_received(edges: &[Edge]) -> u64 {
    let counters = edges.iter().map(|edge| edge.liveness.snapshot().unwrap().counters);
    counters.map(|counters| counters.sent + counters.received).sum()
}

#[test]
#[ignore = "measures"]
fn what_a_thousand_sessions_cost() {
    const SESSIONS: u16 = 1000;
    let Some(lab) = Lab::new() else { return };
    let address = |host: usize, number: u16| format!("10.{}.{}.{}", 20 + host, number / 250, number % 250 + 1);
    // Over one neighbour: the kernel's table of neighbours has room for 1,024.
    for (host, lab) in lab.hosts.iter().enumerate() {
        let lines: Vec<String> =
            (0..SESSIONS).map(|number| format!("address add {}/32 dev wan", address(host, number))).collect();
        lab.run(&format!(
            "ip -batch - <<end\n{}\nend\nip route add 10.{}.0.0/16 via {}",
            lines.join("\n"),
            21 - host,
            ADDRESSES[0][1 - host]
        ));
    }
    let edges = [lab.edge(0), lab.edge(1)];
    for interval in [300, 50] {
        for (host, edge) in edges.iter().enumerate() {
            for number in 0..SESSIONS {
                let id = u64::from(number) + 100;
                let peer = address(1 - host, number).parse().unwrap();
                let local = Some(address(host, number).parse().unwrap());
                let watch = edge.watch(id, true, config(interval, 3));
                edge.tell(Command::Remove(WatchId(id)));
                edge.tell(Command::Add(Watch { peer, local, ..watch }));
            }
        }
        let are_up = |edge: &Edge| edge.liveness.snapshot().unwrap().sessions.iter().all(|s| s.state == State::Up);
        let begin = Instant::now();
        while !edges.iter().all(are_up) {
            assert!(begin.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(50));
        }
        say(&format!("{SESSIONS} sessions at {interval} ms x 3 up after {:?}", begin.elapsed()));
        std::thread::sleep(Duration::from_secs(3));
        let (packets, cpu, time) = (sent_and_received(&edges), used(), Instant::now());
        std::thread::sleep(seconds("COST_SECONDS", 20));
        let (packets, cpu, time) = (sent_and_received(&edges) - packets, used() - cpu, time.elapsed());
        let silence = edges.iter().flat_map(|edge| edge.liveness.snapshot().unwrap().sessions);
        let (silence, ups) = silence.map(|shown| (shown.longest_silence, shown.ups)).max().unwrap();
        say(&format!(
            "  {:.0} packets/s in and out of two ends, {:.2} µs CPU a packet, {:.2} % of a core an end; longest silence {silence:?}, ups {ups}",
            packets as f64 / time.as_secs_f64(),
            cpu.as_secs_f64() * 1e6 / packets as f64,
            cpu.as_secs_f64() / time.as_secs_f64() * 50.0,
        ));
    }
}
