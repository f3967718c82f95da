//! The features: what is played, and what must hold whichever daemon plays along.

use crate::lab::{EDGE_ASN, Lab, Options, prefixes, routes};
use crate::speaker::{Community, End, Family, GRACEFUL_SHUTDOWN, Speaker};
use crate::world::{PATIENCE, Place, ask_in, now, signal, wait, within};
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

/// A row of the matrix.
#[derive(Debug)]
pub struct Feature {
    /// The name of its test, as `graceful_restart`.
    pub name: &'static str,
    /// What the book says of it.
    pub title: &'static str,
    /// Looks at what passed between peer and edge, which only root can record.
    pub(crate) reads_wire: bool,
    play: fn(&mut Lab),
}

impl Feature {
    /// All, in the order of the table.
    pub const ALL: &[Self] = &[
        Self::new("establish", "The session is established", establish),
        Self::new("ipv4", "IPv4 routes both ways, and withdrawn", |lab| exchange(lab, Family::V4)),
        Self::new("ipv6", "IPv6 routes both ways over IPv6, and withdrawn", |lab| exchange(lab, Family::V6)),
        Self::new("four_octet_as", "Four-octet AS numbers (RFC 6793)", four_octet_as),
        Self::new("md5", "TCP MD5 (RFC 2385): the right key, not a wrong one", md5),
        Self::new("refresh_from_peer", "Route refresh asked by the peer (RFC 2918)", refresh_from_peer)
            .reading_the_wire(),
        Self::new("refresh_from_edge", "Route refresh asked by the edge", refresh_from_edge).reading_the_wire(),
        Self::new("graceful_restart", "The edge helps a restarting peer (RFC 4724)", graceful_restart),
        Self::new("communities", "Standard, extended and large communities carried both ways", communities),
        Self::new(
            "prefix_limit",
            "Too many prefixes: Cease shown by the peer, back when below (RFC 4486)",
            prefix_limit,
        ),
        Self::new(
            "graceful_shutdown",
            "GRACEFUL_SHUTDOWN lowers LOCAL_PREF, and is shown by the peer (RFC 8326)",
            graceful_shutdown,
        ),
        Self::new(
            "shutdown_message",
            "The peer shows the message of an administrative shutdown (RFC 9003)",
            shutdown_message,
        ),
        Self::new("bfd", "BFD (RFC 5880): the path is cut silently, BGP is down within a second", bfd),
        Self::new("hold_expiry", "A silent peer: Hold Timer Expired, and back", hold_expiry).reading_the_wire(),
        Self::new("collision", "Both sides connect at once, 20 times: one connection stays", collision),
        Self::new("ten_thousand", "10,000 routes both ways, and withdrawn", ten_thousand),
    ];

    const fn new(name: &'static str, title: &'static str, play: fn(&mut Lab)) -> Self {
        Self { name, title, reads_wire: false, play }
    }

    const fn reading_the_wire(self) -> Self {
        Self { reads_wire: true, ..self }
    }

    /// The feature of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|feature| feature.name == name)
    }

    pub(crate) fn play(&self, lab: &mut Lab) {
        (self.play)(lab);
    }
}

fn establish(lab: &mut Lab) {
    lab.establish(Options::plain(Family::V4));
}

fn exchange(lab: &mut Lab, family: Family) {
    lab.exchange(Options::plain(family));
    let Options { peer_asn, far_asn, .. } = lab.options;
    let (peers, fars) = (first(&lab.options.peer_routes), first(&lab.options.far_routes));
    let held = lab.far.held(&peers).expect("the far side holds the peer's route");
    assert_eq!(held.path, [EDGE_ASN, peer_asn], "the peer's route at the far side");
    let held = lab.peer.held(&fars).expect("the peer holds the far side's route");
    assert_eq!(held.path, [EDGE_ASN, far_asn], "the far side's route at the peer");
    lab.options.peer_routes.pop();
    lab.options.far_routes.pop();
    lab.peer.configure(&lab.peer_setup());
    lab.far.configure(&lab.far_setup());
    lab.wait_routes();
}

fn four_octet_as(lab: &mut Lab) {
    let plain = Options::plain(Family::V4);
    lab.exchange(Options { peer_asn: 4_200_000_001, far_asn: 4_200_000_515, ..plain });
    let held = lab.far.held(&first(&lab.options.peer_routes)).expect("the far side holds the peer's route");
    assert_eq!(held.path, [EDGE_ASN, 4_200_000_001]);
    let held = lab.peer.held(&first(&lab.options.far_routes)).expect("the peer holds the far side's route");
    assert_eq!(held.path, [EDGE_ASN, 4_200_000_515]);
}

