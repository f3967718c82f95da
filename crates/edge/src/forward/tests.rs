//! From a configuration and changes of tables to what a data plane is told, in which order.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use super::forwarder::Changes;
use super::testing::Told;
use super::{Forwarding, start};
use crate::config::{Config, Domain};
use dataplane::{DomainId, DpEvent, IfHandle};
use std::net::IpAddr;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const ID: DomainId = DomainId(7);

const HEAD: &str = "name = 'e'\nrouter-id = '10.0.0.1'\nlisten = []\n[dataplane]\nport = 'eth1'\ncloud = '192.0.2.1'\n";

const DOMAIN: &str = "[[domain]]\nname = 'd'\npeering = 'private'\nnamespace = 'tp-e-10-100'\nkernel-routes = true\n\
    [domain.attach]\ns-tag = 10\nc-tag = 100\naddresses = ['10.0.1.2/30']\nrate-mbps = 50\n\
    [[domain.peer]]\nname = 'ce'\naddress = '10.0.1.1'\nasn = '65010'\n";

const TUNNEL: &str = "[[domain.tunnel]]\nvni = 8\nremote = '192.0.2.20'\naddresses = ['100.64.0.33/30']\n\
    [[domain.peer]]\nname = 'gw'\naddress = '100.64.0.34'\nasn = '65515'\nrole = 'gateway'\n";

