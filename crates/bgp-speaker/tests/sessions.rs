//! Two speakers and a cable: sessions come up, carry routes, and end for the right reasons.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod net;

use bgp_fsm::{Name, Reason, Stop};
use bgp_rib::RouteFilter;
use bgp_speaker::{Domain, Notice, Peer, PeerConfig, Speaker};
use bgp_wire::{AttributeSet, Cause, Families, HoldTime, Origin, RouterId, ShutdownText};
use model::{Asn, Family, Prefix, Value};
use net::{End, Net};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const DOMAIN: Domain = Domain(0);
const OTHER: Peer = Peer(0);
const EDGE: End = (0, OTHER);
const CUSTOMER: End = (1, OTHER);

fn config(node: u8, local: u32, remote: u32) -> PeerConfig {
    let [ours, theirs] = if node == 0 { [2, 1] } else { [1, 2] };
    let address = |host| Ipv4Addr::new(192, 0, 2, host);
    let router_id = RouterId::try_from(u32::from(address(ours))).unwrap();
    let mut session = bgp_fsm::Config::new(Asn(local), router_id, Asn(remote));
    session.hold_time = HoldTime::try_from(9).unwrap();
    session.families = Families::BOTH;
    let mut routes = bgp_rib::PeerConfig::new(IpAddr::V4(address(theirs)), Asn(remote), Asn(local));
    routes.router_id = address(ours);
    routes.next_hop4 = Some(address(ours));
    PeerConfig { name: format!("node-{node}"), session, routes }
}

fn speaker(node: u8, config: PeerConfig) -> Speaker {
    let mut speaker = Speaker::new(u64::from(node) + 1);
    speaker.add_domain(DOMAIN, "private");
    assert!(speaker.add_peer(DOMAIN, OTHER, config));
    speaker
}

/// An edge of AS 12076 and a customer of AS 65001, not started.
fn pair(change: impl Fn(usize, &mut PeerConfig)) -> Net {
    let mut configs = [config(0, 12076, 65001), config(1, 65001, 12076)];
    configs.iter_mut().enumerate().for_each(|(node, config)| change(node, config));
    let [edge, customer] = configs;
    let mut net = Net::new(vec![speaker(0, edge), speaker(1, customer)]);
    net.join(EDGE, CUSTOMER);
    net
}

fn start(net: &mut Net) {
    for node in &mut net.nodes {
        node.start(OTHER, net.now);
    }
}

fn state(net: &Net, (node, peer): End) -> Name {
    net.nodes[node].peer(peer).unwrap().state.name()
}

fn originate(net: &mut Net, node: usize, prefix: &str) {
    let domain = net.nodes[node].domain(DOMAIN).unwrap();
    let attributes = AttributeSet::new(Origin::Igp, Vec::new());
    net.nodes[node].tables_mut().originate(domain, Prefix::parse(prefix).unwrap(), &attributes, None);
}

fn table(net: &Net, node: usize) -> Vec<String> {
    let speaker = &net.nodes[node];
    let routes =
        speaker.tables().routes(speaker.domain(DOMAIN).unwrap(), Family::V4, &RouteFilter::default(), None, 100);
    routes.iter().map(|route| route.prefix.to_string()).collect()
}

fn downs(net: &Net, node: usize) -> Vec<Reason> {
    let notices = net.notices.iter().filter(|(_, at, _)| *at == node);
    notices
        .filter_map(|(_, _, notice)| match notice {
            Notice::Down { reason, .. } => Some(reason.clone()),
            _ => None,
        })
        .collect()
}

#[test]
fn both_ends_calling_at_once_come_up_with_one_connection() {
    let mut net = pair(|_, _| {});
    start(&mut net);
    net.run(Duration::from_secs(20));
    for end in [EDGE, CUSTOMER] {
        assert_eq!(state(&net, end), Name::Established);
        assert_eq!(net.nodes[end.0].peer(end.1).unwrap().state.connections().count(), 1);
    }
}

