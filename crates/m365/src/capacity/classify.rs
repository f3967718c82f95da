//! Which site, way and class a flow record is of.

use super::ranges::Ranges;
use crate::flow::Flow;
use crate::{Protocol, Split, Way};
use model::Prefix;
use std::collections::BTreeMap;
use std::net::IpAddr;

/// A site of the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Its prefixes. Of two sites that hold an address, the longer prefix speaks.
    pub prefixes: Vec<Prefix>,
}

/// A way with the class of traffic that takes it, like `Exchange Optimize`; `other` for what nobody lists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Verdict {
    /// Where it goes.
    pub way: Way,
    /// Area and category.
    pub class: String,
}

/// From the site or to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    /// From the site.
    Out,
    /// To the site.
    In,
}

/// Where a record belongs, by numbers of the classifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The site.
    pub site: u16,
    /// The verdict.
    pub verdict: u16,
    /// The direction.
    pub direction: Direction,
}

/// The verdicts of one range of addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    /// Of protocols without ports.
    pub(super) any: u16,
    /// Ports that are listed.
    pub(super) ports: BTreeMap<(Protocol, u16), u16>,
    /// On other ports.
    pub(super) closed: u16,
}

/// A split, made fast for flow records.
#[derive(Debug, Clone)]
pub struct Classifier {
    pub(super) sites: Vec<String>,
    pub(super) verdicts: Vec<Verdict>,
    pub(super) rules: Vec<Rule>,
    pub(super) own: Ranges,
    pub(super) listed: Ranges,
}

/// The name of the site of records with no end in any site.
const ELSEWHERE: &str = "elsewhere";
/// The class of what nobody lists.
pub(super) const OTHER: &str = "other";
/// The class of what goes to VNets.
pub(super) const PRIVATE: &str = "private";

impl Classifier {
    /// Makes a split fast. Records that touch no site count for one named `elsewhere`; those to `private` prefixes, the
    /// VNets behind private peering, take the circuit, too.
    pub fn new(split: &Split, sites: &[Site], private: &[Prefix]) -> Self {
        let mut all: Vec<&Site> = sites.iter().collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let prefixes: Vec<(Prefix, u16)> = all
            .iter()
            .zip(1u16..)
            .flat_map(|(site, number)| site.prefixes.iter().map(move |prefix| (*prefix, number)))
            .collect();
        let own = Ranges::new(prefixes.iter().map(|(prefix, _)| *prefix), |address| {
            let holding = prefixes.iter().filter(|(prefix, _)| prefix.contains(address));
            holding
                .max_by_key(|(prefix, number)| (prefix.length(), std::cmp::Reverse(*number)))
                .map(|(_, number)| *number)
        });
        let mut classifier = Self {
            sites: std::iter::once(ELSEWHERE.to_owned()).chain(all.iter().map(|site| site.name.clone())).collect(),
            verdicts: vec![Verdict { way: Way::Proxy, class: OTHER.to_owned() }],
            rules: Vec::new(),
            own,
            listed: Ranges::default(),
        };
        let all = split.snapshot.prefixes().chain(private.iter().copied());
        let listed = Ranges::new(all, |address| {
            let vnet = || private.iter().any(|prefix| prefix.contains(address));
            classifier.rule(split, address).or_else(|| vnet().then(|| classifier.private()))
        });
        classifier.listed = listed;
        classifier
    }

    /// The number of the rule of VNets.
    fn private(&mut self) -> u16 {
        let verdict = self.verdict_number(Verdict { way: Way::Circuit, class: PRIVATE.to_owned() });
        self.rule_number(Rule { any: verdict, ports: BTreeMap::new(), closed: verdict })
    }

    /// The number of the rule of an address; nothing where no set lists it.
    fn rule(&mut self, split: &Split, address: IpAddr) -> Option<u16> {
        let all = split.listing(address);
        if all.is_empty() {
            return None;
        }
        let sets = || all.iter().filter_map(|id| split.snapshot.set(*id));
        let any = self.verdict(split, address, None);
        let mut ports = BTreeMap::new();
        for set in sets() {
            let tcp = set.tcp_ports.iter().map(|port| (Protocol::Tcp, port));
            for port in tcp.chain(set.udp_ports.iter().map(|port| (Protocol::Udp, port))) {
                ports.insert(port, self.verdict(split, address, Some(port)));
            }
        }
        // A port that nobody lists, if there is one, has the verdict of all of them.
        let unlisted = (0..=u16::MAX).rev().find(|port| !ports.contains_key(&(Protocol::Tcp, *port)));
        let closed = unlisted.map_or(any, |port| self.verdict(split, address, Some((Protocol::Tcp, port))));
        Some(self.rule_number(Rule { any, ports, closed }))
    }

