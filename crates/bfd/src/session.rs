//! One session: the state variables of RFC 5880 section 6.8.1 and the step from event to actions.
//!
//! The thoughts behind a step are in files of their own: `receive` (packets and silence), `transmit` (when
//! and what to send), `poll` (changes of timing), `state` (the diagram).

use crate::poll::{Poll, Timing};
use crate::remote::Remote;
use crate::timer::Jitter;
use crate::{Action, Change, Config, Diagnostic, Discriminator, Event, Interval, State, Time};
use std::time::Duration;

/// The session with one neighbour over one link. 128 bytes at most, nothing on the heap.
#[derive(Debug, Clone)]
pub struct Session {
    pub(crate) config: Config,
    pub(crate) local: Discriminator,
    pub(crate) state: State,
    pub(crate) diagnostic: Diagnostic,
    pub(crate) poll: Poll,
    /// Packets with P sent in this poll sequence, less the answers.
    pub(crate) unanswered: u8,
    /// When the last packet with P was sent.
    pub(crate) asked: Time,
    pub(crate) advertised: Timing,
    pub(crate) in_use: Timing,
    pub(crate) remote: Remote,
    /// When a packet arrived last, by its stamp.
    pub(crate) heard: Time,
    /// When a packet other than the answer to a poll was sent last.
    pub(crate) sent: Time,
    /// The interval from which `next_transmit` was made.
    pub(crate) pace: Option<Interval>,
    pub(crate) next_transmit: Time,
    /// To when the caller's timers are set, `NEVER` if not.
    pub(crate) transmit_set: Time,
    pub(crate) detect_set: Time,
    pub(crate) jitter: Jitter,
}

impl Session {
    /// A new session in state Down, and its first timer: the first packet is due within a second, at a
    /// moment that the seed decides, so that many sessions opened at once do not speak at once.
    ///
    /// `local` must be unlike that of every other session; [`Demux::bind`](crate::Demux::bind) gives one.
    /// `seed` decides all jitter and should differ between sessions.
    pub fn open(config: Config, local: Discriminator, seed: u64, now: Time) -> (Self, Vec<Action>) {
        let timing = Timing {
            desired_min_tx: Interval::SLOW.max(config.desired_min_tx()),
            required_min_rx: config.required_min_rx(),
        };
        let mut session = Self {
            config,
            local,
            state: State::Down,
            diagnostic: Diagnostic::NONE,
            poll: Poll::Idle,
            unanswered: 0,
            asked: now,
            advertised: timing,
            in_use: timing,
            remote: Remote::UNHEARD,
            heard: now,
            sent: now,
            pace: None,
            next_transmit: Time::NEVER,
            transmit_set: Time::NEVER,
            detect_set: Time::NEVER,
            jitter: Jitter::new(seed),
        };
        session.pace = session.pace_wanted();
        session.next_transmit = now.after_micros(session.jitter.spread(Interval::SLOW));
        let mut actions = Vec::new();
        session.set_transmit_timer(&mut actions);
        (session, actions)
    }