fn md5(lab: &mut Lab) {
    let plain = Options::plain(Family::V4);
    lab.start(Options {
        edge_key: Some("correct-horse"),
        peer_key: Some("battery-staple"),
        edge_connects: true,
        ..plain
    });
    assert!(!within(Duration::from_secs(4), || lab.edge.established(&lab.at_edge())), "up with a wrong key");
    lab.peer.kill();
    lab.options.peer_key = lab.options.edge_key;
    lab.peer.start(&lab.peer_setup());
    lab.wait_up();
    lab.wait_routes();
}

fn refresh_from_peer(lab: &mut Lab) {
    refresh(lab, |lab| lab.addresses().1, |lab| lab.peer.refresh(&lab.at_peer()));
}

fn refresh_from_edge(lab: &mut Lab) {
    refresh(lab, |lab| lab.addresses().0, |lab| lab.edge.refresh(&lab.at_edge()));
}

/// One side asks, and the other sends again. FRR 8.4 answers only who announces graceful restart (its issue 16126).
fn refresh(lab: &mut Lab, asking: fn(&Lab) -> IpAddr, ask: fn(&Lab)) {
    lab.exchange(Options { restart: true, ..Options::plain(Family::V4) });
    let (edge, peer) = lab.addresses();
    let asking = asking(lab);
    let answering = if asking == edge { peer } else { edge };
    let updates = |lab: &Lab| lab.world.messages(answering, "Update Message").len();
    let mut before = updates(lab);
    // Some daemons say a thing twice at first.
    while within(Duration::from_secs(1), || updates(lab) > before) {
        before = updates(lab);
    }
    ask(lab);
    wait(format!("{asking} asks"), || !lab.world.messages(asking, "Route Refresh Message").is_empty());
    wait(format!("{answering} sends again"), || updates(lab) > before);
    lab.wait_routes();
    assert!(lab.is_up());
}

fn graceful_restart(lab: &mut Lab) {
    lab.exchange(Options { restart: true, ..Options::plain(Family::V4) });
    lab.peer.kill();
    lab.wait_down();
    let all = prefixes(&lab.options.peer_routes);
    let lost = within(Duration::from_secs(2), || lab.far.prefixes(Family::V4) != all);
    assert!(!lost, "routes went while the peer restarts");
    // What it does not announce again is stale, and goes with its End-of-RIB.
    lab.options.peer_routes.pop();
    lab.peer.restart(&lab.peer_setup());
    lab.wait_up();
    lab.wait_routes();
}

fn communities(lab: &mut Lab) {
    let mut options = Options::plain(Family::V4);
    let asn = 65001;
    let peers = [Community::Standard(65001, 7), Community::Target(65001, 77), Community::Large(asn, 70_000, 7)];
    let fars =
        [Community::Standard(65515, 8), Community::Target(65515, 88), Community::Large(4_200_000_515, 1, 80_000)];
    options.peer_routes.truncate(1);
    options.far_routes.truncate(1);
    options.peer_routes.iter_mut().for_each(|route| route.communities = peers.to_vec());
    options.far_routes.iter_mut().for_each(|route| route.communities = fars.to_vec());
    lab.exchange(options);
    let held = lab.far.held(&first(&lab.options.peer_routes)).expect("the far side holds the peer's route");
    assert!(held.communities.is_superset(&BTreeSet::from(peers)), "from the peer: {held:?}");
    let held = lab.peer.held(&first(&lab.options.far_routes)).expect("the peer holds the far side's route");
    assert!(held.communities.is_superset(&BTreeSet::from(fars)), "to the peer: {held:?}");
}

fn prefix_limit(lab: &mut Lab) {
    lab.exchange(Options { limit: Some(20), edge_connects: true, ..Options::plain(Family::V4) });
    lab.options.peer_routes = routes(Family::V4, 10, 30);
    lab.peer.configure(&lab.peer_setup());
    wait("the peer shows the Cease", || lab.peer.saw(&lab.at_peer(), &End::Limit));
    wait("its routes are gone", || lab.far.prefixes(Family::V4).is_empty());
    lab.options.peer_routes.truncate(10);
    lab.peer.configure(&lab.peer_setup());
    assert!(within(2 * PATIENCE, || lab.is_up()), "the session does not return");
    lab.wait_routes();
}

