//! The speaker: domains, peers, and what happens to them.

use crate::alarm::Alarms;
use crate::connection::Connection;
use crate::peer::Entry;
use crate::{Counters, Effect, Notice, Peer, PeerConfig, PeerView};
use bgp_fsm::{Action, Conn, Direction, Event, State, Stop, Time, Up, step};
use bgp_rib::policy::{Export, Import};
use bgp_rib::{DomainId, PeerId, Rib};
use bgp_wire::Families;
use model::{Family, Prefix};
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

/// A routing domain, by the number that the caller gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(pub u32);

/// All peers of a set of routing domains.
#[derive(Debug)]
pub struct Speaker {
    seed: u32,
    pub(crate) tables: Rib,
    domains: BTreeMap<Domain, DomainId>,
    by_tables: HashMap<DomainId, Domain>,
    pub(crate) peers: Vec<Option<Box<Entry>>>,
    pub(crate) by_routes: HashMap<PeerId, Peer>,
    pub(crate) connections: HashMap<Conn, Connection>,
    next_conn: u32,
    alarms: Alarms,
    /// How many peers we wait for after a restart of ours (RFC 4724, section 4.1).
    pub(crate) deferring: usize,
    /// UPDATEs are told of as they come.
    pub(crate) monitored: bool,
    pub(crate) ready: Vec<Conn>,
    pub(crate) ready_routes: Vec<PeerId>,
    effects: Vec<Effect>,
}

