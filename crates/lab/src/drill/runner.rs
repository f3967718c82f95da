//! One failure, from the first probe to the last.
//!
//! ```text
//!  whole? ─ begin ─ warm ─ ways ─┬─ acts ── hold ── ways ─┬─ whole again? ─ settle ─ ways ─ end
//!                                failed                   healed
//! ```
//!
//! Every act that leaves something behind puts what undoes it on a stack. The stack is worked off when the failure has
//! lasted long enough, and just as well when an act fails, when the drill is interrupted, and when something panics.

use super::{Act, Observed, Plan, Way, World, WorldError};
use crate::probe::Stamp;
use std::time::Duration;

/// How long the parts of a run take that are not the failure.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long the world may take to be whole before the drill.
    pub patience: Duration,
    /// Traffic before the failure.
    pub warm: Duration,
    /// How long the world may take to be whole after the healing.
    pub way_back: Duration,
    /// Traffic once it is.
    pub settle: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let secs = Duration::from_secs;
        Self { patience: secs(60), warm: secs(1), way_back: secs(60), settle: secs(2) }
    }
}

/// How often it is asked whether the world is whole.
const ASK: Duration = Duration::from_millis(200);

/// How long before the healing the ways are asked for.
const BEFORE_HEALING: Duration = Duration::from_millis(600);

/// What one run gave, before it is measured.
#[derive(Debug, Clone, Default)]
pub struct Attempt {
    /// When the first act was done.
    pub failed: Stamp,
    /// When the first act that heals was done.
    pub healed: Stamp,
    /// When the world was whole again; nothing when it was not in time.
    pub whole: Option<Stamp>,
    /// Ways before the failure, while it lasted, and at the end; of each stream.
    pub ways: [Vec<Way>; 3],
    /// What was seen.
    pub observed: Observed,
    /// What went wrong in the drill itself, in words.
    pub faults: Vec<String>,
}

/// What is to be undone, and the world to undo it in.
struct Undo<'w, W: World> {
    world: &'w mut W,
    acts: Vec<Act>,
}

impl<W: World> Undo<'_, W> {
    fn act(&mut self, act: &Act) -> Result<(), WorldError> {
        // Half of an act may be done when it fails, so what undoes it is noted before.
        match self.acts.iter().position(|undo| undo == act) {
            Some(index) => {
                self.world.act(act)?;
                self.acts.remove(index);
            }
            None => {
                self.acts.extend(act.undo());
                self.world.act(act)?;
            }
        }
        Ok(())
    }

    /// Undoes everything, last first; one that cannot be undone does not keep the others.
    fn heal(&mut self) -> Vec<String> {
        let acts: Vec<Act> = self.acts.drain(..).rev().collect();
        let undone = acts.iter().map(|act| (act, self.world.act(act)));
        undone.filter_map(|(act, done)| Some(format!("not undone: {act}: {}", done.err()?.chain()))).collect()
    }
}

impl<W: World> Drop for Undo<'_, W> {
    fn drop(&mut self) {
        self.heal();
    }
}

/// Runs a plan in a world.
///
/// # Errors
/// The drill was interrupted, or probes could not be run; the world is healed then, too.
pub fn run<W: World>(world: &mut W, plan: &Plan, pace: &Pace) -> Result<Attempt, WorldError> {
    let mut attempt = Attempt::default();
    if let Err(missing) = whole(world, pace.patience)? {
        attempt.faults.push(format!("not whole before the failure: {missing}"));
        return Ok(attempt);
    }
    world.begin()?;
    let done = fail_and_heal(world, plan, pace, &mut attempt);
    // Probes stop in any case.
    let observed = world.end();
    done?;
    attempt.observed = observed?;
    Ok(attempt)
}

fn fail_and_heal<W: World>(world: &mut W, plan: &Plan, pace: &Pace, attempt: &mut Attempt) -> Result<(), WorldError> {
    world.wait(pace.warm)?;
    attempt.ways[0] = world.ways();
    let mut undo = Undo { world, acts: Vec::new() };
    attempt.failed = undo.world.now();
    for step in &plan.steps {
        wait_until(undo.world, attempt.failed.after(step.after))?;
        if let Err(error) = undo.act(&step.act) {
            attempt.faults.push(format!("not done: {}: {}", step.act, error.chain()));
            break;
        }
    }
    if attempt.faults.is_empty() {
        wait_until(undo.world, attempt.failed.after(plan.hold.saturating_sub(BEFORE_HEALING)))?;
        attempt.ways[1] = undo.world.ways();
        wait_until(undo.world, attempt.failed.after(plan.hold))?;
    }
    attempt.healed = undo.world.now();
    attempt.faults.extend(undo.heal());
    drop(undo);
    match whole(world, pace.way_back)? {
        Ok(()) => attempt.whole = Some(world.now()),
        Err(missing) => attempt.faults.push(format!("not whole after the healing: {missing}")),
    }
    world.wait(pace.settle)?;
    attempt.ways[2] = world.ways();
    Ok(())
}