fn graceful_shutdown(lab: &mut Lab) {
    lab.exchange(Options::plain(Family::V4));
    let prefix = first(&lab.options.peer_routes);
    let preference = |lab: &Lab| lab.edge.held(&prefix).and_then(|held| held.local_pref);
    assert_ne!(preference(lab), Some(0));
    lab.options.peer_routes.iter_mut().for_each(|route| route.communities = vec![GRACEFUL_SHUTDOWN]);
    lab.peer.configure(&lab.peer_setup());
    wait("LOCAL_PREF is 0 at the edge", || preference(lab) == Some(0));
    lab.options.far_routes.iter_mut().for_each(|route| route.communities = vec![GRACEFUL_SHUTDOWN]);
    lab.far.configure(&lab.far_setup());
    let fars = first(&lab.options.far_routes);
    let is_shown = |lab: &Lab| lab.peer.held(&fars).is_some_and(|held| held.communities.contains(&GRACEFUL_SHUTDOWN));
    wait("the peer shows it on a route of the far side", || is_shown(lab));
}

fn shutdown_message(lab: &mut Lab) {
    lab.establish(Options::plain(Family::V4));
    let message = "TICKET-42 back at 06:00";
    lab.edge.shut(&lab.at_edge(), message);
    wait("the peer shows the message", || lab.peer.saw(&lab.at_peer(), &End::Shutdown(message)));
    assert!(!lab.edge.established(&lab.at_edge()));
}

fn bfd(lab: &mut Lab) {
    lab.exchange(Options { bfd: true, ..Options::plain(Family::V4) });
    wait("BFD is up at both ends", || lab.edge.bfd_is_up(&lab.at_edge()) && lab.peer.bfd_is_up(&lab.at_peer()));
    assert!(lab.is_up());
    lab.world.cut();
    let cut = now();
    // The hold time is 90 s: what is down this early is down by BFD, after 300 ms of silence.
    let gone = within(Duration::from_secs(1), || !lab.edge.established(&lab.at_edge()));
    assert!(gone, "still up {:?} after the cut", cut.elapsed());
    wait("its routes are gone", || lab.far.prefixes(Family::V4).is_empty());
    lab.world.heal();
    lab.wait_up();
    lab.wait_routes();
}

fn hold_expiry(lab: &mut Lab) {
    lab.exchange(Options { hold: 3, edge_connects: true, ..Options::plain(Family::V4) });
    let (edge, _) = lab.addresses();
    lab.peer.pids().iter().for_each(|pid| signal(*pid, "STOP"));
    lab.wait_down();
    wait("Hold Timer Expired is sent", || {
        lab.world.messages(edge, "Notification Message").iter().any(|line| line.contains("Hold Timer Expired (4)"))
    });
    wait("its routes are gone", || lab.far.prefixes(Family::V4).is_empty());
    lab.peer.pids().iter().for_each(|pid| signal(*pid, "CONT"));
    assert!(within(2 * PATIENCE, || lab.is_up()), "the session does not return");
    lab.wait_routes();
}

fn collision(lab: &mut Lab) {
    lab.establish(Options { edge_connects: true, ..Options::plain(Family::V4) });
    let (_, peer) = lab.addresses();
    let connections = || {
        let filter = format!("dst {peer} and ( sport = :179 or dport = :179 )");
        let args: Vec<&str> = ["-Htn", "state", "established"].into_iter().chain(filter.split(' ')).collect();
        ask_in(Place::Edge, "ss", &args).lines().count()
    };
    for round in 1..=20 {
        lab.peer.kill();
        lab.wait_down();
        // Both connect into a cut path, and come through together when it is whole. Messages wait a little longer, so
        // that daemons which take a second connection have sent an OPEN on both.
        lab.world.cut();
        lab.world.hold_messages();
        lab.peer.start(&lab.peer_setup());
        std::thread::sleep(Duration::from_millis(300));
        lab.world.heal();
        within(Duration::from_millis(1200), || connections() == 2);
        lab.world.release_messages();
        wait(format!("round {round}: one connection, Established at both ends"), || lab.is_up() && connections() == 1);
    }
    lab.wait_routes();
}

fn ten_thousand(lab: &mut Lab) {
    let plain = Options::plain(Family::V4);
    lab.exchange(Options {
        peer_routes: routes(Family::V4, 10, 10_000),
        far_routes: routes(Family::V4, 20, 10_000),
        ..plain
    });
    lab.options.peer_routes.truncate(1);
    lab.options.far_routes.truncate(1);
    lab.peer.configure(&lab.peer_setup());
    lab.far.configure(&lab.far_setup());
    lab.wait_routes();
}

fn first(routes: &[crate::speaker::Route]) -> String {
    routes.first().map(|route| route.prefix.clone()).unwrap_or_default()
}
