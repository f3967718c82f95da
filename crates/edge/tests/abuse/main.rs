//! Bad input over real TCP: the whole edge in this process, routers played by hand on loopback addresses.
//!
//! What a session makes of bad bytes is shown without sockets in `bgp-speaker`; here it is shown that the rim keeps
//! it so: the NOTIFICATION arrives, one line is logged, connections are bounded, and others are served meanwhile.

#![allow(unreachable_pub, reason = "modules of one test")]
#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod edge;
mod lines;
mod router;

use bgp_wire::{Cause, KEEPALIVE, Notification};
use edge::{Running, VICTIM, hostile};
use model::Family;
use router::{Router, Said, announced, open, withdrawn};
use std::sync::atomic::{AtomicBool, Ordering};

/// A victim that is up and whose routes are told and heard, whatever happens beside it.
struct Victim {
    customer: Router,
    gateway: Router,
    rounds: u32,
}

impl Victim {
    fn new(edge: &Running) -> Self {
        let customer = Router::establish(edge, VICTIM[0]);
        let gateway = Router::establish(edge, VICTIM[1]);
        Self { customer, gateway, rounds: 0 }
    }

    /// A route of the customer reaches the gateway, and its withdrawal.
    fn is_served(&mut self) {
        self.rounds += 1;
        let numbers = self.rounds..self.rounds + 1;
        self.customer.say(&announced(VICTIM[0], numbers.clone()));
        assert_eq!(self.gateway.hear_routes(), (0, 1));
        self.customer.say(&withdrawn(numbers));
        assert_eq!(self.gateway.hear_routes(), (1, 0));
    }
}

/// Ends the threads that look at it, also when the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn the_notification_arrives_though_more_bytes_were_on_the_way() {
    let edge = Running::start("garbage", |_| String::new());
    let mut victim = Victim::new(&edge);
    let mut bad = Router::establish(&edge, hostile(0));
    let mut bytes = b"GET / HTTP/1.1\r\n\r\n".to_vec();
    bytes.resize(1 << 20, b'x');
    bad.say_what_is_taken(&bytes);
    assert_eq!(bad.last_words(), Some(Cause::NOT_SYNCHRONIZED.into()));
    victim.is_served();
    edge.has_one_line_of("hostile-0", "session is down");
}

#[test]
fn a_full_table_is_answered_with_the_limit_and_costs_nobody_else() {
    let edge = Running::start("full-table", |_| "prefix-limit = { ipv4 = 4000 }".to_owned());
    let mut victim = Victim::new(&edge);
    let mut bad = Router::establish(&edge, hostile(0));
    bad.say_what_is_taken(&announced(hostile(0), 0..60_000));
    assert_eq!(bad.last_words(), Some(Notification::maximum_prefixes(Family::V4.into(), 4000)));
    victim.is_served();
    edge.has_one_line_of("hostile-0", "session is down: more than 4000 IPv4 routes");
    edge.has_one_line_of("hostile-0", "more than");
}

#[test]
fn a_reset_at_any_byte_of_a_message_harms_nobody() {
    let edge = Running::start("resets", |_| String::new());
    let mut victim = Victim::new(&edge);
    // Each from an address of its own, so that none waits for the idle hold of another.
    for number in 0..edge::HOSTILE {
        let address = hostile(number);
        let stream = [open(address), KEEPALIVE.to_vec(), announced(address, 0..3)].concat();
        let at = usize::from(number) * stream.len() / usize::from(edge::HOSTILE);
        let mut router = Router::call(&edge, address);
        router.say(&stream[..at]);
        router.reset();
    }
    victim.is_served();
    // One that was cut off within its OPEN is let in at once.
    let mut again = Router::establish(&edge, hostile(3));
    again.say(&announced(hostile(3), 7..8));
    victim.is_served();
}

#[test]
fn who_has_the_wrong_key_or_none_is_not_heard() {
    let edge = Running::start("keys", |number| match number {
        0..3 => "md5 = 'the right one'".to_owned(),
        _ => String::new(),
    });
    let mut victim = Victim::new(&edge);
    let wrong = Router::dial(&edge, hostile(0), Some("a wrong one"));
    let none = Router::dial(&edge, hostile(1), None);
    let unwanted = Router::dial(&edge, hostile(3), Some("the right one"));
    let mut right = Router::with_key(&edge, hostile(2), "the right one");
    right.say(&open(hostile(2)));
    right.say(&KEEPALIVE);
    right.until_established();
    // The others began before it, and are no further.
    for stream in [&wrong, &none, &unwanted] {
        assert!(stream.peer_addr().is_err(), "connected without the right key");
    }
    victim.is_served();
    for name in ["hostile-0", "hostile-1", "hostile-3"] {
        assert_eq!(edge.lines_of(name, ""), [""; 0]);
    }
}

