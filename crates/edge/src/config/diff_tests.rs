//! A diff brings what runs to what is wanted, and touches nothing else.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

fn parse(text: &str) -> Config {
    let mut files = |_: &Path| Err(io::ErrorKind::NotFound.into());
    Config::parse("edge.toml", text, catalog::Catalog::builtin(), &mut files).unwrap()
}

/// A choice of one of the texts, or of leaving the key out.
fn either(choices: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    prop::sample::select(choices)
}

fn any_peer(domain: u8, peer: u8) -> impl Strategy<Value = String> {
    let keys = (
        either(&["", "description = 'x'\n", "description = 'y'\n"]),
        either(&["", "weight = 7\n", "export = false\n"]),
        either(&["", "hold-time = 9\n", "graceful-restart = true\n"]),
        either(&["", "bfd = {}\n", "shutdown = ''\n"]),
        either(&["", "port = 1790\n", "passive = true\n"]),
        (0..2u8, 65001..65003u32),
    );
    keys.prop_map(move |(description, policy, session, live, dialling, (address, asn))| {
        format!(
            "[[domain.peer]]\nname = 'p{peer}'\naddress = '10.{domain}.{peer}.{}'\nasn = {asn}\n\
             {description}{policy}{session}{live}{dialling}",
            address + 1
        )
    })
}

fn any_domain(domain: u8) -> impl Strategy<Value = String> {
    let peers = (0..3u8).map(|peer| prop::option::of(any_peer(domain, peer))).collect::<Vec<_>>();
    let keys = (
        either(&["peering = 'private'\n", "peering = 'open'\n"]),
        either(&["", "sku = 'premium'\n", "drain = true\n"]),
        either(&["", "namespace = 'n'\n", "enabled = false\n"]),
        either(&["", "[[domain.route]]\nprefix = '10.0.0.0/8'\n", "[[domain.route]]\nprefix = '10.0.0.0/9'\n"]),
    );
    (keys, peers).prop_map(move |((peering, policy, other, routes), peers)| {
        let peers: String = peers.into_iter().flatten().collect();
        format!("[[domain]]\nname = 'd{domain}'\n{peering}{policy}{other}{peers}{routes}")
    })
}

fn any_config() -> impl Strategy<Value = Config> {
    let domains = (0..3u8).map(|domain| prop::option::of(any_domain(domain))).collect::<Vec<_>>();
    let keys = (
        either(&["", "asn = 65000\n"]),
        either(&["", "listen = ['127.0.0.1:1790']\n", "location = 'Amsterdam'\n"]),
        either(&["", "[[feed]]\nname = 'f'\nprefixes = ['20.0.0.0/8']\ncommunities = ['exchange']\n"]),
    );
    (keys, domains).prop_map(|((asn, other, feed), domains)| {
        let domains: String = domains.into_iter().flatten().collect();
        parse(&format!("name = 'e'\nrouter-id = '10.0.0.1'\n{asn}{other}{feed}{domains}"))
    })
}

/// What would run: each peer with the domain that it was configured in, without words for people.
#[derive(Debug, Default, PartialEq)]
struct Running {
    domains: BTreeMap<Label, Vec<Route>>,
    peers: BTreeMap<(Label, Label), (Domain, Peer)>,
    feeds: BTreeMap<Label, Feed>,
}

impl Running {
    fn of(config: &Config) -> Self {
        let mut running = Self::default();
        config.domains.iter().for_each(|domain| running.add_domain(domain));
        config.feeds.iter().for_each(|feed| _ = running.feeds.insert(feed.name.clone(), Feed::clone(feed)));
        running
    }

    fn add_domain(&mut self, domain: &Domain) {
        self.domains.insert(domain.name.clone(), domain.routes.clone());
        domain.peers.iter().for_each(|peer| self.set_peer(domain, peer));
    }

    fn set_peer(&mut self, domain: &Domain, peer: &Peer) {
        let bare = Domain { description: None, listen: None, peers: Vec::new(), routes: Vec::new(), ..domain.clone() };
        self.peers.insert((domain.name.clone(), peer.name.clone()), (bare, peer.clone()));
    }

    fn apply(&mut self, change: Change<'_>) {
        match change {
            Change::NeedsRestart { .. } | Change::Listeners | Change::Interfaces { .. } => {}
            Change::DomainRemoved { domain } => {
                self.domains.remove(&domain).unwrap();
                self.peers.retain(|(of, _), _| *of != domain);
            }
            Change::DomainAdded { domain } => {
                assert!(!self.domains.contains_key(&domain.name));
                self.add_domain(domain);
            }
            Change::Routes { domain } => *self.domains.get_mut(&domain.name).unwrap() = domain.routes.clone(),
            Change::PeerRemoved { domain, peer } => _ = self.peers.remove(&(domain, peer)).unwrap(),
            Change::PeerAdded { domain, peer } => {
                assert!(!self.peers.contains_key(&(domain.name.clone(), peer.name.clone())));
                self.set_peer(domain, peer);
            }
            Change::PeerChanged { domain, peer, .. } => {
                assert!(self.peers.contains_key(&(domain.name.clone(), peer.name.clone())));
                self.set_peer(domain, peer);
            }
            Change::FeedRemoved { feed } => _ = self.feeds.remove(&feed).unwrap(),
            Change::Feed { feed } => _ = self.feeds.insert(feed.name.clone(), feed.clone()),
        }
    }
}

