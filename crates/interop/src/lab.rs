//! Three speakers in a row: the peer that the cell is about, the edge, and the far side.

use crate::speaker::{Family, Route, Session, Setup, Speaker};
use crate::speakers::Bird;
use crate::world::{Place, World, wait};
use std::collections::BTreeSet;
use std::net::IpAddr;

/// The AS of the edge.
pub(crate) const EDGE_ASN: u32 = 12076;

/// What differs between cells. The default is a plain IPv4 session that the peer opens, with three routes each way.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    /// Addresses and routes of this family on all sessions.
    pub(crate) family: Family,
    /// AS of the peer.
    pub(crate) peer_asn: u32,
    /// AS of the far side.
    pub(crate) far_asn: u32,
    /// Key of the session, as the edge has it.
    pub(crate) edge_key: Option<&'static str>,
    /// Key of the session, as the peer has it.
    pub(crate) peer_key: Option<&'static str>,
    /// Hold time of both sides in seconds.
    pub(crate) hold: u16,
    /// The edge opens the session too.
    pub(crate) edge_connects: bool,
    /// BFD on the session.
    pub(crate) bfd: bool,
    /// Graceful restart on the session.
    pub(crate) restart: bool,
    /// Most prefixes that the edge takes from the peer.
    pub(crate) limit: Option<u32>,
    /// What the peer announces.
    pub(crate) peer_routes: Vec<Route>,
    /// What the far side announces.
    pub(crate) far_routes: Vec<Route>,
}

impl Options {
    /// The plain session, in a family.
    pub(crate) fn plain(family: Family) -> Self {
        Self {
            family,
            peer_asn: 65001,
            far_asn: 65515,
            edge_key: None,
            peer_key: None,
            hold: 90,
            edge_connects: false,
            bfd: false,
            restart: false,
            limit: None,
            peer_routes: routes(family, 10, 3),
            far_routes: routes(family, 20, 3),
        }
    }
}

/// The first `count` routes of a block: `10.<block>...` or `2001:db8:<block>...`, no communities.
pub(crate) fn routes(family: Family, block: u8, count: u16) -> Vec<Route> {
    let prefix = |number: u16| match family {
        Family::V4 => format!("{block}.{}.{}.0/24", number >> 8, number & 255),
        Family::V6 => format!("2001:db8:{block}00:{number:x}::/64").replace(":0::", "::"),
    };
    (0..count).map(|number| Route { prefix: prefix(number), communities: Vec::new() }).collect()
}

/// The prefixes of routes.
pub(crate) fn prefixes(routes: &[Route]) -> BTreeSet<String> {
    routes.iter().map(|route| route.prefix.clone()).collect()
}

/// The running cell.
pub(crate) struct Lab {
    /// Wires and namespaces.
    pub(crate) world: World,
    /// The daemon that the cell is about.
    pub(crate) peer: Box<dyn Speaker>,
    /// The edge, or what stands in for it.
    pub(crate) edge: Box<dyn Speaker>,
    /// The far side.
    pub(crate) far: Bird,
    /// What the cell asked for last.
    pub(crate) options: Options,
}

impl Lab {
    /// A world with nothing running yet.
    pub(crate) fn new(edge: Box<dyn Speaker>, peer: Box<dyn Speaker>) -> Self {
        Self { world: World::build(), peer, edge, far: Bird::new(Place::Far), options: Options::plain(Family::V4) }
    }

    /// Starts all three; the peer last, so that its first connect meets an open port.
    pub(crate) fn start(&mut self, options: Options) {
        self.options = options;
        self.far.start(&self.far_setup());
        self.edge.start(&self.edge_setup());
        self.peer.start(&self.peer_setup());
    }

    /// Starts all three and waits until both sessions of the edge stand.
    pub(crate) fn establish(&mut self, options: Options) {
        self.start(options);
        self.wait_up();
    }

    /// Starts all three, and waits until peer and far side hold exactly each other's routes.
    pub(crate) fn exchange(&mut self, options: Options) {
        self.establish(options);
        self.wait_routes();
    }

