//! Recorded cases: what a session does, event by event, for each transition of RFC 5880 section 6.2, each
//! reception rule of section 6.8.6 and each rule on timing.
//!
//! A case is a file of `tests/cases/`, named by its section, of RFC 5880 unless said. Lines with `#` say what is shown and where the RFC asks for it, `=`
//! says where the session stands at the start, `>` is an event, `<` what came of it. Times are milliseconds.
//! `UPDATE_EXPECT=1 cargo test -p bfd --test cases` writes the `<` lines anew; read the difference.
//!
//! ```text
//! = Up                                 open, and brought to Up and settled in the first 100 ms
//! > 200 packet Down tx 1000            a packet at 200 ms; what is not said is as in `heard` below
//! > 200 packet at 150 Up               handed over at 200 ms, arrived at 150 ms
//! > 300 bytes 2048…                    a payload
//! > 900 detect timer drained 850       the socket was empty at 850 ms
//! ```

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

use bfd::{Action, Auth, Config, Demux, Discriminator, Event, Interval, Link, Packet, Proof, Received, Session, State};
use bfd::{Diagnostic, Password, Time, Timer};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::num::NonZeroU8;
use std::path::Path;

const LINK: Link = Link { interface: 1, peer: std::net::IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)) };
const OURS: u32 = 1;
const THEIRS: u32 = 7;

struct Bench {
    demux: Demux<()>,
    session: Session,
    /// The states in which the session heard which states.
    heard: BTreeSet<(State, State)>,
}

impl Bench {
    fn new() -> Self {
        let mut demux = Demux::new();
        let local = demux.bind(LINK, OURS, ()).unwrap();
        let (session, _) = Session::open(Config::default(), local, 5880, Time::ZERO);
        Self { demux, session, heard: BTreeSet::new() }
    }

    /// Brings a new session where a case begins.
    fn stand(&mut self, place: &str) {
        let path: &[&str] = match place {
            "Down" => &[],
            "Init" => &["10 packet Down your 0"],
            "Up, not settled" => &["10 packet Down your 0", "20 packet Init"],
            "Up" => {
                &["10 packet Down your 0", "20 packet Init", "30 packet Up F", "40 packet Up", "100 transmit timer"]
            }
            "AdminDown" => &["10 packet Down your 0", "20 admin down"],
            _ => panic!("no such place: {place}"),
        };
        for event in path {
            self.play(event);
        }
        let state = place.split(',').next().unwrap();
        assert_eq!(self.session.state().to_string(), state);
        self.heard.clear();
    }

    /// Plays one event and gives the lines that come of it.
    fn play(&mut self, line: &str) -> String {
        let mut words = line.split_whitespace();
        let now = time(words.next().unwrap());
        let rest: Vec<&str> = words.collect();
        let event = match rest.as_slice() {
            ["packet", words @ ..] => return self.receive(words, now),
            ["bytes", bytes] => {
                return match Packet::parse(&unhex(bytes)) {
                    Ok(packet) => self.take(Received { packet, hop_limit: 255, at: now }, LINK, now),
                    Err(error) => format!("< refused: {error}\n"),
                };
            }
            ["transmit", "timer"] => Event::TransmitTimer,
            ["detect", "timer"] => Event::DetectTimer { drained: now },
            ["detect", "timer", "drained", at] => Event::DetectTimer { drained: time(at) },
            ["admin", "down"] => Event::AdminDown,
            ["admin", "up"] => Event::AdminUp,
            ["path", "down"] => Event::PathDown,
            ["config", tx, "ms", rx, "ms", "x", mult] => {
                Event::ConfigChanged(Config::new(ms(tx), ms(rx), mult.parse().unwrap()).unwrap())
            }
            _ => panic!("no such event: {line}"),
        };
        self.step(event, now)
    }

    fn receive(&mut self, words: &[&str], now: Time) -> String {
        let mut received = Received { packet: heard(State::Up), hop_limit: 255, at: now };
        let mut link = LINK;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let packet = &mut received.packet;
            let mut number = || words.next().unwrap().parse::<u32>().unwrap();
            match *word {
                "P" => packet.is_poll = true,
                "F" => packet.is_final = true,
                "C" => packet.control_plane_independent = true,
                "D" => packet.demand = true,
                "my" => packet.my_discriminator = Discriminator::new(number()).unwrap(),
                "your" => packet.your_discriminator = Discriminator::new(number()),
                "diag" => packet.diagnostic = Diagnostic::from_bits(number() as u8),
                "mult" => packet.detect_mult = NonZeroU8::new(number() as u8).unwrap(),
                "tx" => packet.desired_min_tx = Interval::from_millis(number()),
                "rx" => packet.required_min_rx = Interval::from_millis(number()),
                "echo" => packet.required_min_echo_rx = Interval::from_millis(number()),
                "hops" => received.hop_limit = number() as u8,
                "interface" => link.interface = u64::from(number()),
                "at" => received.at = time(words.next().unwrap()),
                "auth" => packet.auth = Some(Auth { key_id: 1, proof: proof(words.next().unwrap()) }),
                state => *packet = heard(self::state(state)),
            }
        }
        self.take(received, link, now)
    }

    fn take(&mut self, received: Received, link: Link, now: Time) -> String {
        match self.demux.find(&received.packet, link) {
            Ok(()) => {
                self.heard.insert((self.session.state(), received.packet.state));
                self.step(Event::Packet(received), now)
            }
            Err(discard) => format!("< discarded: {discard}\n"),
        }
    }

    fn step(&mut self, event: Event, now: Time) -> String {
        let actions = self.session.step(event, now);
        let mut lines: String = actions.iter().map(print).collect();
        if lines.is_empty() {
            lines.push_str("< nothing\n");
        }
        lines
    }
}

