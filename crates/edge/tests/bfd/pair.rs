//! Two of ours.

use crate::lab::{ADDRESSES, Edge, Lab, config};
use bfd::{Diagnostic, Discriminator, Interval, Packet, State};
use edge::bfd::{Command, Watch, WatchId};
use socket::tcp::CommonOptions;
use socket::udp::{Datagrams, Outbox};
use std::net::SocketAddr;
use std::num::NonZeroU8;
use std::path::Path;
use std::time::Duration;

/// Both ends watch each other over IPv4 (session 4) and IPv6 (session 6), and both are up.
fn up(lab: &Lab) -> [Edge; 2] {
    let edges = [lab.edge(0), lab.edge(1)];
    for edge in &edges {
        edge.tell(Command::Add(edge.watch(4, true, config(300, 3))));
        edge.tell(Command::Add(edge.watch(6, false, config(50, 3))));
    }
    for edge in &edges {
        for id in [4, 6] {
            // The notices of both come in any order.
            edge.await_shown(id, |shown| shown.state == State::Up && shown.remote_state == State::Up);
        }
        edge.forget_notices();
    }
    edges
}

#[test]
fn both_families_come_up_at_the_pace_agreed_on() {
    let Some(lab) = Lab::new() else { return };
    let edges = up(&lab);
    for edge in &edges {
        for (id, interval) in [(4, 300), (6, 50)] {
            let interval = Duration::from_millis(interval);
            let shown = edge.await_shown(id, |shown| shown.detection_time == Some(interval * 3));
            assert_eq!(shown.transmit_interval, Some(interval));
            assert_eq!((shown.fault, shown.ups, shown.diagnostic), (None, 1, Diagnostic::NONE));
            assert!(shown.local_discriminator != 0 && shown.remote_discriminator != 0);
        }
        let counters = edge.liveness.snapshot().unwrap().counters;
        assert_eq!((counters.malformed, counters.send_failed), (0, 0));
    }
}

#[test]
fn a_silent_path_is_lost_and_comes_back() {
    let Some(lab) = Lab::new() else { return };
    let edges = up(&lab);
    // Packets go out and none arrive, at either end; all links stay up.
    for host in &lab.hosts {
        host.run("nft 'add table inet f; add chain inet f c { type filter hook input priority 0; policy drop; }'");
    }
    for edge in &edges {
        for id in [6, 4] {
            let notice = edge.await_state(id, State::Down);
            assert!(notice.is_path_lost);
            assert_eq!(notice.diagnostic, Diagnostic::DETECTION_TIME_EXPIRED);
        }
    }
    for host in &lab.hosts {
        host.run("nft delete table inet f");
    }
    for edge in &edges {
        for id in [4, 6] {
            edge.await_shown(id, |shown| shown.state == State::Up && shown.ups == 2);
        }
    }
}

#[test]
fn an_operator_takes_a_session_down_and_no_path_is_lost() {
    let Some(lab) = Lab::new() else { return };
    let [near, far] = up(&lab);
    near.tell(Command::Disable(WatchId(4), true));
    let notice = far.await_state(4, State::Down);
    assert!(!notice.is_path_lost);
    assert_eq!(near.await_state(4, State::AdminDown).diagnostic, Diagnostic::ADMINISTRATIVELY_DOWN);
    near.tell(Command::Disable(WatchId(4), false));
    far.await_state(4, State::Up);
    assert_eq!(far.shown(6).ups, 1, "the other session knows nothing of it");
}

#[test]
fn a_peer_is_told_that_it_is_watched_no_more() {
    let Some(lab) = Lab::new() else { return };
    let [near, far] = up(&lab);
    near.tell(Command::Remove(WatchId(4)));
    assert!(!far.await_state(4, State::Down).is_path_lost);
    assert!(near.liveness.snapshot().unwrap().sessions.iter().all(|shown| shown.id() != WatchId(4)));
    // It is watched again at once, though the session that goes has not gone.
    near.tell(Command::Add(near.watch(4, true, config(300, 3))));
    near.await_state(4, State::Up);
    near.stop();
    for id in [6, 4] {
        let lost = far.await_state(id, State::Down).is_path_lost;
        assert!(!lost, "{id}: a router that stops says so");
    }
}

#[test]
fn timing_changes_while_the_session_is_up() {
    let Some(lab) = Lab::new() else { return };
    let [near, far] = up(&lab);
    near.tell(Command::Change(WatchId(6), config(400, 4)));
    far.await_shown(6, |shown| shown.detection_time == Some(Duration::from_millis(1600)));
    near.await_shown(6, |shown| shown.detection_time == Some(Duration::from_millis(1200)));
    // Asking for the same watch again is no other way to say it.
    near.tell(Command::Add(near.watch(6, false, config(50, 3))));
    far.await_shown(6, |shown| shown.detection_time == Some(Duration::from_millis(150)));
    assert_eq!((near.shown(6).ups, far.shown(6).ups), (1, 1));
}

