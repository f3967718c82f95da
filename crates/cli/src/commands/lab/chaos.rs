//! `twinpath lab chaos`: anything dies, at random, and the lab heals to the design.

use crate::args::{Chaos, Lab};
use crate::{Outcome, load};
use anstyle::{AnsiColor, Style};
use anyhow::Context;
use catalog::Catalog;
use lab::drill::{self, OnLab, Pace, Plan, Run, WorldError, measure};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

/// For how long connections may still fail once everything else is as it was.
const CONNECT: Duration = Duration::from_secs(12);

/// Kills parts of the lab that this process is inside of, one after the other.
pub(super) fn run(args: &Lab, chaos: &Chaos, lab: lab::Lab, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let file = lab.state().design.clone();
    let loaded = load::load(std::slice::from_ref(&file));
    anyhow::ensure!(loaded.problems.is_empty(), "{}: the design of the lab can no longer be read", file.display());
    let planned = planner::plan(&loaded.design, catalog);
    // A person who is impatient waits for the healing.
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, stop.clone()).context("signals cannot be caught")?;
    }
    let seed = chaos.seed.unwrap_or_else(seed);
    let patience = Duration::from_secs(chaos.patience);
    let dying = drill::Chaos::new(lab.topology(), lab.state().programs.keys(), seed);
    let mut world = OnLab::new(lab.clone(), &planned, catalog, chaos.rate, stop);
    world.mend()?;
    world.remember(patience)?;
    tell(args, &json!({ "event": "began", "seed": seed, "kills": chaos.kills }), || {
        let bold = Style::new().bold();
        format!(
            "  {bold}{:>4}  {:<52}{:>8}{:>13}{:>8}{:>9}{bold:#}",
            "", "dies", "lost", "longest gap", "flows", "whole"
        )
    })?;
    let pace =
        Pace { patience, warm: Duration::from_millis(500), way_back: patience, settle: Duration::from_millis(500) };
    let mut healed = 0;
    for (number, plan) in (1..=chaos.kills).zip(dying) {
        let run = match drill::run(&mut world, &plan, &pace) {
            Ok(attempt) => Ok(measure(drill::World::ground(&world), &attempt)),
            Err(WorldError::Interrupted) => {
                writeln!(anstream::stderr(), "interrupted; what was cut is whole")?;
                return Ok(Outcome::BadInput);
            }
            Err(error) => Err(error.chain()),
        };
        let death = Death::of(&plan, run, &lab);
        tell(args, &death.event(number), || death.line(number))?;
        if death.faults.is_empty() {
            healed += 1;
        } else {
            // The next one shall find a whole lab.
            world.mend()?;
        }
    }
    tell(args, &json!({ "event": "ended", "seed": seed, "kills": chaos.kills, "healed": healed }), || {
        format!("\n  healed to the design {healed} of {} times · --seed {seed} kills the same again", chaos.kills)
    })?;
    Ok(if healed == chaos.kills { Outcome::Ready } else { Outcome::Findings })
}

/// What a death cost.
struct Death {
    what: String,
    /// Packets of the worst stream.
    lost: u32,
    longest_gap_ms: f64,
    broken: usize,
    /// From the death until all was as before.
    whole_ms: Option<f64>,
    /// Why it did not heal.
    faults: Vec<String>,
}

impl Death {
    fn of(plan: &Plan, run: Result<Run, String>, lab: &lab::Lab) -> Self {
        let mut death = Self {
            what: plan.target.clone(),
            lost: 0,
            longest_gap_ms: 0.0,
            broken: 0,
            whole_ms: None,
            faults: Vec::new(),
        };
        match run {
            Ok(run) => {
                let streams = || run.streams.iter();
                death.lost = streams().map(|stream| stream.during.lost + stream.back.lost).max().unwrap_or_default();
                let gap = |stream: &drill::StreamRun| stream.during.longest_gap_ms.max(stream.back.longest_gap_ms);
                death.longest_gap_ms = streams().map(gap).fold(0.0, f64::max);
                death.broken = run.flows.iter().filter(|flow| flow.broken.is_some()).count();
                death.whole_ms = run.whole.map(|whole| f64::from(whole.since(run.failed)) / 1000.0);
                death.faults = run.faults;
            }
            Err(error) => death.faults.push(error),
        }
        if death.faults.is_empty() {
            death.faults.extend(unconnected(lab));
        }
        death
    }

    fn event(&self, number: u32) -> Value {
        json!({ "event": "died", "number": number, "what": self.what, "lost": self.lost,
            "longest_gap_ms": self.longest_gap_ms, "broken": self.broken, "whole_ms": self.whole_ms,
            "faults": self.faults })
    }

    fn line(&self, number: u32) -> String {
        let (sign, color) = if self.faults.is_empty() { ("✓", AnsiColor::Green) } else { ("✗", AnsiColor::Red) };
        let ink = Style::new().bold().fg_color(Some(color.into()));
        let gap = if self.lost == 0 { "–".to_owned() } else { format!("{:.0} ms", self.longest_gap_ms) };
        let flows = if self.broken == 0 { "–".to_owned() } else { format!("{} broke", self.broken) };
        let whole = self.whole_ms.map_or_else(|| "never".to_owned(), |ms| format!("{:.1} s", ms / 1000.0));
        let mut line =
            format!("  {ink}{sign}{ink:#}{number:>3}  {:<52}{:>8}{gap:>13}{flows:>8}{whole:>9}", self.what, self.lost);
        for fault in &self.faults {
            line += &format!("\n        {fault}");
        }
        line
    }
}

/// Connections that do not come up, from end to end.
fn unconnected(lab: &lab::Lab) -> Option<String> {
    let began = super::up::now();
    loop {
        let missing = match lab::verify::verify(lab) {
            Ok(reached) => reached.into_iter().find(|reached| !reached.works).map(|reached| {
                let why = reached.why.unwrap_or_else(|| "nothing comes through".to_owned());
                format!("{} → {}: {why}", reached.from, reached.to)
            }),
            Err(error) => Some(error.to_string()),
        };
        if missing.is_none() || began.elapsed() > CONNECT {
            return missing;
        }
    }
}

/// A number that nobody chose.
fn seed() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the rim reads the clock")]
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    // Short enough to be typed again.
    u64::from(now.subsec_micros())
}

fn tell(args: &Lab, event: &Value, text: impl FnOnce() -> String) -> anyhow::Result<()> {
    let mut out = anstream::stdout();
    match args.json {
        true => writeln!(out, "{event}")?,
        false => writeln!(out, "{}", text())?,
    }
    Ok(out.flush()?)
}