    fn rule_number(&mut self, rule: Rule) -> u16 {
        let number = self.rules.iter().position(|own| *own == rule).unwrap_or_else(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        });
        // There are no more rules than ranges, of which a snapshot has some hundred.
        u16::try_from(number).unwrap_or(u16::MAX)
    }

    fn verdict(&mut self, split: &Split, address: IpAddr, port: Option<(Protocol, u16)>) -> u16 {
        let answer = split.address(address, port);
        let sets = || answer.sets.iter().filter_map(|id| split.snapshot.set(*id));
        let takes = |set: &&crate::EndpointSet| port.is_none_or(|(protocol, port)| set.takes(protocol, port));
        // Of sets that share a prefix, the first that lists the port names the class.
        let set = sets().find(takes).or_else(|| sets().next());
        let category = answer.decision.category.or(set.map(|set| set.category));
        let class = match (set, category) {
            (Some(set), Some(category)) => format!("{} {category}", set.service_area),
            _ => OTHER.to_owned(),
        };
        self.verdict_number(Verdict { way: answer.decision.way, class })
    }

    fn verdict_number(&mut self, verdict: Verdict) -> u16 {
        let number = self.verdicts.iter().position(|own| *own == verdict).unwrap_or_else(|| {
            self.verdicts.push(verdict);
            self.verdicts.len() - 1
        });
        // A snapshot has four ways for some forty classes.
        u16::try_from(number).unwrap_or(0)
    }

    /// Where a record belongs; nothing for traffic between sites or within one.
    pub fn place(&self, flow: &Flow) -> Option<Place> {
        let (source, destination) = (flow.source.to_canonical(), flow.destination.to_canonical());
        let (site, direction) = match (self.own.find(source), self.own.find(destination)) {
            (Some(_), Some(_)) => return None,
            (Some(site), None) => (site, Direction::Out),
            (None, Some(site)) => (site, Direction::In),
            // Whichever end is listed is the far one.
            (None, None) if self.listed.find(destination).is_none() && self.listed.find(source).is_some() => {
                (0, Direction::In)
            }
            (None, None) => (0, Direction::Out),
        };
        let (address, port) = match direction {
            Direction::Out => (destination, flow.destination_port),
            Direction::In => (source, flow.source_port),
        };
        Some(Place { site, verdict: self.far(address, flow.protocol, port), direction })
    }

    /// The verdict of a far end.
    fn far(&self, address: IpAddr, protocol: u8, port: u16) -> u16 {
        let Some(rule) = self.listed.find(address).and_then(|number| self.rules.get(usize::from(number))) else {
            return 0;
        };
        let protocol = match protocol {
            TCP => Protocol::Tcp,
            UDP => Protocol::Udp,
            _ => return rule.any,
        };
        rule.ports.get(&(protocol, port)).copied().unwrap_or(rule.closed)
    }

    /// The site of a number.
    pub fn site(&self, number: u16) -> &str {
        self.sites.get(usize::from(number)).map_or(ELSEWHERE, String::as_str)
    }

    /// The verdict of a number.
    pub fn verdict_of(&self, number: u16) -> &Verdict {
        self.verdicts.get(usize::from(number)).unwrap_or(&self.verdicts[0])
    }

    /// The names of the sites.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        self.sites.iter().map(String::as_str)
    }

    /// A number that two classifiers share only if they decide alike: partial results of others cannot be merged.
    pub fn fingerprint(&self) -> u64 {
        let text = format!("{:?} {:?} {:?} {:?} {:?}", self.sites, self.verdicts, self.rules, self.own, self.listed);
        // FNV-1a, which is the same on every machine and in every version.
        text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
    }
}

/// The numbers of IANA's registry of protocols.
pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