proptest! {
    #[test]
    fn what_runs_becomes_what_is_wanted(old in any_config(), new in any_config()) {
        let mut running = Running::of(&old);
        for change in diff(&old, &new) {
            running.apply(change);
        }
        prop_assert_eq!(running, Running::of(&new));
    }

    #[test]
    fn the_same_changes_nothing(config in any_config()) {
        prop_assert_eq!(diff(&config, &config), []);
    }

    #[test]
    fn a_peer_that_is_written_the_same_keeps_its_session(old in any_config(), new in any_config()) {
        for change in diff(&old, &new) {
            if let Change::PeerChanged { domain, peer, touched } = change {
                let of = |config: &Config| -> Option<Peer> {
                    let domain = config.domains.iter().find(|other| other.name == domain.name)?;
                    domain.peers.iter().find(|other| other.name == peer.name).cloned()
                };
                if of(&old) == of(&new) && old.asn == new.asn {
                    prop_assert!(!touched.session);
                }
            }
        }
    }
}

/// What changing one line of a peer touches.
fn touched(old: &str, new: &str) -> Touched {
    let config = |line: &str| {
        parse(&format!(
            "name='e'\nrouter-id='10.0.0.1'\n[[domain]]\nname='d'\npeering='private'\n[[domain.peer]]\nname='p'\n{line}"
        ))
    };
    let (old, new) = (config(old), config(new));
    match diff(&old, &new)[..] {
        [Change::PeerChanged { touched, .. }] => touched,
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn words_for_people_touch_nothing() {
    let base = "address='10.0.0.2'\nasn=65001\n";
    assert_eq!(touched(base, &format!("{base}description='Amsterdam'")), Touched::default());
}

#[test]
fn a_weight_is_judged_anew_and_the_session_stays() {
    let base = "address='10.0.0.2'\nasn=65001\n";
    let expected = Touched { policy: true, ..Touched::default() };
    assert_eq!(touched(base, &format!("{base}weight=5")), expected);
}

#[test]
fn another_address_or_as_opens_the_session_again() {
    let base = "address='10.0.0.2'\nasn=65001\n";
    assert!(touched(base, "address='10.0.0.3'\nasn=65001").session);
    assert!(touched(base, "address='10.0.0.2'\nasn=65002").session);
    assert!(touched(base, &format!("{base}md5='secret'")).session);
    assert!(!touched(base, &format!("{base}families=['ipv4']")).session, "it was so by default");
}

/// A gateway that comes to a domain touches neither the customer's session nor the rest.
#[test]
fn a_tunnel_that_comes_is_one_change_of_interfaces_and_a_peer() {
    let config = |tunnel: &str| {
        let text = format!(
            "name='e'\nrouter-id='1.1.1.1'\n[dataplane]\nport='p'\ncloud='192.0.2.1'\n[[domain]]\nname='d'\n\
             peering='private'\nnamespace='n'\nkernel-routes=true\n[domain.attach]\ns-tag=1\nc-tag=2\n\
             addresses=['10.0.0.2/30']\n[[domain.peer]]\nname='ce'\naddress='10.0.0.1'\nasn=1\n{tunnel}"
        );
        let mut no_files = |_: &std::path::Path| Err(std::io::Error::other("no files"));
        Config::parse("edge.toml", &text, catalog::Catalog::builtin(), &mut no_files).unwrap()
    };
    let tunnel = "[[domain.tunnel]]\nvni=8\nremote='192.0.2.2'\naddresses=['100.64.0.1/30']\n\
        [[domain.peer]]\nname='gw'\naddress='100.64.0.2'\nasn=65515\nrole='gateway'\n";
    let (without, with) = (config(""), config(tunnel));
    let changes = diff(&without, &with);
    assert!(matches!(changes[..], [Change::Interfaces { .. }, Change::PeerAdded { .. }]), "{changes:?}");
    let retagged = config(&tunnel.replace("vni=8", "vni=9"));
    assert!(matches!(diff(&with, &retagged)[..], [Change::Interfaces { .. }]));
}

#[test]
fn prefixes_that_were_validated_are_taken_at_once() {
    let domain = |state: &str| {
        parse(&format!(
            "name = 'e'\nrouter-id = '10.0.0.1'\n[[domain]]\nname = 'd'\npeering = 'microsoft'\n\
             advertised-prefixes = ['51.4.0.0/16']\nroute-filter = []\nvalidation = '{state}'\n\
             [[domain.peer]]\nname = 'p'\naddress = '10.1.0.1'\nasn = 65001\n"
        ))
    };
    let (old, new) = (domain("validation needed"), domain("configured"));
    let changes: Vec<Change<'_>> = diff(&old, &new);
    let [Change::PeerChanged { touched, .. }] = &changes[..] else { panic!("{changes:?}") };
    assert!(touched.policy && touched.shutdown, "{touched:?}");
}
