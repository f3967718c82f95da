//! A scenario on a ground: what exactly is done, when, and what undoes it. Or why it does not apply.

use super::scenario::{Bound, Failure, Router, Word};
use super::{Act, Detection, Ground, Limit, Link, Scenario};
use crate::Cut;
use crate::probe::Direction;
use edge_api::Side;
use std::time::Duration;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What it is done to, for people.
    pub target: String,
    /// Acts in order. What undoes them follows from them.
    pub steps: Vec<Step>,
    /// From the first act to the healing.
    pub hold: Duration,
    /// Who notices, on the slowest of the links that fail.
    pub detection: Option<Detection>,
    /// How many milliseconds of packets may be lost: on the way out, and on the way back.
    pub lost_ms: Option<[u32; 2]>,
    /// Another circuit has what this failure takes from its own.
    pub elsewhere: bool,
}

/// An act and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// After the first one.
    pub after: Duration,
    /// The act.
    pub act: Act,
}

/// Lays out a scenario.
///
/// # Errors
/// Why it does not apply here, in words.
pub fn plan(scenario: &Scenario, ground: &Ground) -> Result<Plan, String> {
    let first = ground.circuits.first().ok_or("the design has no circuit")?;
    let link = |side: Side| {
        let missing = || format!("circuit {} has no {side} link", first.name);
        let link = ground.link(&first.name, side).ok_or_else(missing)?;
        let is_other = |other: &&Link| other.name != link.name;
        match ground.links.iter().find(is_other) {
            Some(_) => Ok(link),
            None => Err(format!("{} is the only link: nothing can take over", link.name)),
        }
    };
    let at_once = |act| Step { after: Duration::ZERO, act };
    let one = |link: &Link, act: Act| (link.name.clone(), vec![at_once(act)], vec![link.detection]);
    let (target, steps, detections) = match &scenario.fail {
        Failure::Cut { side, how, through } => {
            let link = link(*side)?;
            let trunk = link.trunk.as_ref().filter(|_| *through);
            let cut = |link: &String| at_once(Act::Cut { link: link.clone(), how: *how });
            (link.name.clone(), [&link.name].into_iter().chain(trunk).map(cut).collect(), vec![link.detection])
        }
        Failure::Flap { side, how, times, period_ms, through } => {
            let link = link(*side)?;
            let trunk = link.trunk.as_ref().filter(|_| *through);
            let cables: Vec<&String> = [&link.name].into_iter().chain(trunk).collect();
            let period = Duration::from_millis((*period_ms).into());
            let turn = |turn: u16| {
                let cut = |link: &&String| Step {
                    after: period * turn.into(),
                    act: Act::Cut { link: (*link).clone(), how: *how },
                };
                let join = |link: &&String| Step {
                    after: period * turn.into() + period / 2,
                    act: Act::Join { link: (*link).clone() },
                };
                cables.iter().map(cut).chain(cables.iter().map(join)).collect::<Vec<Step>>()
            };
            (link.name.clone(), (0..*times).flat_map(turn).collect(), vec![link.detection])
        }
        Failure::Reset { side } => {
            let link = link(*side)?;
            one(link, Act::Reset { link: link.name.clone() })
        }
        Failure::Shut { side } => {
            let link = link(*side)?;
            one(link, Act::Shut { link: link.name.clone() })
        }
        Failure::Kill { what, side } => {
            let link = link(*side)?;
            let node = |link: &Link| match what {
                Router::Msee => link.msee.clone(),
                Router::CustomerEdge => link.customer_edge.clone(),
            };
            let dead = node(link);
            if ground.links.iter().all(|other| node(other) == dead) {
                return Err(format!("{dead} is at the end of every link: nothing can take over"));
            }
            (dead.clone(), vec![at_once(Act::Kill { node: dead })], vec![link.detection])
        }
        Failure::Location => {
            if ground.circuits.iter().all(|circuit| circuit.location == first.location) {
                return Err(format!("{} is the only location: nothing can take over", first.location));
            }
            let circuits = ground.circuits.iter().filter(|circuit| circuit.location == first.location);
            let links = circuits.flat_map(|circuit| ground.links.iter().filter(|link| link.circuit == circuit.name));
            let links: Vec<&Link> = links.collect();
            let cut = |link: &&Link| at_once(Act::Cut { link: link.name.clone(), how: Cut::Silent });
            let detections = links.iter().map(|link| link.detection).collect();
            (first.location.clone(), links.iter().map(cut).collect(), detections)
        }
        Failure::Mistag { side } => {
            let link = link(*side)?;
            one(link, Act::Mistag { link: link.name.clone() })
        }
        Failure::Drain { side } => {
            let link = link(*side)?;
            one(link, Act::Drain { link: link.name.clone() })
        }
        Failure::Breach { side } => {
            let link = link(*side)?;
            one(link, Act::Breach { link: link.name.clone() })
        }
        Failure::Filter => {
            let circuit = ground.circuits.iter().find(|circuit| circuit.has_filter);
            let circuit = circuit.ok_or("no circuit has Microsoft peering with a route filter")?;
            (circuit.name.clone(), vec![at_once(Act::Detach { circuit: circuit.name.clone() })], Vec::new())
        }
        Failure::Pool => {
            let circuit = ground.circuits.iter().find(|circuit| circuit.has_pool);
            let circuit = circuit.ok_or("no NAT pool for both links runs here")?;
            (circuit.name.clone(), vec![at_once(Act::Flood { circuit: circuit.name.clone() })], Vec::new())
        }
        Failure::Load { percent } => {
            if !ground.streams.iter().any(|stream| stream.is_answer() && stream.class == "EF") {
                return Err("no voice comes over Microsoft peering, and private peering has no classes".to_owned());
            }
            let circuit = ground.circuits.iter().find(|circuit| circuit.bandwidth.is_some() && circuit.has_filter);
            let circuit = circuit.ok_or("the bandwidth of no circuit is enforced here")?;
            let act = Act::Load { circuit: circuit.name.clone(), percent: *percent };
            (circuit.name.clone(), vec![at_once(act)], Vec::new())
        }
    };
    let detection = detections.into_iter().max_by_key(|detection| detection.longest());
    let limit = |limit: Limit, direction: Direction| match limit.of(direction) {
        Bound::Ms(ms) => Ok(ms + scenario.expect.switching_ms),
        Bound::Word(Word::Detection) => {
            let detection = detection.ok_or("nothing here is detected by timers")?;
            let longest = u32::try_from(detection.longest().as_millis()).unwrap_or(u32::MAX);
            Ok::<u32, String>(longest.saturating_add(scenario.expect.switching_ms))
        }
    };
    let lost_ms = match scenario.expect.lost_ms {
        None => None,
        Some(lost) => Some([limit(lost, Direction::Out)?, limit(lost, Direction::Back)?]),
    };
    // A failure that ends before it was noticed shows nothing.
    let noticed = detection.map_or(Duration::ZERO, |detection| detection.longest() * 2);
    let filters = ground.circuits.iter().filter(|circuit| circuit.has_filter).count();
    let elsewhere = matches!(scenario.fail, Failure::Filter) && filters > 1;
    Ok(Plan { target, steps, hold: scenario.hold().max(noticed), detection, lost_ms, elsewhere })
}

