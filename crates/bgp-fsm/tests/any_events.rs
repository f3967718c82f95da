//! Whatever happens in whatever order, the machine keeps to its word.

use bgp_fsm::{Action, BackOff, Config, Conn, Direction, Event, Graceful, Name, Out, State, Stop, Time, step};
use bgp_wire::{
    Capability, Cause, Families, Fault, GracefulRestart, HoldTime, Notification, Open, RefreshKind, RestartFamily,
    RestartTime, RouteRefresh, RouterId,
};
use model::{Asn, Family};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::Duration;

/// What happens, with connections by their place among all that ever were.
#[derive(Debug, Clone)]
enum Happening {
    /// An event about a connection, or none.
    Event(fn(Conn) -> Event, usize),
    /// An OPEN with this hold time, restart flags and AS.
    Open(usize, u16, bool, bool, u32),
    /// A connection comes about.
    Connected(Direction),
    /// The alarm rings when it was asked for.
    Alarm,
}

fn happenings() -> impl Strategy<Value = Happening> {
    let about: Vec<fn(Conn) -> Event> = vec![
        |_| Event::Start,
        |_| Event::Timer,
        |_| Event::ConnectFailed,
        |conn| Event::Closed { conn },
        |conn| Event::Keepalive { conn },
        |conn| Event::Keepalive { conn },
        |conn| Event::Update { conn },
        |conn| Event::EndOfRib { conn, family: Family::V4 },
        |conn| Event::EndOfRib { conn, family: Family::V6 },
        |conn| Event::SendBlocked { conn },
        |conn| Event::SendProgress { conn },
        |conn| Event::Fault { conn, fault: Fault::NotSynchronized },
        |conn| Event::Fault { conn, fault: Fault::Version(3) },
        |conn| Event::Fault { conn, fault: Fault::Routes { field: "routes", offset: 1 } },
        |conn| Event::Notification { conn, notification: Cause::COLLISION_RESOLUTION.into() },
        |conn| Event::Notification { conn, notification: Cause::UNSUPPORTED_VERSION.into() },
        |conn| Event::Notification { conn, notification: Notification::new(Cause::HARD_RESET, [6, 2]) },
        |conn| Event::RouteRefresh { conn, refresh: None },
        |conn| Event::RouteRefresh { conn, refresh: Some(refresh(RefreshKind::Request)) },
        |conn| Event::RouteRefresh { conn, refresh: Some(refresh(RefreshKind::Begin)) },
        |conn| Event::RouteRefresh { conn, refresh: Some(refresh(RefreshKind::End)) },
        |_| Event::AskRefresh { family: Family::V6 },
        |_| Event::PrefixLimit { family: Family::V4, limit: 10 },
        |_| Event::BfdDown,
        |_| Event::Stop(Stop::Shutdown(None)),
        |_| Event::Stop(Stop::Reset(None)),
        |_| Event::Stop(Stop::HardReset(None)),
        |_| Event::Stop(Stop::ConfigurationChange),
        |_| Event::Stop(Stop::OutOfResources),
    ];
    let direction = prop_oneof![Just(Direction::Incoming), Just(Direction::Outgoing)];
    let hold = prop_oneof![Just(0u16), 3u16..200];
    let asn = prop_oneof![9 => Just(65002u32), 1 => Just(65003)];
    prop_oneof![
        8 => (prop::sample::select(about), 0..3usize).prop_map(|(event, conn)| Happening::Event(event, conn)),
        4 => (0..3usize, hold, any::<bool>(), any::<bool>(), asn)
            .prop_map(|(conn, hold, restart, notification, asn)| Happening::Open(conn, hold, restart, notification, asn)),
        3 => direction.prop_map(Happening::Connected),
        3 => Just(Happening::Alarm),
    ]
}

fn refresh(kind: RefreshKind) -> RouteRefresh {
    RouteRefresh { family: Family::V4.into(), kind }
}

fn configs() -> impl Strategy<Value = Config> {
    let spans = (0u64..20, 0u64..3, 0u64..5, any::<bool>(), any::<bool>(), any::<bool>());
    spans.prop_map(|(retry, delay, hold, passive, graceful, restarting)| {
        let mut config = Config::new(Asn(65001), RouterId::try_from(1).expect("not zero"), Asn(65002));
        config.passive = passive;
        config.families = Families::BOTH;
        config.connect_retry = Duration::from_secs(retry);
        config.delay_open = Duration::from_secs(delay);
        config.idle_hold = BackOff { first: Duration::from_secs(hold), most: Duration::from_secs(20) };
        config.prefix_limit_hold = passive.then_some(Duration::from_secs(30));
        config.graceful_restart = graceful.then(|| Graceful {
            restart_time: RestartTime::try_from(60).expect("a restart time"),
            kept: Families::BOTH,
            forwarding: Families::V4,
            notification: true,
            stale_time: Duration::from_secs(100),
            restarting: restarting.then_some(Duration::from_secs(90)),
        });
        config
    })
}