fn wait_until<W: World>(world: &mut W, at: Stamp) -> Result<(), WorldError> {
    world.wait(Duration::from_micros(at.since(world.now()).into()))
}

/// Waits until the world is whole; what is missing when it is not in time.
pub(super) fn whole<W: World>(world: &mut W, patience: Duration) -> Result<Result<(), String>, WorldError> {
    let mut waited = Duration::ZERO;
    loop {
        match world.is_whole() {
            Ok(()) => return Ok(Ok(())),
            Err(missing) if waited >= patience => return Ok(Err(missing)),
            Err(_) => world.wait(ASK)?,
        }
        waited += ASK;
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::{Model, Trouble};
    use super::super::{Scenarios, judge, measure, plan};
    use super::*;
    use crate::drill::Standing;

    fn attempt(name: &str, world: &mut Model) -> Result<Attempt, WorldError> {
        let scenarios = Scenarios::builtin().unwrap();
        let plan = plan(scenarios.chosen(&[name.to_owned()]).unwrap()[0], world.ground()).unwrap();
        run(world, &plan, &Pace::default())
    }

    #[test]
    fn silence_costs_what_detection_takes_and_all_comes_back() {
        let mut world = Model::new();
        let attempt = attempt("silent", &mut world).unwrap();
        let run = measure(world.ground(), &attempt);
        assert!(attempt.faults.is_empty() && attempt.whole.is_some(), "{:?}", attempt.faults);
        // The model notices after 140 ms.
        assert!(run.streams.iter().all(|stream| stream.during.lost == 140 && stream.back.lost == 0), "{run:?}");
        assert_eq!(run.streams[0].ways[0].msee(), Some("msee-a"));
        assert_eq!(run.streams[0].ways[1].msee(), Some("msee-b"));
        assert_eq!(run.streams[0].ways[2].msee(), Some("msee-a"));
        let scenarios = Scenarios::builtin().unwrap();
        let scenario = scenarios.chosen(&["silent".to_owned()]).unwrap()[0];
        let judged = judge(scenario, &plan(scenario, world.ground()).unwrap(), &[run]);
        assert_eq!(judged.standing, Standing::Pass, "{judged:?}");
    }

    #[test]
    fn two_runs_of_one_drill_are_alike() {
        let one = attempt("flap", &mut Model::new()).unwrap();
        let other = attempt("flap", &mut Model::new()).unwrap();
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
        let run = measure(Model::new().ground(), &one);
        // Five cuts, each noticed after 2 ms.
        assert_eq!(run.streams[0].during.lost, 10);
        assert_eq!(run.streams[0].during.gaps, 5);
    }

    #[test]
    fn an_act_that_fails_is_undone_and_told() {
        let mut world = Model::new();
        world.trouble = Some(Trouble::Refuse);
        let attempt = attempt("carrier", &mut world).unwrap();
        assert!(world.is_healed());
        assert!(attempt.faults[0].starts_with("not done: "), "{:?}", attempt.faults);
    }

    #[test]
    fn an_interrupted_drill_heals() {
        let mut world = Model::new();
        world.trouble = Some(Trouble::Interrupt);
        assert!(matches!(attempt("silent", &mut world), Err(WorldError::Interrupted)));
        assert!(world.did.iter().any(|act| matches!(act, Act::Cut { .. })));
        assert!(world.is_healed() && !world.is_probing());
    }

    #[test]
    fn a_drill_that_panics_heals() {
        let mut world = Model::new();
        world.trouble = Some(Trouble::Panic);
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| attempt("silent", &mut world).is_ok()));
        assert!(caught.is_err());
        assert!(world.did.iter().any(|act| matches!(act, Act::Cut { .. })) && world.is_healed());
    }

    #[test]
    fn nothing_is_failed_in_a_world_that_is_not_whole() {
        let mut world = Model::new();
        world.trouble = Some(Trouble::Broken);
        let attempt = attempt("silent", &mut world).unwrap();
        assert!(world.did.is_empty());
        assert!(attempt.faults[0].contains("not whole before"), "{:?}", attempt.faults);
    }
}
