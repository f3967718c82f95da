//! Two sessions over a link that loses, delays and reorders, on hosts that wake late.
//!
//! What must hold whatever the seed: they come up, they do not fall without cause, they notice silence in
//! time, and they run at the pace on which they agreed.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod net;

use bfd::{Config, Discard, Discriminator, Event, Interval, State};
use net::{MS, Net, Path};
use proptest::prelude::*;
use std::time::Duration;

fn config(tx: u32, rx: u32, mult: u8) -> Config {
    Config::new(Interval::from_millis(tx), Interval::from_millis(rx), mult).unwrap()
}

fn any_config() -> impl Strategy<Value = Config> {
    let interval = prop_oneof![Just(50), Just(300), Just(750), 50..1500_u32];
    (interval.clone(), interval, 2..6_u8).prop_map(|(tx, rx, mult)| config(tx, rx, mult))
}

/// The pace on which both ends must agree in the direction from the first to the second.
fn agreed(from: &Config, to: &Config) -> Duration {
    from.desired_min_tx().max(to.required_min_rx()).into()
}

fn detection(from: &Config, to: &Config) -> Duration {
    agreed(from, to) * u32::from(from.detect_mult().get())
}

#[track_caller]
fn assert_up(net: &Net) {
    for host in &net.hosts {
        assert_eq!(host.session.state(), State::Up, "{:?}", host.changes);
    }
}