fn open(hold: u16, restarted: bool, notification: bool, asn: u32) -> Open {
    let families = [Family::V4, Family::V6];
    let entry = |family: Family| RestartFamily { family: family.into(), forwarding: restarted };
    let restart = GracefulRestart {
        restarted,
        notification,
        time: RestartTime::try_from(50).expect("a restart time"),
        families: families.into_iter().map(entry).collect(),
    };
    let mut capabilities: Vec<Capability> = families.map(|family| Capability::Multiprotocol(family.into())).into();
    capabilities.extend([
        Capability::EnhancedRouteRefresh,
        Capability::RouteRefresh,
        Capability::GracefulRestart(restart),
    ]);
    let hold_time = HoldTime::try_from(hold).expect("0 or 3 and more");
    Open { asn: Asn(asn), hold_time, router_id: RouterId::try_from(2).expect("not zero"), capabilities }
}

/// What the caller of the machine keeps.
#[derive(Default)]
struct Caller {
    now: Time,
    /// Connections that ever were.
    made: u32,
    open: BTreeSet<Conn>,
    dialling: bool,
    up: bool,
}

impl Caller {
    /// The event, the time before it, and the connection that it makes.
    fn event(&mut self, happening: &Happening, state: &State) -> Option<Event> {
        // The last three connections, live or not.
        let conn = |place: usize| Conn(self.made.saturating_sub(place as u32));
        Some(match *happening {
            Happening::Event(event, place) => event(conn(place)),
            Happening::Open(place, hold, restarted, notification, asn) => {
                Event::Open { conn: conn(place), open: Box::new(open(hold, restarted, notification, asn)) }
            }
            Happening::Connected(direction) => {
                self.made += 1;
                self.open.insert(Conn(self.made));
                self.dialling &= direction == Direction::Incoming;
                Event::Connected { conn: Conn(self.made), direction }
            }
            Happening::Alarm => {
                self.now = self.now.max(state.deadline()?);
                Event::Timer
            }
        })
    }

    fn carry_out(&mut self, event: &Event, before: Name, actions: &[Action]) -> Result<(), TestCaseError> {
        match event {
            Event::Closed { conn } => drop(self.open.remove(conn)),
            Event::ConnectFailed => self.dialling = false,
            _ => {}
        }
        for action in actions {
            match action {
                Action::Connect => {
                    prop_assert!(!self.dialling, "connects twice");
                    self.dialling = true;
                }
                Action::CancelConnect => {
                    prop_assert!(self.dialling, "gives up what is not under way");
                    self.dialling = false;
                }
                Action::Send { conn, message } => {
                    prop_assert!(self.open.contains(conn), "sends on a closed connection");
                    let refused = matches!(message, Out::Notification(_));
                    prop_assert!(before != Name::Idle || refused, "opens a session in Idle");
                }
                Action::Close { conn } => prop_assert!(self.open.remove(conn), "closes what is closed"),
                Action::Up(up) => {
                    prop_assert!(!self.up && self.open.contains(&up.conn));
                    self.up = true;
                }
                Action::Down { .. } => {
                    prop_assert!(self.up);
                    self.up = false;
                }
                Action::Resend { .. } | Action::RefreshBegins { .. } => prop_assert!(self.up),
                Action::Failed { .. } => prop_assert!(!self.up),
                Action::SweepStale { .. } | Action::Select { .. } => {}
            }
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn the_machine_keeps_its_word(
        config in configs(),
        seed in any::<u32>(),
        steps in prop::collection::vec((happenings(), 0u64..4000), 0..120),
    ) {
        let mut state = State::new(seed);
        let mut caller = Caller::default();
        for (happening, wait) in steps {
            caller.now = Time(caller.now.0 + wait);
            let before = state.name();
            let Some(event) = caller.event(&happening, &state) else { continue };
            let (next, actions) = step(&config, state, event.clone(), caller.now);
            state = next;
            caller.carry_out(&event, before, &actions)?;

            let held: BTreeSet<Conn> = state.connections().collect();
            prop_assert!(held.len() <= 2);
            prop_assert_eq!(&held, &caller.open, "each open connection is in the state");
            prop_assert_eq!(state.established().is_some(), caller.up);
            prop_assert_eq!(state.name() == Name::Established, caller.up);
            if event == Event::Timer {
                prop_assert!(state.deadline().is_none_or(|due| due > caller.now), "what was due is done");
            }
            if let Name::Idle = state.name() {
                prop_assert!(!caller.dialling);
            }
            let silent = caller.open.is_empty() && !caller.dialling && state.deadline().is_none();
            prop_assert!(!silent || config.passive || state.name() == Name::Idle, "nothing would ever happen again");
        }
    }

    #[test]
    fn the_short_way_is_the_long_way(config in configs(), seed in any::<u32>(), wait in 0u64..2000, hold in 3u16..100) {
        let conn = Conn(1);
        let mut state = State::new(seed);
        for event in [
            Event::Start,
            Event::Connected { conn, direction: Direction::Incoming },
            Event::Timer,
            Event::Open { conn, open: Box::new(open(hold, false, false, 65002)) },
            Event::Keepalive { conn },
        ] {
            state = step(&config, state, event, Time(0)).0;
        }
        let now = Time(wait);
        let (long, actions) = step(&config, state.clone(), Event::Update { conn }, now);
        prop_assert!(actions.is_empty());
        prop_assert!(state.heard(conn, now));
        prop_assert_eq!(&state, &long);
        prop_assert!(!state.heard(Conn(2), now));
    }
}
