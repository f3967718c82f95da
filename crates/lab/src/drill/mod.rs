//! Failures as data, made while probes run, healed again, and judged.
//!
//! ```text
//!  scenarios.toml ─► Scenario ┐
//!                             ├─► plan() ─► Plan: acts, how long, what undoes them        (pure)
//!  topology, design ─► Ground ┘               │
//!                                             ▼
//!                       World ◄── run(): probe, wait, fail, hold, heal, wait for the way back
//!                         │
//!                         └──► Observed ─► measure() ─► Run ─► judge() ─► Judged          (pure)
//! ```
//!
//! The [`World`] is what a failure is done to: a lab of namespaces, or a model of one in tests. The runner undoes what
//! it did also when something fails on the way, when it is interrupted and when it panics.

mod act;
pub mod bird;
mod chaos;
mod ground;
pub mod hear;
mod judge;
mod measure;
#[cfg(test)]
pub(crate) mod model;
mod on_lab;
mod plan;
mod runner;
mod scenario;
mod world;

pub use act::Act;
pub use chaos::Chaos;
pub use ground::{Circuit, Detection, Ground, Kind, Link, StreamInfo};
pub use judge::{Judged, Objective, Standing, judge};
pub use measure::{FlowRun, Moment, MomentKind, Run, StreamRun, Way, Window, measure};
pub use on_lab::OnLab;
pub use plan::{Plan, Step, plan};
pub use runner::{Attempt, Pace, run};
pub use scenario::{Bound, Expect, Failure, Limit, Scenario, ScenarioError, Scenarios};
pub use world::{Load, Observed, Seen, SeenKind, World, WorldError};