    /// Waits until both ends of the peer's session call it Established.
    pub(crate) fn wait_up(&self) {
        wait("the session is Established at both ends", || self.is_up());
    }

    /// Whether both ends of the peer's session call it Established.
    pub(crate) fn is_up(&self) -> bool {
        self.edge.established(&self.at_edge()) && self.peer.established(&self.at_peer())
    }

    /// Waits until the session is down at the edge.
    pub(crate) fn wait_down(&self) {
        wait("the session is down at the edge", || !self.edge.established(&self.at_edge()));
    }

    /// Waits until peer and far side hold exactly each other's routes.
    pub(crate) fn wait_routes(&self) {
        let Options { family, peer_routes, far_routes, .. } = &self.options;
        wait("the far side holds the peer's routes", || self.far.prefixes(*family) == prefixes(peer_routes));
        wait("the peer holds the far side's routes", || self.peer.prefixes(*family) == prefixes(far_routes));
    }

    /// The peer's session as the edge sees it.
    pub(crate) fn at_edge(&self) -> Session {
        let Options { peer_asn, edge_key, edge_connects, limit, .. } = self.options;
        let (local, remote) = self.addresses();
        Session {
            name: "peer",
            md5: edge_key.map(str::to_owned),
            passive: !edge_connects,
            limit,
            ..self.plain(local, remote, peer_asn)
        }
    }

    /// The peer's session as the peer sees it.
    pub(crate) fn at_peer(&self) -> Session {
        let (remote, local) = self.addresses();
        Session { name: "edge", md5: self.options.peer_key.map(str::to_owned), ..self.plain(local, remote, EDGE_ASN) }
    }

    /// The configuration of the peer.
    pub(crate) fn peer_setup(&self) -> Setup {
        let Options { peer_asn, peer_routes, .. } = &self.options;
        let sessions = vec![self.at_peer()];
        Setup { asn: *peer_asn, router_id: "192.0.2.2", sessions, routes: peer_routes.clone() }
    }

    /// The configuration of the edge.
    pub(crate) fn edge_setup(&self) -> Setup {
        let Options { family, far_asn, .. } = &self.options;
        let (local, remote) = match family {
            Family::V4 => ("198.51.100.1", "198.51.100.2"),
            Family::V6 => ("2001:db8:2::1", "2001:db8:2::2"),
        };
        let far = Session { name: "far", ..quiet(address(local), address(remote), *far_asn) };
        Setup { asn: EDGE_ASN, router_id: "192.0.2.1", sessions: vec![self.at_edge(), far], routes: Vec::new() }
    }

    /// The configuration of the far side.
    pub(crate) fn far_setup(&self) -> Setup {
        let Options { family, far_asn, far_routes, .. } = &self.options;
        let (local, remote) = match family {
            Family::V4 => ("198.51.100.2", "198.51.100.1"),
            Family::V6 => ("2001:db8:2::2", "2001:db8:2::1"),
        };
        let session = Session { name: "edge", passive: false, ..quiet(address(local), address(remote), EDGE_ASN) };
        let routes = far_routes.clone();
        Setup { asn: *far_asn, router_id: "198.51.100.2", sessions: vec![session], routes }
    }

    /// The edge's address and the peer's.
    pub(crate) fn addresses(&self) -> (IpAddr, IpAddr) {
        match self.options.family {
            Family::V4 => (address("192.0.2.1"), address("192.0.2.2")),
            Family::V6 => (address("2001:db8:1::1"), address("2001:db8:1::2")),
        }
    }

    fn plain(&self, local: IpAddr, remote: IpAddr, remote_asn: u32) -> Session {
        let Options { hold, bfd, restart, .. } = self.options;
        Session { hold, bfd, restart, passive: false, ..quiet(local, remote, remote_asn) }
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address written in this file")
}

/// A session with nothing special, that waits for the other side to connect.
fn quiet(local: IpAddr, remote: IpAddr, remote_asn: u32) -> Session {
    let (md5, limit) = (None, None);
    Session { name: "", local, remote, remote_asn, md5, hold: 90, passive: true, bfd: false, restart: false, limit }
}