impl Speaker {
    /// One without peers. The seed makes jitter and hashes; a secret of the process outside of tests.
    pub fn new(seed: u64) -> Self {
        Self {
            seed: (seed >> 32) as u32 ^ seed as u32,
            tables: Rib::new(seed),
            domains: BTreeMap::new(),
            by_tables: HashMap::new(),
            peers: Vec::new(),
            by_routes: HashMap::new(),
            connections: HashMap::new(),
            next_conn: 0,
            alarms: Alarms::default(),
            deferring: 0,
            monitored: false,
            ready: Vec::new(),
            ready_routes: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// Adds a routing domain; one that is there keeps its tables.
    pub fn add_domain(&mut self, domain: Domain, name: &str) {
        let id = *self.domains.entry(domain).or_insert_with(|| self.tables.add_domain(name));
        self.by_tables.insert(id, domain);
    }

    /// Removes a domain, its peers first.
    pub fn remove_domain(&mut self, domain: Domain, now: Time) {
        let peers: Vec<Peer> = self.peers().filter(|view| view.domain == domain).map(|view| view.peer).collect();
        for peer in peers {
            self.remove_peer(peer, now);
        }
        if let Some(id) = self.domains.remove(&domain) {
            self.by_tables.remove(&id);
            self.tables.remove_domain(id);
        }
    }

    /// Adds a peer, stopped. `false` when the domain is unknown or the number taken.
    pub fn add_peer(&mut self, domain: Domain, peer: Peer, config: PeerConfig) -> bool {
        let Some(&id) = self.domains.get(&domain) else { return false };
        let at = peer.0 as usize;
        if self.peers.len() <= at {
            self.peers.resize_with(at + 1, || None);
        }
        let Some(place @ None) = self.peers.get_mut(at) else { return false };
        let routes = self.tables.add_peer(id, config.routes);
        self.by_routes.insert(routes, peer);
        let restarting = config.session.graceful_restart.is_some_and(|graceful| graceful.restarting.is_some());
        let awaited = if restarting { config.session.families } else { Families::NONE };
        self.deferring += usize::from(awaited != Families::NONE);
        // Peers that were added together must not act together: each its own jitter.
        let seed = self.seed ^ peer.0.wrapping_mul(0x9e37_79b9);
        *place = Some(Box::new(Entry {
            domain,
            name: config.name,
            config: config.session,
            state: State::new(seed),
            routes,
            established: None,
            dialled: None,
            awaited,
            armed: None,
            counters: Counters::default(),
            last: None,
        }));
        true
    }

    /// Removes a peer: its session ends with Cease/3, its routes go.
    pub fn remove_peer(&mut self, peer: Peer, now: Time) {
        self.step(peer, Event::Stop(Stop::Deconfigured), now);
        self.select(peer, Families::BOTH);
        let Some(entry) = self.peers.get_mut(peer.0 as usize).and_then(Option::take) else { return };
        self.by_routes.remove(&entry.routes);
        self.tables.remove_peer(entry.routes);
    }

    /// Starts a session, also one that is held for having exceeded a limit.
    pub fn start(&mut self, peer: Peer, now: Time) {
        self.step(peer, Event::Start, now);
    }

    /// Ends a session.
    pub fn stop(&mut self, peer: Peer, stop: Stop, now: Time) {
        self.step(peer, Event::Stop(stop), now);
    }

    /// Configures a session anew. What was agreed on stays in force until the session is opened again; a
    /// caller that wants the change at once follows up with [`Stop::ConfigurationChange`].
    pub fn configure(&mut self, peer: Peer, config: bgp_fsm::Config) {
        if let Some(entry) = self.entry_mut(peer) {
            entry.config = config;
        }
    }

    /// Judges the routes of a peer by another policy, without ending its session.
    pub fn set_import(&mut self, peer: Peer, import: Import) {
        if let Some(routes) = self.entry_mut(peer).map(|entry| entry.routes) {
            self.tables.set_import(routes, import);
        }
    }

    /// Tells a peer its routes by another policy, without ending its session.
    pub fn set_export(&mut self, peer: Peer, export: Option<Export>) {
        if let Some(routes) = self.entry_mut(peer).map(|entry| entry.routes) {
            self.tables.set_export(routes, export);
        }
    }

    /// Asks a peer for its routes again, if it can be asked (RFC 2918).
    pub fn ask_refresh(&mut self, peer: Peer, family: Family, now: Time) {
        self.step(peer, Event::AskRefresh { family }, now);
    }

    /// Tells a peer all routes of a family again.
    pub fn resend(&mut self, peer: Peer, family: Family) {
        let Some(entry) = self.entry_mut(peer) else { return };
        let Some(established) = entry.state.established() else { return };
        let (routes, enhanced) = (entry.routes, established.terms.enhanced_refresh);
        self.tables.refresh(routes, family, enhanced);
    }

    /// Whether [`Notice::Heard`] tells of each UPDATE.
    pub fn monitor(&mut self, on: bool) {
        self.monitored = on;
    }

    /// A peer has called. `None` for a peer that is unknown: the connection is to be closed.
    pub fn accepted(&mut self, peer: Peer, now: Time) -> Option<Conn> {
        self.entry_mut(peer)?;
        let conn = self.open(peer);
        self.step(peer, Event::Connected { conn, direction: Direction::Incoming }, now);
        Some(conn)
    }

    /// A connection that was asked for has been made.
    pub fn connected(&mut self, conn: Conn, now: Time) {
        if let Some(peer) = self.dialled(conn) {
            self.step(peer, Event::Connected { conn, direction: Direction::Outgoing }, now);
        }
    }

    /// A connection that was asked for could not be made.
    pub fn failed(&mut self, conn: Conn, now: Time) {
        if let Some(peer) = self.dialled(conn) {
            self.connections.remove(&conn);
            self.step(peer, Event::ConnectFailed, now);
        }
    }

    /// A connection was closed or lost by the peer or the network.
    pub fn closed(&mut self, conn: Conn, now: Time) {
        if let Some(connection) = self.connections.remove(&conn) {
            self.step(connection.peer, Event::Closed { conn }, now);
        }
    }

    /// The socket of a connection takes no more (RFC 9687).
    pub fn blocked(&mut self, conn: Conn, now: Time) {
        if let Some(peer) = self.connections.get(&conn).map(|connection| connection.peer) {
            self.step(peer, Event::SendBlocked { conn }, now);
        }
    }

    /// The socket of a connection took some of what waited (RFC 9687).
    pub fn progress(&mut self, conn: Conn, now: Time) {
        if let Some(peer) = self.connections.get(&conn).map(|connection| connection.peer) {
            self.step(peer, Event::SendProgress { conn }, now);
        }
    }

    /// BFD has lost the peer (RFC 5882).
    pub fn bfd_down(&mut self, peer: Peer, now: Time) {
        self.step(peer, Event::BfdDown, now);
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Time) {
        while let Some((at, peer)) = self.alarms.ring(now) {
            let Some(entry) = self.entry_mut(peer) else { continue };
            if entry.armed == Some(at) {
                entry.armed = None;
            }
            match entry.state.deadline() {
                Some(deadline) if deadline <= now => self.step(peer, Event::Timer, now),
                _ => self.arm(peer),
            }
        }
    }

    /// When [`Speaker::tick`] has to be called at the latest; `None` for never.
    pub fn deadline(&self) -> Option<Time> {
        self.alarms.next()
    }

    /// Appends what is to be done outside, in the order in which it came up.
    pub fn drain_effects(&mut self, effects: &mut Vec<Effect>) {
        effects.append(&mut self.effects);
    }

    /// From now on keeps account of what packets follow in a domain, see [`Rib::forward`].
    pub fn forward(&mut self, domain: Domain) {
        if let Some(&id) = self.domains.get(&domain) {
            self.tables.forward(id, true);
        }
    }

    /// Whether [`Speaker::forwarding`] would tell anything. It does not while peers are waited for after a restart
    /// (RFC 4724, section 4.1): until then packets follow what they followed before.
    pub fn has_forwarding(&self) -> bool {
        self.deferring == 0 && self.tables.has_forwarding()
    }

    /// Tells what packets follow otherwise than before, of `limit` prefixes at most, see [`Rib::forwarding`].
    pub fn forwarding(&mut self, limit: usize, mut take: impl FnMut(Domain, Prefix, &[IpAddr])) {
        if self.deferring == 0 {
            let by_tables = &self.by_tables;
            self.tables.forwarding(limit, |id, prefix, hops| {
                if let Some(&domain) = by_tables.get(&id) {
                    take(domain, prefix, hops);
                }
            });
        }
    }

    /// The tables, for questions.
    pub fn tables(&self) -> &Rib {
        &self.tables
    }

    /// The tables, for routes of our own.
    pub fn tables_mut(&mut self) -> &mut Rib {
        &mut self.tables
    }

    /// The id of a domain in the tables.
    pub fn domain(&self, domain: Domain) -> Option<DomainId> {
        self.domains.get(&domain).copied()
    }

    /// One peer.
    pub fn peer(&self, peer: Peer) -> Option<PeerView<'_>> {
        let entry = self.peers.get(peer.0 as usize)?.as_deref()?;
        Some(view(peer, entry))
    }

    /// All peers in the order of their numbers.
    pub fn peers(&self) -> impl Iterator<Item = PeerView<'_>> {
        let all = self.peers.iter().enumerate();
        all.filter_map(|(at, entry)| Some(view(Peer(u32::try_from(at).ok()?), entry.as_deref()?)))
    }