#[cfg(test)]
mod tests {
    use super::super::model::ground;
    use super::super::{Circuit, Scenarios};
    use super::*;

    fn planned(name: &str, ground: &Ground) -> Result<Plan, String> {
        let all = Scenarios::builtin().unwrap();
        plan(all.chosen(&[name.to_owned()]).unwrap()[0], ground)
    }

    #[test]
    fn every_failure_is_undone_by_what_follows_from_it() {
        for scenario in Scenarios::builtin().unwrap().all {
            let Ok(plan) = plan(&scenario, &ground()) else { continue };
            let is_whole =
                |step: &Step| step.act.undo().is_some() || matches!(step.act, Act::Reset { .. } | Act::Join { .. });
            assert!(plan.steps.iter().all(is_whole), "{}", scenario.name);
        }
    }

    #[test]
    fn silence_may_last_as_long_as_its_detection_and_the_hold_outlasts_that() {
        let mut ground = ground();
        assert_eq!(planned("silent", &ground).unwrap().lost_ms, Some([200, 200]));
        ground.links[0].detection = Detection::Hold { seconds: 9 };
        let plan = planned("silent", &ground).unwrap();
        assert_eq!((plan.lost_ms, plan.hold), (Some([9050, 9050]), Duration::from_secs(18)));
    }

    #[test]
    fn each_direction_may_have_its_own_limit_and_a_cut_may_reach_the_far_port() {
        let mut ground = ground();
        ground.links[0].trunk = Some("trunk-a".to_owned());
        let near = planned("carrier-near", &ground).unwrap();
        assert_eq!((near.lost_ms, near.steps.len()), (Some([100, 200]), 1));
        let through = planned("carrier", &ground).unwrap();
        assert_eq!((through.lost_ms, through.steps.len()), (Some([50, 50]), 2));
    }

    #[test]
    fn what_nothing_can_take_over_does_not_apply() {
        let mut ground = ground();
        assert!(planned("location", &ground).unwrap_err().contains("only location"));
        assert!(planned("nat-pool", &ground).unwrap_err().contains("no NAT pool"));
        assert!(planned("congestion", &ground).unwrap_err().contains("no voice"));
        ground.links.truncate(1);
        assert!(planned("carrier", &ground).unwrap_err().contains("only link"));
    }

    #[test]
    fn a_location_is_all_links_of_its_circuits() {
        let mut ground = ground();
        let other = Circuit { name: "dublin".into(), location: "Dublin".into(), ..Circuit::default() };
        ground.circuits.push(other);
        assert_eq!(planned("location", &ground).unwrap().steps.len(), 2);
    }

    #[test]
    fn a_flap_ends_joined() {
        let plan = planned("flap", &ground()).unwrap();
        assert_eq!(plan.steps.len(), 10);
        assert!(matches!(plan.steps.last(), Some(Step { act: Act::Join { .. }, .. })));
        assert!(plan.steps.last().unwrap().after < plan.hold);
    }
}