    /// Takes an event in and gives what is to be done about it, in order.
    ///
    /// `now` is the time of the call; it may lie behind an earlier one without harm. At most one
    /// [`Action::StateChanged`], one [`Action::Send`] and one timer of each kind come of a step. Most packets
    /// of a session that is up give nothing, and then nothing is allocated.
    pub fn step(&mut self, event: Event, now: Time) -> Vec<Action> {
        let mut actions = Vec::new();
        let before = self.contents();
        let mut is_asked = false;
        match event {
            Event::Packet(received) => match self.receive(&received, now, &mut actions) {
                Ok(asks) => is_asked = asks,
                Err(discard) => return vec![Action::Discarded(discard)],
            },
            Event::TransmitTimer => self.on_transmit_timer(now, &mut actions),
            Event::DetectTimer { drained } => self.on_detect_timer(drained, now, &mut actions),
            Event::AdminDown => self.go_down(State::AdminDown, Diagnostic::ADMINISTRATIVELY_DOWN, &mut actions),
            Event::AdminUp => match self.state {
                State::AdminDown => self.change_state(State::Down, &mut actions),
                State::Down | State::Init | State::Up => {}
            },
            Event::ConfigChanged(config) => self.config = config,
            Event::PathDown => match self.state {
                State::Init | State::Up => self.go_down(State::Down, Diagnostic::PATH_DOWN, &mut actions),
                State::AdminDown | State::Down => {}
            },
        }
        self.adopt_wishes();
        let is_news = self.contents() != before;
        if is_news && self.is_demand_active() {
            // A neighbour in demand mode must confirm whatever changes (section 6.6).
            self.start_poll();
        }
        if is_asked {
            self.answer_poll(&mut actions);
        } else if is_news {
            self.transmit(now, &mut actions);
        }
        self.follow_pace();
        self.set_transmit_timer(&mut actions);
        self.set_detect_timer(&mut actions);
        actions
    }

    /// Leaves for a state below, and says why. Nothing happens if it is in that state.
    pub(crate) fn go_down(&mut self, to: State, why: Diagnostic, actions: &mut Vec<Action>) {
        if self.state != to {
            self.diagnostic = why;
            self.change_state(to, actions);
        }
    }

    pub(crate) fn change_state(&mut self, to: State, actions: &mut Vec<Action>) {
        let from = self.state;
        if from == to {
            return;
        }
        self.state = to;
        if from == State::Up {
            // A change that waited for an answer waits no longer: see `adopt_wishes`.
            self.poll = Poll::Idle;
        }
        let (diagnostic, remote) = (self.diagnostic, self.remote.state);
        actions.push(Action::StateChanged(Change { from, to, diagnostic, remote }));
    }

    /// The state (bfd.SessionState).
    pub fn state(&self) -> State {
        self.state
    }

    /// Why the session last went down (bfd.LocalDiag).
    pub fn diagnostic(&self) -> Diagnostic {
        self.diagnostic
    }

    /// The neighbour's state as last heard, Down if it is not heard (bfd.RemoteSessionState).
    pub fn remote_state(&self) -> State {
        self.remote.state
    }

    /// Why the neighbour says that its session last went down.
    pub fn remote_diagnostic(&self) -> Diagnostic {
        self.remote.diagnostic
    }

    /// Our discriminator (bfd.LocalDiscr).
    pub fn local_discriminator(&self) -> Discriminator {
        self.local
    }

    /// The neighbour's discriminator, `None` if it is not heard (bfd.RemoteDiscr).
    pub fn remote_discriminator(&self) -> Option<Discriminator> {
        self.remote.discriminator
    }

    /// The wishes, some of which may wait for the neighbour's answer.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// A change of timing waits for the neighbour's answer. A neighbour that never answers keeps it waiting.
    pub fn is_polling(&self) -> bool {
        self.poll == Poll::Asking
    }

    /// The agreed interval between our packets, before jitter; `None` if the neighbour wants none.
    pub fn transmit_interval(&self) -> Option<Duration> {
        self.pace_wanted().map(Duration::from)
    }

    /// Silence after which the neighbour is given up; `None` if it is not heard (section 6.8.4).
    pub fn detection_time(&self) -> Option<Duration> {
        self.remote.is_heard().then(|| Duration::from_micros(self.detection_micros()))
    }

    /// Silence after which the neighbour gives us up, as far as we can tell.
    pub fn remote_detection_time(&self) -> Duration {
        let pace = self.in_use.desired_min_tx.max(self.remote.required_min_rx);
        Duration::from_micros(pace.times(self.config.detect_mult().get()))
    }

    /// When the last packet arrived, by its stamp; `None` if the neighbour is not heard.
    pub fn last_heard(&self) -> Option<Time> {
        self.remote.is_heard().then_some(self.heard)
    }
}