#[track_caller]
fn assert_no_falls(net: &Net) {
    for host in &net.hosts {
        assert_eq!(host.falls().count(), 0, "{:?}", host.changes);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn sessions_come_up_and_stay_while_fewer_packets_than_the_multiplier_are_lost_in_a_row(
        seed: u64, configs in [any_config(), any_config()], loss in 0..90_u64, delay in 0..200 * MS,
    ) {
        let mut net = Net::new(configs, seed);
        for (host, config) in net.hosts.iter_mut().zip(configs) {
            host.path = Path { delay, loss, run: u64::from(config.detect_mult().get()) - 1, ..Path::GOOD };
        }
        net.run_for(30_000 * MS);
        assert_up(&net);
        net.run_for(60_000 * MS);
        assert_no_falls(&net);
    }

    #[test]
    fn sessions_come_up_and_stay_over_a_path_that_reorders(
        seed: u64, mult in 3..6_u8, interval in 50..400_u32, loss in 0..90_u64, delay in 0..20 * MS,
    ) {
        let configs = [config(interval, interval, mult); 2];
        let mut net = Net::new(configs, seed);
        // A packet may come a whole interval behind those sent after it, so one loss less is bearable.
        let spread = u64::from(interval) * MS;
        let run = u64::from(mult) - 2;
        net.each_path(|path| *path = Path { delay, spread, loss, run, is_cut: false });
        net.run_for(60_000 * MS);
        assert_up(&net);
        net.hosts.iter_mut().for_each(|host| host.changes.clear());
        net.run_for(60_000 * MS);
        assert_no_falls(&net);
    }

    #[test]
    fn waking_two_intervals_late_with_packets_waiting_is_no_failure(
        seed: u64, configs in [any_config(), any_config()], stamps: [bool; 2],
    ) {
        let configs = configs.map(|wish| config(50, wish.required_min_rx().as_micros() / 1000, 3));
        let mut net = Net::new(configs, seed);
        net.run_for(10_000 * MS);
        assert_up(&net);
        for (index, stamps) in stamps.into_iter().enumerate() {
            let sends = agreed(&configs[index], &configs[1 - index]);
            let hears = agreed(&configs[1 - index], &configs[index]);
            net.hosts[index].lateness = 2 * sends.min(hears).as_micros() as u64;
            net.hosts[index].stamps = stamps;
        }
        net.run_for(120_000 * MS);
        assert_no_falls(&net);
    }

    #[test]
    fn silence_is_noticed_within_the_detection_time_and_not_before(
        seed: u64, configs in [any_config(), any_config()], lateness in 0..20 * MS, at in 0..2_000 * MS,
        one_way: bool, stamps: bool,
    ) {
        let mut net = Net::new(configs, seed);
        for host in &mut net.hosts {
            (host.lateness, host.stamps) = (lateness, stamps);
        }
        net.run_for(10_000 * MS + at);
        assert_up(&net);
        net.hosts[0].path.is_cut = true;
        net.hosts[1].path.is_cut = !one_way;
        net.run_for(20_000 * MS);
        let late = Duration::from_micros(lateness);
        let deaf = &net.hosts[1];
        let &(fell, change) = deaf.falls().next().expect("the deaf host has not noticed");
        prop_assert_eq!(change.diagnostic.code(), 1);
        let silent = fell.since(deaf.arrived);
        let allowed = detection(&configs[0], &configs[1]);
        prop_assert!(silent >= allowed, "fell after {:?} of {:?}", silent, allowed);
        // Late by one waking, or by two if the packet was stamped late as well.
        prop_assert!(silent <= allowed + late * 2, "fell after {:?} of {:?}", silent, allowed);

        let other = &net.hosts[0];
        let &(fell_too, change) = other.falls().next().expect("the other host has not noticed");
        if one_way {
            prop_assert_eq!(change.diagnostic.code(), 3);
            prop_assert!(fell_too.since(fell) <= Duration::from_micros(500) + late);
        } else {
            prop_assert_eq!(change.diagnostic.code(), 1);
        }
        for host in &net.hosts {
            prop_assert_eq!(host.falls().count(), 1);
            prop_assert!(host.session.state() != State::Up);
        }

        net.each_path(|path| path.is_cut = false);
        net.run_for(10_000 * MS);
        assert_up(&net);
    }

    #[test]
    fn the_slower_end_decides_each_direction(seed: u64, configs in [any_config(), any_config()]) {
        let mut net = Net::new(configs, seed);
        net.run_for(10_000 * MS);
        assert_up(&net);
        net.hosts.iter_mut().for_each(|host| host.sent.clear());
        net.run_for(10_000 * MS);
        for (index, host) in net.hosts.iter().enumerate() {
            let (ours, theirs) = (&configs[index], &configs[1 - index]);
            prop_assert_eq!(host.transmit_interval(), agreed(ours, theirs));
            prop_assert_eq!(host.session.detection_time(), Some(detection(theirs, ours)));
            prop_assert_eq!(host.session.remote_detection_time(), detection(ours, theirs));
            prop_assert!(!host.session.is_polling());
            for pair in host.sent.windows(2) {
                let gap = pair[1].0.since(pair[0].0);
                prop_assert!(gap <= agreed(ours, theirs), "{:?} apart", gap);
                prop_assert!(gap * 4 + Duration::from_micros(4) >= agreed(ours, theirs) * 3, "{:?} apart", gap);
            }
        }
    }

    #[test]
    fn timing_changes_at_any_moment_without_a_fall(
        seed: u64, first in [any_config(), any_config()], loss in 0..60_u64, delay in 0..30 * MS,
        changes in prop::collection::vec((0..2_usize, any_config(), 0..3_000 * MS), 1..12),
    ) {
        let mut net = Net::new(first, seed);
        // Multipliers are 2 at least, so one lost packet is always bearable.
        net.each_path(|path| *path = Path { delay, loss, run: 1, ..Path::GOOD });
        net.run_for(20_000 * MS);
        assert_up(&net);
        let mut last = first;
        for (host, config, wait) in changes {
            last[host] = config;
            net.tell(host, Event::ConfigChanged(config));
            net.run_for(wait);
        }
        net.run_for(30_000 * MS);
        assert_up(&net);
        assert_no_falls(&net);
        for (index, host) in net.hosts.iter().enumerate() {
            prop_assert_eq!(host.transmit_interval(), agreed(&last[index], &last[1 - index]));
            prop_assert_eq!(host.session.detection_time(), Some(detection(&last[1 - index], &last[index])));
        }
    }
}

#[test]
fn ten_minutes_of_50_ms_on_busy_hosts_do_not_fall() {
    for seed in 0..10 {
        let mut net = Net::new([config(50, 50, 3); 2], seed);
        for host in &mut net.hosts {
            // Twelve times what was seen on two busy cores.
            (host.lateness, host.stamps) = (100 * MS, seed % 2 == 0);
        }
        net.run_for(600_000 * MS);
        assert_up(&net);
        assert_no_falls(&net);
        assert!(net.hosts[0].sent.len() > 5_000, "the session runs at {:?}", net.hosts[0].transmit_interval());
    }
}

#[test]
fn a_session_is_up_in_two_seconds_and_at_full_pace() {
    for seed in 0..200 {
        let mut net = Net::new([Config::default(); 2], seed);
        net.run_for(2_000 * MS);
        assert_up(&net);
        assert_eq!(net.hosts[0].transmit_interval(), Duration::from_millis(300));
        net.run_for(1_000 * MS);
        assert!(net.hosts.iter().all(|host| !host.session.is_polling()));
        assert_eq!(net.hosts[0].session.detection_time(), Some(Duration::from_millis(900)));
    }
}

#[test]
fn an_operator_takes_both_ends_down_and_up() {
    let mut net = Net::new([Config::default(); 2], 1);
    net.run_for(3_000 * MS);
    net.tell(0, Event::AdminDown);
    net.run_for(10_000 * MS);
    assert_eq!(net.hosts[0].session.state(), State::AdminDown);
    assert_eq!(net.hosts[1].session.state(), State::Down);
    let (_, change) = net.hosts[1].falls().next().unwrap();
    assert!(!change.is_path_lost() && change.remote == State::AdminDown);
    assert_eq!(net.hosts[1].session.remote_diagnostic().code(), 7);
    net.tell(0, Event::AdminUp);
    net.run_for(5_000 * MS);
    assert_up(&net);
}

#[test]
fn a_host_that_starts_anew_is_taken_back() {
    let mut net = Net::new([Config::default(); 2], 5);
    net.run_for(3_000 * MS);
    assert!(net.hosts[0].discarded.is_empty());
    let local = Discriminator::new(999).unwrap();
    net.restart(0, local);
    net.run_for(10_000 * MS);
    assert_up(&net);
    assert_eq!(net.hosts[1].session.remote_discriminator(), Some(local));
    // Packets to the process that ended named a session that is no more.
    assert!(matches!(net.hosts[0].discarded[..], [Discard::NotOurs(_), ..]));
}

#[test]
fn the_same_seed_gives_the_same_packets_at_the_same_times() {
    let run = |seed| {
        let mut net = Net::new([Config::default(); 2], seed);
        net.run_for(20_000 * MS);
        net.hosts.map(|host| host.sent)
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
}

#[test]
fn a_session_fits_in_two_cache_lines() {
    assert!(size_of::<bfd::Session>() <= 128, "a session takes {} bytes", size_of::<bfd::Session>());
    assert!(size_of::<bfd::Action>() <= 96, "an action takes {} bytes", size_of::<bfd::Action>());
}