    pub(crate) fn entry_mut(&mut self, peer: Peer) -> Option<&mut Entry> {
        self.peers.get_mut(peer.0 as usize)?.as_deref_mut()
    }

    /// Gives the state machine an event and does what it says.
    pub(crate) fn step(&mut self, peer: Peer, event: Event, now: Time) {
        let Some(entry) = self.entry_mut(peer) else { return };
        let state = std::mem::replace(&mut entry.state, State::new(0));
        let (state, actions) = step(&entry.config, state, event, now);
        entry.state = state;
        for action in actions {
            self.act(peer, action, now);
        }
        self.arm(peer);
    }

    fn arm(&mut self, peer: Peer) {
        let Some(Some(entry)) = self.peers.get_mut(peer.0 as usize) else { return };
        self.alarms.set(peer, &mut entry.armed, entry.state.deadline());
    }

    fn act(&mut self, peer: Peer, action: Action, now: Time) {
        match action {
            Action::Connect => {
                let conn = self.open(peer);
                if let Some(entry) = self.entry_mut(peer) {
                    entry.dialled = Some(conn);
                }
                self.effects.push(Effect::Connect { peer, conn });
            }
            Action::CancelConnect => {
                if let Some(conn) = self.entry_mut(peer).and_then(|entry| entry.dialled.take()) {
                    self.connections.remove(&conn);
                    self.effects.push(Effect::Close { conn, last: Vec::new() });
                }
            }
            Action::Send { conn, message } => self.say(conn, &message),
            Action::Close { conn } => {
                if let Some(connection) = self.connections.remove(&conn) {
                    self.effects.push(Effect::Close { conn, last: connection.control });
                }
            }
            Action::Up(up) => self.up(peer, up),
            Action::Down { keep, reason } => {
                let Some(entry) = self.entry_mut(peer) else { return };
                entry.established = None;
                entry.counters.downs += 1;
                entry.last = Some((now, reason.clone()));
                let routes = entry.routes;
                self.tables.down(routes, keep);
                self.notice(Notice::Down { peer, reason, keep });
            }
            Action::Failed { reason } => {
                if let Some(entry) = self.entry_mut(peer) {
                    entry.last = Some((now, reason.clone()));
                }
                self.notice(Notice::Failed { peer, reason });
            }
            Action::SweepStale { families } => {
                if let Some(routes) = self.entry_mut(peer).map(|entry| entry.routes) {
                    self.tables.sweep_stale(routes, families);
                }
            }
            Action::Select { families } => self.select(peer, families),
            Action::Resend { family } => self.resend(peer, family),
            Action::RefreshBegins { family } => {
                if let Some(routes) = self.entry_mut(peer).map(|entry| entry.routes) {
                    self.tables.mark_stale(routes, family);
                }
            }
        }
    }