#[test]
fn routes_reach_the_other_side_and_leave_it_when_withdrawn() {
    let mut net = pair(|node, config| config.session.passive = node == 0);
    originate(&mut net, 0, "10.1.0.0/16");
    originate(&mut net, 1, "10.200.0.0/16");
    start(&mut net);
    net.run(Duration::from_secs(20));
    for node in 0..2 {
        assert_eq!(table(&net, node), ["10.1.0.0/16", "10.200.0.0/16"]);
    }
    let domain = net.nodes[1].domain(DOMAIN).unwrap();
    net.nodes[1].tables_mut().withdraw(domain, Prefix::parse("10.200.0.0/16").unwrap());
    net.run(Duration::from_secs(1));
    assert_eq!(table(&net, 0), ["10.1.0.0/16"]);
}

#[test]
fn silence_ends_the_session_after_the_hold_time_and_takes_its_routes() {
    let mut net = pair(|_, _| {});
    originate(&mut net, 1, "10.200.0.0/16");
    start(&mut net);
    net.run(Duration::from_secs(20));
    net.cut(EDGE, true);
    // Something was heard within the last third of the hold time of 9 s: too early after 5 s, time after 10.
    net.run(Duration::from_secs(5));
    assert_eq!(table(&net, 0), ["10.200.0.0/16"]);
    net.run(Duration::from_secs(5));
    assert_ne!(state(&net, EDGE), Name::Established);
    assert!(table(&net, 0).is_empty());
    assert!(matches!(&downs(&net, 0)[..], [Reason::Sent(sent)] if sent.cause == Cause::HOLD_TIMER_EXPIRED));
    net.cut(EDGE, false);
    net.run(Duration::from_secs(300));
    assert_eq!(state(&net, EDGE), Name::Established);
    assert_eq!(table(&net, 0), ["10.200.0.0/16"]);
}

#[test]
fn a_peer_of_another_as_is_told_so_and_nothing_comes_up() {
    let mut net = pair(|node, config| {
        if node == 0 {
            config.session.peer_asn = Asn(65002);
        }
    });
    start(&mut net);
    net.run(Duration::from_secs(60));
    let told = net.notices.iter().any(|(_, node, notice)| {
        *node == 1
            && matches!(notice, Notice::Failed { reason: Reason::Received(heard), .. } if heard.cause == Cause::BAD_PEER_AS)
    });
    assert!(told, "{:?}", net.notices);
    assert_ne!(state(&net, EDGE), Name::Established);
}

#[test]
fn a_shutdown_tells_its_text_and_holds_until_it_is_lifted() {
    let mut net = pair(|_, _| {});
    start(&mut net);
    net.run(Duration::from_secs(20));
    let now = net.now;
    let text = ShutdownText::try_from("maintenance until 04:00").unwrap();
    net.nodes[0].stop(OTHER, Stop::Shutdown(Some(text)), now);
    net.run(Duration::from_secs(300));
    let heard = downs(&net, 1);
    assert!(
        matches!(&heard[..], [Reason::Received(heard)] if heard.text().unwrap().as_str() == "maintenance until 04:00")
    );
    assert_eq!(state(&net, EDGE), Name::Idle);
    let now = net.now;
    net.nodes[0].start(OTHER, now);
    net.run(Duration::from_secs(300));
    assert_eq!(state(&net, EDGE), Name::Established);
}

#[test]
fn a_reset_connection_is_made_again() {
    let mut net = pair(|_, _| {});
    originate(&mut net, 1, "10.200.0.0/16");
    start(&mut net);
    net.run(Duration::from_secs(20));
    for _ in 0..5 {
        net.reset(EDGE);
        assert!(table(&net, 0).is_empty());
        net.run(Duration::from_secs(300));
        assert_eq!(table(&net, 0), ["10.200.0.0/16"], "{:?}", net.notices);
    }
}