#[test]
fn a_watch_waits_for_its_device_and_begins_anew_when_it_was_made_anew() {
    let Some(lab) = Lab::new() else { return };
    let edges = [lab.edge(0), lab.edge(1)];
    lab.hosts[0].run("ip link delete wan");
    for edge in &edges {
        edge.tell(Command::Add(edge.watch(4, true, config(300, 3))));
    }
    assert!(edges[0].await_shown(4, |shown| shown.fault.is_some()).fault.unwrap().starts_with("device wan: "));
    for ups in 1..3 {
        lab.join();
        for edge in &edges {
            edge.await_state(4, State::Up);
        }
        if ups == 1 {
            lab.hosts[0].run("ip link delete wan");
            for edge in &edges {
                assert!(edge.await_state(4, State::Down).is_path_lost);
            }
        }
    }
}

#[test]
fn what_cannot_be_watched_says_why() {
    let Some(lab) = Lab::new() else { return };
    let edge = lab.edge(0);
    let watch = edge.watch(1, true, config(300, 3));
    let cases = [
        (Watch { namespace: Some("no-such-place".into()), ..watch.clone() }, "No such file or directory"),
        (Watch { device: Some("no-such-dev".into()), ..watch.clone() }, "No such device"),
        (Watch { local: Some(ADDRESSES[1][0].parse().unwrap()), ..watch.clone() }, "of different families"),
        (Watch { peer: "fe80::1".parse().unwrap(), device: None, local: None, ..watch.clone() }, "needs a device"),
    ];
    for (case, why) in cases {
        edge.tell(Command::Add(case));
        let fault = edge.await_shown(1, |shown| shown.fault.is_some()).fault.unwrap();
        assert!(fault.contains(why), "{fault}");
    }
    edge.tell(Command::Add(watch.clone()));
    assert_eq!(edge.await_shown(1, |shown| shown.local_discriminator != 0).fault, None);
    edge.tell(Command::Add(Watch { id: WatchId(2), ..watch }));
    let fault = edge.await_shown(2, |shown| shown.fault.is_some()).fault.unwrap();
    assert!(fault.contains("already bound"), "{fault}");
}

#[test]
fn a_link_local_peer_is_watched_over_its_device() {
    let Some(lab) = Lab::new() else { return };
    let edges = [lab.edge(0), lab.edge(1)];
    for (index, edge) in edges.iter().enumerate() {
        lab.hosts[index].run(&format!("ip address add fe80::{}/64 dev wan nodad", index + 1));
        let peer = format!("fe80::{}", 2 - index).parse().unwrap();
        edge.tell(Command::Add(Watch { peer, local: None, ..edge.watch(1, false, config(300, 3)) }));
    }
    for edge in &edges {
        edge.await_state(1, State::Up);
    }
}

#[test]
fn packets_that_came_through_a_router_or_make_no_sense_change_nothing() {
    let Some(lab) = Lab::new() else { return };
    let [near, far] = up(&lab);
    let namespace = socket::Namespace::at(Path::new(&lab.hosts[1].namespace())).unwrap();
    let to = SocketAddr::new(ADDRESSES[0][0].parse().unwrap(), 3784);
    let shown = near.shown(4);
    let goodbye = Packet {
        diagnostic: Diagnostic::NONE,
        state: State::AdminDown,
        is_poll: false,
        is_final: false,
        control_plane_independent: false,
        demand: false,
        detect_mult: NonZeroU8::new(3).unwrap(),
        my_discriminator: Discriminator::new(shown.remote_discriminator).unwrap(),
        your_discriminator: Discriminator::new(shown.local_discriminator),
        desired_min_tx: Interval::from_millis(300),
        required_min_rx: Interval::from_millis(300),
        required_min_echo_rx: Interval::ZERO,
        auth: None,
    };
    let before = near.liveness.snapshot().unwrap().counters;
    let send = |ttl: u8, payloads: &[&[u8]]| {
        let options = CommonOptions { namespace: Some(namespace.clone()), ttl: Some(ttl), ..CommonOptions::default() };
        let socket = Datagrams::sending("0.0.0.0".parse().unwrap(), 49152..=65535, 50_000, &options).unwrap();
        let mut outbox = Outbox::new();
        for payload in payloads {
            outbox.push(payload, to, None, 0).unwrap();
        }
        assert_eq!(socket.send(&mut outbox).failed, 0);
    };
    let stranger = Packet { your_discriminator: Discriminator::new(!shown.local_discriminator), ..goodbye };
    send(254, &[&goodbye.to_bytes()]);
    send(255, &[b"", &[0; 64], &goodbye.to_bytes()[..23], &stranger.to_bytes()]);
    near.await_shown(4, |_| {
        let now = near.liveness.snapshot().unwrap().counters;
        (now.discarded, now.malformed, now.unknown) == (before.discarded + 1, before.malformed + 3, before.unknown + 1)
    });
    assert_eq!((near.shown(4).state, near.shown(4).ups, near.shown(4).discarded), (State::Up, 1, 1));
    // The same from next door is heard.
    send(255, &[&goodbye.to_bytes()]);
    near.await_state(4, State::Down);
    drop(far);
}