#[test]
fn a_stranger_is_told_so_once_in_the_log() {
    let edge = Running::start("stranger", |_| String::new());
    let mut victim = Victim::new(&edge);
    for _ in 0..20 {
        let mut stranger = Router::call(&edge, [127, 99, 0, 1]);
        assert_eq!(stranger.last_words(), Some(Cause::CONNECTION_REJECTED.into()));
    }
    victim.is_served();
    edge.has_one_line_of("127.99.0.1", "nobody is known");
}

#[test]
fn a_flood_of_connections_is_held_back_and_the_others_are_served() {
    let edge = Running::start("connections", |_| String::new());
    let mut victim = Victim::new(&edge);
    let mut calls: Vec<Router> = (0..500).map(|_| Router::call(&edge, hostile(110))).collect();
    victim.is_served();
    victim.is_served();
    // Those that were let in hear that another took their place; those that came too often, and the last, nothing.
    let words: Vec<Notification> = calls.iter_mut().filter_map(Router::leave).collect();
    assert!(words.len() > 1);
    assert!(words.iter().all(|words| *words == Cause::COLLISION_RESOLUTION.into()), "{words:?}");
    edge.has_one_line_of("127.2.0.111", "more than 16 calls a second");
    victim.is_served();
}

#[test]
fn callers_without_end_do_not_keep_another_from_coming_in() {
    let edge = Running::start("callers", |_| String::new());
    let mut victim = Victim::new(&edge);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let _end = Stop(&stop);
        // Known peers and a stranger, each as fast as it can.
        for address in [hostile(0), hostile(1), [127, 99, 0, 2]] {
            let (stop, edge) = (&stop, &edge);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    drop(Router::call(edge, address));
                }
            });
        }
        for number in 2..22 {
            victim.is_served();
            Router::establish(&edge, hostile(number));
        }
    });
}

#[test]
fn a_storm_of_flaps_is_held_back_by_tcp_and_not_by_the_others() {
    let edge = Running::start("storm", |_| String::new());
    let mut victim = Victim::new(&edge);
    let mut storm = Router::establish(&edge, hostile(0));
    let flap = [announced(hostile(0), 0..2000), withdrawn(0..2000)].concat();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let end = Stop(&stop);
        let storm = scope.spawn(|| {
            let mut flaps = 0;
            while !stop.load(Ordering::Relaxed) {
                storm.say(&flap);
                flaps += 1;
            }
            flaps
        });
        for _ in 0..50 {
            victim.is_served();
        }
        drop(end);
        assert!(storm.join().unwrap() > 0);
    });
    assert_eq!(edge.lines_of("hostile-0", "down"), [""; 0]);
}

#[test]
fn a_peer_that_reads_nothing_does_not_keep_others_from_their_routes() {
    let edge = Running::start("deaf", |_| String::new());
    // In the victim's own domain, so that both are told the same routes.
    let deaf = Router::establish_with_little_room(&edge, edge::DEAF);
    let mut victim = Victim::new(&edge);
    for _ in 0..20 {
        // More than the buffers of a connection hold.
        victim.customer.say(&announced(VICTIM[0], 100..20_000));
        victim.gateway.hear_until(|told| told.1 >= 19_900);
        victim.customer.say(&withdrawn(100..20_000));
        victim.gateway.hear_until(|told| told.0 >= 19_900);
    }
    victim.is_served();
    drop(deaf);
    victim.is_served();
}

#[test]
fn a_silent_crowd_is_no_burden() {
    let edge = Running::start("silence", |_| String::new());
    let mut victim = Victim::new(&edge);
    let crowd: Vec<Router> = (0..edge::HOSTILE).map(|number| Router::call(&edge, hostile(number))).collect();
    victim.is_served();
    for mut router in crowd {
        // A byte at a time, and never a whole message.
        for byte in &open(hostile(0))[..10] {
            router.say(&[*byte]);
        }
        assert!(matches!(router.hear(), Some(Said::Open)));
    }
    victim.is_served();
}
