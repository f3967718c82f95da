//! Anything dies, at random: one process or link after the other, of every kind alike.
//!
//! A seed gives the same parts in the same order for the same lab. Each death is a [`Plan`] like any other failure's: it
//! runs under the probes, and what undoes it is the world's affair. A process is started again by whoever keeps the lab;
//! a link is plugged in again.

use super::{Act, Plan, Step};
use crate::Cut;
use crate::topology::{LinkKind, ProcessKind, Topology};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a death lasts at least before it is asked whether all is well: liveness has to have noticed.
const NOTICED: Duration = Duration::from_millis(1500);

/// A part that can die.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Process(String),
    Link(String),
}

/// What dies next.
#[derive(Debug, Clone)]
pub struct Chaos {
    state: u64,
    /// Parts by their kinds.
    parts: Vec<Vec<Part>>,
}

impl Chaos {
    /// All that can die in a lab: the processes that were started, and every link.
    pub fn new<'p>(topology: &Topology, started: impl Iterator<Item = &'p String>, seed: u64) -> Self {
        let mut parts: BTreeMap<&str, Vec<Part>> = BTreeMap::new();
        for process in started {
            parts.entry(kind_of(topology, process)).or_default().push(Part::Process(process.clone()));
        }
        for link in &topology.links {
            let kind = match link.kind {
                LinkKind::Lan => "link in a site",
                LinkKind::Wan => "link between sites",
                LinkKind::Vpn => "access to the provider's network",
                LinkKind::Access { .. } => "link of a circuit",
                LinkKind::Trunk { .. } => "trunk",
                LinkKind::Cloud => "link in the cloud",
                LinkKind::Vnet => "link in a network",
                LinkKind::Internet => "link to the Internet",
            };
            parts.entry(kind).or_default().push(Part::Link(link.name.clone()));
        }
        Self { state: seed, parts: parts.into_values().collect() }
    }
}

impl Iterator for Chaos {
    type Item = Plan;

    /// How the next part dies; nothing when there are none.
    fn next(&mut self) -> Option<Plan> {
        let kind = below(&mut self.state, self.parts.len())?;
        let part = below(&mut self.state, self.parts[kind].len())?;
        let part = self.parts[kind][part].clone();
        let (act, hold) = match part {
            Part::Process(process) => (Act::End { process }, NOTICED),
            Part::Link(link) => {
                let how = if below(&mut self.state, 2) == Some(0) { Cut::Carrier } else { Cut::Silent };
                // Long enough that everybody notices, or so short that hardly anybody does.
                let more = below(&mut self.state, 2000).and_then(|ms| u64::try_from(ms).ok()).unwrap_or_default();
                (Act::Cut { link, how }, Duration::from_millis(100 + more))
            }
        };
        let target = act.to_string();
        let steps = vec![Step { after: Duration::ZERO, act }];
        Some(Plan { target, steps, hold, detection: None, lost_ms: None, elsewhere: false })
    }
}

/// What a process is, in a word. FRR's daemons are several.
fn kind_of(topology: &Topology, process: &str) -> &'static str {
    match topology.process(process).map(|process| &process.kind) {
        Some(ProcessKind::Service) => "service",
        Some(ProcessKind::Edge { .. }) => "edge",
        Some(ProcessKind::Carrier { .. }) => "carrier",
        Some(ProcessKind::Bird) => "BIRD",
        Some(ProcessKind::Frr) | None => "FRR",
    }
}

/// A number below a bound, of SplitMix64; nothing when the bound is zero.
fn below(state: &mut u64, bound: usize) -> Option<usize> {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from((z ^ (z >> 31)) % u64::try_from(bound).ok().filter(|bound| *bound > 0)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::{Link, Process};
    use std::collections::BTreeSet;

    fn lab() -> Topology {
        let process = |name: &str, kind| Process { name: name.to_owned(), node: None, kind };
        let link = |name: &str, kind| Link {
            name: name.to_owned(),
            kind,
            ends: ["a".to_owned(), "b".to_owned()],
            lanes: Vec::new(),
        };
        Topology {
            processes: vec![
                process("service", ProcessKind::Service),
                process("msee-a/edge", ProcessKind::Edge { edge: "a".to_owned() }),
                process("ce-1/router", ProcessKind::Bird),
                process("ce-2/router", ProcessKind::Bird),
            ],
            links: vec![link("lan-1", LinkKind::Lan), link("lan-2", LinkKind::Lan), link("wan", LinkKind::Wan)],
            ..Topology::default()
        }
    }

    fn deaths(seed: u64, count: usize) -> Vec<Plan> {
        let lab = lab();
        let names: Vec<String> = lab.processes.iter().map(|process| process.name.clone()).collect();
        Chaos::new(&lab, names.iter(), seed).take(count).collect()
    }

    #[test]
    fn a_seed_gives_the_same_deaths_again_and_another_one_others() {
        assert_eq!(deaths(7, 50), deaths(7, 50));
        assert_ne!(deaths(7, 50), deaths(8, 50));
    }

    #[test]
    fn fifty_deaths_spare_nobody() {
        let died: BTreeSet<String> = deaths(1, 50).into_iter().map(|plan| plan.target).collect();
        for part in ["service", "msee-a/edge", "ce-1/router", "ce-2/router"] {
            assert!(died.contains(&format!("{part} killed")), "{part}: {died:?}");
        }
        for part in ["lan-1", "lan-2", "wan"] {
            assert!(died.iter().any(|target| target.starts_with(part)), "{part}: {died:?}");
        }
    }

    #[test]
    fn nothing_dies_where_nothing_is() {
        let mut chaos = Chaos::new(&Topology::default(), std::iter::empty(), 1);
        assert!(chaos.next().is_none());
    }
}
