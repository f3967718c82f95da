#![no_main]
//! A BFD session fed with packets of any bytes, timers and commands in any order: nothing panics, a step asks for
//! little, and firing the timers that are due comes to an end.
//!
//! The bytes are a script of records: one byte that says what happens, one for the time that passes, then what the
//! event needs.

use bfd::{Action, Config, Demux, Discriminator, Event, Interval, Link, Packet, Received, Session, State, Time, Timer};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A step asks for at most a change, a packet and one timer of each kind.
const MOST_ACTIONS: usize = 4;

/// Firing what is due ends within so many rounds.
const MOST_ROUNDS: usize = 3;

struct Bench {
    session: Session,
    state: State,
    now: Time,
    transmit: Option<Time>,
    detect: Option<Time>,
}

impl Bench {
    fn step(&mut self, event: Event) {
        let actions = self.session.step(event, self.now);
        self.act(actions);
    }

    fn act(&mut self, actions: Vec<Action>) {
        assert!(actions.len() <= MOST_ACTIONS, "{actions:?}");
        let (mut sent, mut changed) = (0, 0);
        for action in actions {
            match action {
                Action::StateChanged(change) => {
                    assert_eq!((change.from, change.to), (self.state, self.session.state()));
                    assert_ne!(change.from, change.to);
                    self.state = change.to;
                    changed += 1;
                }
                Action::Send(packet) => {
                    assert_eq!(packet.state, self.session.state());
                    assert!(!(packet.is_poll && packet.is_final), "both P and F");
                    assert_eq!(Packet::parse(&packet.to_bytes()), Ok(packet));
                    sent += 1;
                }
                Action::SetTimer(Timer::Transmit, at) => self.transmit = Some(at),
                Action::SetTimer(Timer::Detect, at) => self.detect = Some(at),
                Action::Discarded(_) => {}
            }
        }
        assert!(sent <= 1 && changed <= 1);
        assert_eq!(self.state, self.session.state(), "a change was not told");
        if let Some(pace) = self.session.transmit_interval() {
            assert!(Interval::from_micros(pace.as_micros() as u32) >= Config::SHORTEST);
        }
    }

    /// Wakes as the rim does, and sees that the session then lets it sleep.
    fn wake(&mut self) {
        for _ in 0..MOST_ROUNDS {
            let due = |timer: Option<Time>| timer.is_some_and(|at| at <= self.now);
            let (detect, transmit) = (due(self.detect), due(self.transmit));
            if !detect && !transmit {
                return;
            }
            if detect {
                self.detect = None;
                self.step(Event::DetectTimer { drained: self.now });
            }
            if transmit {
                self.transmit = None;
                self.step(Event::TransmitTimer);
            }
        }
        panic!("timers are due for ever: {:?} {:?} at {:?}", self.transmit, self.detect, self.now);
    }
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(packet) = Packet::parse(bytes) {
        assert_eq!(Packet::parse(&packet.to_bytes()), Ok(packet));
    }
    let Some((&seed, mut rest)) = bytes.split_first() else { return };
    let link = Link { interface: 1, peer: IpAddr::V4(Ipv4Addr::LOCALHOST) };
    let mut demux = Demux::new();
    let Ok(local) = demux.bind(link, 1, ()) else { panic!("the first link is taken") };
    let (session, actions) = Session::open(Config::default(), local, u64::from(seed), Time::ZERO);
    let mut bench = Bench { session, state: State::Down, now: Time::ZERO, transmit: None, detect: None };
    bench.act(actions);
    while let &[what, wait, ref more @ ..] = rest {
        rest = more;
        bench.now = bench.now.after(Duration::from_micros(u64::from(wait).pow(2) * 50));
        match what & 7 {
            0 => bench.step(Event::AdminDown),
            1 => bench.step(Event::AdminUp),
            2 => bench.step(Event::PathDown),
            3 => {
                let Some((&[tx, rx, mult], more)) = rest.split_first_chunk() else { return };
                rest = more;
                let interval = |byte: u8| Interval::from_millis(50 + u32::from(byte) * 10);
                if let Ok(config) = Config::new(interval(tx), interval(rx), mult) {
                    bench.step(Event::ConfigChanged(config));
                }
            }
            4 => bench.step(Event::TransmitTimer),
            5 => bench.step(Event::DetectTimer { drained: Time::from_micros(u64::from(wait) * 1000) }),
            _ => {
                // The head is the script's; what the first checks would refuse is put right three times in four.
                let Some((head, more)) = rest.split_first_chunk::<24>() else { return };
                rest = more;
                let mut payload = *head;
                if what & 0x18 != 0 {
                    payload[0] = 0x20 | payload[0] & 0x1f;
                    payload[1] &= 0xfa;
                    payload[3] = 24;
                    payload[8..12].copy_from_slice(&local.number().to_be_bytes());
                }
                if let Ok(packet) = Packet::parse(&payload)
                    && demux.find(&packet, link).is_ok()
                {
                    let at = Time::from_micros(bench.now.as_micros().saturating_sub(u64::from(what >> 5) * 20_000));
                    let hop_limit = if what & 0x20 == 0 || wait & 1 == 0 { 255 } else { wait };
                    bench.step(Event::Packet(Received { packet, hop_limit, at }));
                }
            }
        }
        bench.wake();
    }
    assert_eq!(demux.unbind(local), Some(()));
    assert!(Discriminator::new(0).is_none() && demux.is_empty());
});
