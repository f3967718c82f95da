//! Two workers over real sockets: a session comes up, a table crosses, the end of one is seen by the other.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

use bgp_fsm::Stop;
use bgp_rib::RouteFilter;
use bgp_speaker::{Domain, Peer, PeerConfig, Speaker};
use bgp_wire::{AttributeSet, Families, Origin, RouterId};
use edge::clock::Clock;
use edge::worker::{Request, Worker};
use model::{Asn, Family, Prefix};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

const DOMAIN: Domain = Domain(0);
const PEER: Peer = Peer(0);
const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;

fn worker(clock: Clock, local: Asn, remote: Asn) -> Worker {
    let router_id = RouterId::try_from(local.0).unwrap();
    let mut session = bgp_fsm::Config::new(local, router_id, remote);
    session.families = Families::V4;
    session.passive = local.0 == 12076;
    let mut routes = bgp_rib::PeerConfig::new(IpAddr::V4(HERE), remote, local);
    routes.next_hop4 = Some(Ipv4Addr::new(192, 0, 2, 1));
    let mut speaker = Speaker::new(local.0.into());
    speaker.add_domain(DOMAIN, "private");
    assert!(speaker.add_peer(DOMAIN, PEER, PeerConfig { name: "other".to_owned(), session, routes }));
    Worker::start(format!("as{local}"), speaker, clock, Box::new(|_, _| ())).unwrap()
}

fn count(worker: &Worker) -> u32 {
    let count = worker.ask(|speaker, _| {
        let routes = speaker.peer(PEER).unwrap().routes;
        speaker.tables().counts(routes).v4.received
    });
    count.unwrap()
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..1000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("{what} did not come about");
}

#[test]
fn a_table_crosses_and_goes_when_its_session_ends() {
    const ROUTES: u32 = 20_000;
    let clock = Clock::start();
    let [edge, customer] =
        [(12076, 65001), (65001, 12076)].map(|(local, remote)| worker(clock, Asn(local), Asn(remote)));
    let listener = TcpListener::bind((HERE, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    customer.send(Request::Dial { peer: PEER, dial: Box::new(move || TcpStream::connect(address)) }).unwrap();
    let originate = |speaker: &mut Speaker| {
        let domain = speaker.domain(DOMAIN).unwrap();
        for n in 0..ROUTES {
            let prefix = Prefix::new(Ipv4Addr::from(0x0a00_0000 + (n << 8)).into(), 24).unwrap();
            speaker.tables_mut().originate(domain, prefix, &AttributeSet::new(Origin::Igp, Vec::new()), None);
        }
    };
    customer.ask(move |speaker, _| originate(speaker)).unwrap();
    for worker in [&edge, &customer] {
        worker.ask(|speaker, now| speaker.start(PEER, now)).unwrap();
    }
    let (stream, _) = listener.accept().unwrap();
    edge.send(Request::Accepted { peer: PEER, stream }).unwrap();
    eventually("the whole table", || count(&edge) == ROUTES);

    let first = edge.ask(|speaker, _| {
        let domain = speaker.domain(DOMAIN).unwrap();
        speaker.tables().routes(domain, Family::V4, &RouteFilter::default(), None, 1)
    });
    assert_eq!(first.unwrap()[0].prefix.to_string(), "10.0.0.0/24");

    customer.ask(|speaker, now| speaker.stop(PEER, Stop::Shutdown(None), now)).unwrap();
    eventually("the end of the routes", || count(&edge) == 0);
    edge.stop().unwrap();
    customer.stop().unwrap();
}