    fn up(&mut self, peer: Peer, up: Up) {
        let Some(entry) = self.entry_mut(peer) else { return };
        let Some(router_id) = entry.state.established().map(|established| established.terms.theirs.router_id) else {
            return;
        };
        entry.established = Some(up.conn);
        entry.counters.ups += 1;
        let routes = entry.routes;
        if let Some(connection) = self.connections.get_mut(&up.conn) {
            connection.extended = up.session.receive_extended;
        }
        self.tables.up(routes, &up.session, router_id);
        self.notice(Notice::Up { peer });
        // End-of-RIB is due even where there is no route.
        self.make_ready(up.conn);
    }

    /// Routes of these families are no longer waited for before others are told of any (RFC 4724, section 4.1).
    fn select(&mut self, peer: Peer, families: Families) {
        let Some(entry) = self.entry_mut(peer) else { return };
        let before = entry.awaited;
        let still = |is_awaited: bool, is_here: bool| is_awaited && !is_here;
        entry.awaited = Families { v4: still(before.v4, families.v4), v6: still(before.v6, families.v6) };
        if before != Families::NONE && entry.awaited == Families::NONE {
            self.deferring -= 1;
            if self.deferring == 0 {
                let established: Vec<Conn> =
                    self.peers.iter().flatten().filter_map(|entry| entry.established).collect();
                established.into_iter().for_each(|conn| self.make_ready(conn));
            }
        }
    }

    pub(crate) fn notice(&mut self, notice: Notice) {
        self.effects.push(Effect::Notice(notice));
    }

    /// A new connection of a peer. Numbers run around, past those that are still in use.
    fn open(&mut self, peer: Peer) -> Conn {
        let mut conn = Conn(self.next_conn);
        while self.connections.contains_key(&conn) {
            conn = Conn(conn.0.wrapping_add(1));
        }
        self.next_conn = conn.0.wrapping_add(1);
        self.connections.insert(conn, Connection::new(peer));
        conn
    }

    /// Whose outgoing connection this is; it is no longer being made.
    fn dialled(&mut self, conn: Conn) -> Option<Peer> {
        let peer = self.connections.get(&conn)?.peer;
        self.entry_mut(peer)?.dialled.take_if(|dialled| *dialled == conn).map(|_| peer)
    }
}

fn view(peer: Peer, entry: &Entry) -> PeerView<'_> {
    PeerView {
        peer,
        domain: entry.domain,
        name: &entry.name,
        config: &entry.config,
        state: &entry.state,
        routes: entry.routes,
        counters: entry.counters,
        last: entry.last.as_ref(),
    }
}