fn config(domain: &str) -> Config {
    let mut no_files = |_: &std::path::Path| Err(std::io::Error::other("no files"));
    let text = format!("{HEAD}{domain}");
    Config::parse("edge.toml", &text, catalog::Catalog::builtin(), &mut no_files).unwrap_or_else(|bad| panic!("{bad}"))
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A forwarding of one domain, of which nothing is told yet.
fn of(text: &str) -> (Arc<Told>, Arc<Forwarding>) {
    let plane = Arc::new(Told::new());
    let forwarding = Arc::new(Forwarding::new(plane.clone(), catalog::Catalog::builtin()));
    let config = config(text);
    forwarding.add(ID, &config.domains[0], &config).unwrap();
    (plane, forwarding)
}

fn changes(prefixes: impl IntoIterator<Item = String>, hops: &[&str]) -> Changes {
    let hops: Vec<IpAddr> = hops.iter().map(|hop| ip(hop)).collect();
    let mut changes = Changes::default();
    prefixes.into_iter().for_each(|prefix| changes.add(ID, prefix.parse().unwrap(), &hops));
    changes
}

fn many() -> impl Iterator<Item = String> {
    (0..1000).map(|n| format!("10.{}.{}.0/24", 8 + n / 250, n % 250))
}

#[test]
fn a_domain_is_made_before_it_is_used_and_keeps_what_does_not_change() {
    let (plane, forwarding) = of(&format!("{DOMAIN}{TUNNEL}"));
    assert_eq!(
        plane.take(),
        [
            "domain 7 is tp-e-10-100",
            "domain 7: vlan 10.100 of port 0 is 1, [10.0.1.2/30]",
            "domain 7: rate Some(50000000)",
            "domain 7: vni 8 to 192.0.2.20 of port 1 is 2, [100.64.0.33/30]",
            "domain 7: rate Some(50000000)",
        ]
    );
    forwarding.apply(&changes(["10.1.0.0/16".to_owned()], &["100.64.0.34"]));
    assert_eq!(plane.take(), ["domain 7: group [100.64.0.34%2]", "domain 7: 1 routes come, 0 go"]);
    // The gateway goes, and with it its tunnel; who was reached over it is reached no more.
    let without = config(DOMAIN);
    forwarding.change(ID, &without.domains[0], &without).unwrap();
    let told = plane.take();
    assert!(
        told.contains(&"domain 7: 2 goes".to_owned()) && told.ends_with(&["domain 7: group []".to_owned()]),
        "{told:?}"
    );
    forwarding.remove(ID).unwrap();
    assert_eq!(plane.take(), ["domain 7 goes"]);
}

#[test]
fn a_lent_namespace_is_left_when_its_domain_goes() {
    let lent = "[[domain]]\nname = 'vnet'\npeering = 'open'\nnamespace = 'gw'\nkernel-routes = true\n";
    let (plane, forwarding) = of(&format!("{lent}{}", TUNNEL.replace("role = 'gateway'", "role = 'open'")));
    plane.take();
    forwarding.clear();
    assert_eq!(plane.take(), ["domain 7: all routes are 0", "domain 7: 1 goes"]);
}

#[test]
fn a_lost_path_is_one_group_however_many_routes_there_are() {
    let (plane, forwarding) = of(&format!("{DOMAIN}{TUNNEL}"));
    forwarding.apply(&changes(many(), &["10.0.1.1"]));
    plane.take();
    let (groups, _) = forwarding.lose(ID, ip("10.0.1.1"), Instant::now()).unwrap();
    assert_eq!((groups, plane.take()), (1, vec!["domain 7: group []".to_owned()]));
    assert!(forwarding.lose(ID, ip("10.0.1.1"), Instant::now()).is_none(), "once is enough");
    // BGP hears of it, and takes the routes away.
    forwarding.apply(&changes(many(), &[]));
    assert_eq!(plane.take(), ["domain 7: 0 routes come, 1000 go"]);
    // It comes back: first the path, then the routes.
    forwarding.find(ID, ip("10.0.1.1"));
    forwarding.apply(&changes(many(), &["10.0.1.1"]));
    assert_eq!(plane.take(), ["domain 7: group [10.0.1.1%1]", "domain 7: 1000 routes come, 0 go"]);
    assert_eq!(forwarding.switches.read().1, 1);
}

#[test]
fn a_link_that_goes_down_takes_its_peers_with_it_after_the_packets() {
    let (plane, forwarding) = of(&format!("{DOMAIN}{TUNNEL}"));
    forwarding.apply(&changes(many(), &["10.0.1.1"]));
    plane.take();
    let events = forwarding.events();
    let order: Arc<Mutex<Vec<String>>> = Arc::default();
    let link = IfHandle { domain: ID, index: 1 };
    plane.happen(&DpEvent::LinkDown(link));
    plane.happen(&DpEvent::LinkUp(link));
    plane.happen(&DpEvent::Overrun(ID));
    // The sender lives as long as the plane; a watcher that is told no more would wait.
    let (told, seen, watching) = (plane.clone(), order.clone(), forwarding.clone());
    let done = Arc::new(Mutex::new(false));
    let is_done = done.clone();
    std::thread::spawn(move || {
        watching.watch(&events, |_, gateway| {
            seen.lock().unwrap().extend(told.take());
            seen.lock().unwrap().push(format!("bgp loses {gateway}"));
        });
        *is_done.lock().unwrap() = true;
    });
    let wanted = ["domain 7: group []", "bgp loses 10.0.1.1"];
    let end = Instant::now() + Duration::from_secs(20);
    while order.lock().unwrap().len() < wanted.len() || plane.log.lock().unwrap().len() < 2 {
        assert!(Instant::now() < end, "{:?}", order.lock().unwrap());
        std::thread::yield_now();
    }
    assert_eq!(*order.lock().unwrap(), wanted);
    assert_eq!(plane.take(), ["domain 7: group [10.0.1.1%1]", "domain 7: all routes are 1000"]);
}

#[test]
fn microsoft_peering_refuses_private_sources_and_has_classes() {
    let microsoft = DOMAIN.replace("'private'", "'microsoft'\nadvertised-prefixes = []");
    let (plane, _) = of(&microsoft);
    let told = plane.take();
    assert!(told.contains(&"domain 7: private sources refused: true".to_owned()));
    assert!(told.contains(&"domain 7: classes [voice interactive default]".to_owned()));
    let (plane, _) = of(DOMAIN);
    assert!(!plane.take().iter().any(|line| line.contains("classes")), "private peering knows none");
}

#[test]
fn the_forwarder_asks_until_nothing_is_left_and_mends_what_was_left_over() {
    struct Few(usize, Arc<Mutex<bool>>);
    impl super::Source for Few {
        fn take(&mut self, limit: usize) -> Option<Changes> {
            let count = self.0.min(limit);
            self.0 -= count;
            if self.0 == 0 {
                *self.1.lock().unwrap() = true;
            }
            Some(changes(many().take(count), &["10.0.1.1"]))
        }
    }
    let (plane, forwarding) = of(DOMAIN);
    let asked = Arc::new(Mutex::new(false));
    let (wake, woken) = sync_channel(1);
    start(&forwarding, woken, vec![Box::new(Few(2500, asked))], Duration::ZERO).unwrap();
    wake.send(()).unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    while !plane.log.lock().unwrap().iter().any(|line| line.contains("all routes")) {
        assert!(Instant::now() < end);
        std::thread::yield_now();
    }
    let told = plane.take();
    assert!(told.contains(&"domain 7: all routes are 1000".to_owned()), "{told:?}");
}

/// Tags of which the port knows nothing, tunnels without a cloud: told before anything runs.
#[test]
fn what_the_data_plane_cannot_do_is_refused_in_the_file() {
    let refused = |head: &str, domain: &str| {
        let mut no_files = |_: &std::path::Path| Err(std::io::Error::other("no files"));
        let text = format!("name = 'e'\nrouter-id = '10.0.0.1'\n{head}\n{domain}");
        match Config::parse("edge.toml", &text, catalog::Catalog::builtin(), &mut no_files) {
            Ok(_) => String::new(),
            Err(refused) => refused.to_string(),
        }
    };
    assert!(refused("", DOMAIN).contains("`attach` without a data plane"));
    assert!(refused("[dataplane]\n", DOMAIN).contains("`attach` without a port"));
    let untagged = "[dataplane]\nport = 'eth1'\nencapsulation = 'untagged'\n";
    assert!(refused(untagged, DOMAIN).contains("`attach` with a tag"));
    assert!(refused("[dataplane]\nport = 'eth1'\n", &format!("{DOMAIN}{TUNNEL}")).contains("a tunnel without a cloud"));
    let twice = format!("{DOMAIN}{}", DOMAIN.replace("'d'", "'e'").replace("tp-e-10-100", "tp-e-x"));
    assert!(refused("[dataplane]\nport = 'eth1'\n", &twice).contains("the same part of the port"));
    let nameless = DOMAIN.replace("namespace = 'tp-e-10-100'\n", "");
    assert!(refused("[dataplane]\nport = 'eth1'\n", &nameless).contains("without a named namespace"));
    let _: fn(&Domain) -> bool = Domain::is_forwarded;
}