/// What a neighbour says in `state` unless the case says otherwise.
fn heard(state: State) -> Packet {
    Packet {
        diagnostic: Diagnostic::NONE,
        state,
        is_poll: false,
        is_final: false,
        control_plane_independent: false,
        demand: false,
        detect_mult: NonZeroU8::new(3).unwrap(),
        my_discriminator: Discriminator::new(THEIRS).unwrap(),
        your_discriminator: Discriminator::new(OURS),
        desired_min_tx: Interval::from_millis(if state == State::Up { 300 } else { 1000 }),
        required_min_rx: Interval::from_millis(300),
        required_min_echo_rx: Interval::ZERO,
        auth: None,
    }
}

fn print(action: &Action) -> String {
    match action {
        Action::StateChanged(change) => {
            let lost = if change.is_path_lost() { ", path lost" } else { "" };
            format!("< {} -> {}, {}, neighbour {}{lost}\n", change.from, change.to, change.diagnostic, change.remote)
        }
        Action::Send(packet) => {
            let mut line = format!("< send {}", packet.state);
            for (flag, is_set) in [(" P", packet.is_poll), (" F", packet.is_final), (" D", packet.demand)] {
                line.push_str(if is_set { flag } else { "" });
            }
            let your = packet.your_discriminator.map_or(0, Discriminator::number);
            write!(line, " diag {} my {} your {your}", packet.diagnostic.code(), packet.my_discriminator).unwrap();
            write!(line, " {} {} x {}", packet.desired_min_tx, packet.required_min_rx, packet.detect_mult).unwrap();
            assert_eq!(packet.required_min_echo_rx, Interval::ZERO, "we never ask for echo");
            assert!(packet.auth.is_none() && !packet.control_plane_independent);
            line + "\n"
        }
        Action::SetTimer(timer, at) => {
            let name = match timer {
                Timer::Transmit => "transmit",
                Timer::Detect => "detect",
            };
            let micros = at.as_micros();
            format!("< {name} timer at {}.{:03}\n", micros / 1000, micros % 1000)
        }
        Action::Discarded(discard) => format!("< discarded: {discard}\n"),
    }
}

fn state(name: &str) -> State {
    State::ALL.into_iter().find(|state| state.to_string() == name).unwrap_or_else(|| panic!("no such state: {name}"))
}

fn proof(name: &str) -> Proof {
    let (sequence, digest, hash) = (9, [0; 16], [0; 20]);
    match name {
        "password" => Proof::Password(Password::new(b"secret").unwrap()),
        "md5" => Proof::Md5 { meticulous: false, sequence, digest },
        "meticulous-md5" => Proof::Md5 { meticulous: true, sequence, digest },
        "sha1" => Proof::Sha1 { meticulous: false, sequence, hash },
        "meticulous-sha1" => Proof::Sha1 { meticulous: true, sequence, hash },
        _ => panic!("no such proof: {name}"),
    }
}

fn time(millis: &str) -> Time {
    let (whole, part) = millis.split_once('.').unwrap_or((millis, "0"));
    assert!(part == "0" || part.len() == 3, "three digits behind the point: {millis}");
    Time::from_micros(whole.parse::<u64>().unwrap() * 1000 + part.parse::<u64>().unwrap())
}

fn ms(millis: &str) -> Interval {
    Interval::from_millis(millis.parse().unwrap())
}

fn unhex(digits: &str) -> Vec<u8> {
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// The case's text with what really came of its events.
fn replay(text: &str, heard: &mut BTreeSet<(State, State)>) -> String {
    let mut bench = Bench::new();
    let mut out = String::new();
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("<", _)) => {}
            Some(("=", place)) => {
                bench.stand(place);
                writeln!(out, "{line}").unwrap();
            }
            Some((">", event)) => write!(out, "{line}\n{}", bench.play(event)).unwrap(),
            _ => writeln!(out, "{line}").unwrap(),
        }
    }
    heard.extend(bench.heard);
    out
}

#[test]
fn every_case_ends_as_recorded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut faults = String::new();
    let mut heard = BTreeSet::new();
    for path in &paths {
        let text = std::fs::read_to_string(path).unwrap();
        assert!(text.starts_with("# RFC 588"), "{} does not name its section", path.display());
        let now = replay(&text, &mut heard);
        if now != text && std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(path, now).unwrap();
        } else if now != text {
            writeln!(faults, "--- {}\n{text}+++ now\n{now}", path.display()).unwrap();
        }
    }
    assert!(faults.is_empty(), "{faults}");
    assert!(paths.len() >= 60, "only {} cases found", paths.len());
    assert_eq!(heard.len(), 16, "each state has heard each state: {heard:?}");
}
