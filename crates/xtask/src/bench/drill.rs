//! What a failure costs with our edge in Microsoft's seat, and with BIRD and FRR in the same one.
//!
//! The small world of `cli`'s tests measures: a customer's edge, two of Microsoft's, a gateway, probes on every path. This
//! runs it with each of the three and puts their medians side by side.

use super::Part;
use anyhow::{Context, ensure};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

const SEATS: [&str; 3] = ["twinpath", "bird", "frr"];

/// Failures and BFD's interval in milliseconds, in the order of the page; what each is; what ours may lose at most.
const CASES: [(&str, u32, &str, &str); 5] = [
    ("drain", 300, "planned switch", "0"),
    ("session-down", 300, "customer ends the session", "–"),
    ("carrier", 300, "carrier lost at both ends", "50"),
    ("silent", 300, "silent, BFD 300 ms × 3", "900"),
    ("silent", 50, "silent, BFD 50 ms × 3", "160"),
];

/// Milliseconds of each run, by case, interval and seat.
type Figures = BTreeMap<(String, u32, &'static str), Vec<f64>>;

/// Measures, and writes its part of the page.
pub(crate) fn measure(runs: usize) -> anyhow::Result<()> {
    ensure!(runs > 0, "no runs, nothing to measure");
    let mut figures = Figures::new();
    for seat in SEATS {
        play(seat, runs, &mut figures)?;
    }
    let mut page = format!("Machine: {}. {}.\n\n", super::machine(), super::today()?);
    writeln!(
        page,
        "A customer's edge (BIRD), two of Microsoft's, a gateway (BIRD); 1,000 packets a second on every path, optimized build, medians of\n\
         {runs} runs: milliseconds of packets that the worst path lost. The best and the worst run stand in parentheses.\n\n\
         | failure | {} | at most |\n| --- | ---: | ---: | ---: | ---: |",
        SEATS.join(" | ")
    )?;
    for (case, interval, title, most) in CASES {
        write!(page, "| {title} |")?;
        for seat in SEATS {
            let times = figures.get_mut(&(case.to_owned(), interval, seat));
            let times = times.with_context(|| format!("{seat} was not measured: {title}"))?;
            times.sort_by(f64::total_cmp);
            write!(page, " {} ({}–{}) |", times[times.len() / 2], times[0], times[times.len() - 1])?;
        }
        writeln!(page, " {most} |")?;
    }
    super::write(Part::Drill, &page)
}

/// Runs every case with one in the seat.
fn play(seat: &'static str, runs: usize, figures: &mut Figures) -> anyhow::Result<()> {
    let mut test = Command::new("cargo");
    test.args(["test", "--release", "--locked", "--package", "cli", "--test", "seat", "figures"]);
    test.args(["--", "--nocapture", "--ignored"]).env("TWINPATH_TEST_SEAT", seat);
    let output = test.env("TWINPATH_TEST_TIMES", runs.to_string()).current_dir(crate::root()).output();
    let output = output.context("cargo")?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{seat}: {}{told}", String::from_utf8_lossy(&output.stdout));
    for line in told.lines().filter_map(|line| line.strip_prefix("figure: ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [case, interval, lost, _] = words[..] else { anyhow::bail!("{line:?} is no figure") };
        let key = (case.to_owned(), interval.parse()?, seat);
        figures.entry(key).or_default().push(lost.parse().with_context(|| format!("{lost:?} is no number"))?);
    }
    Ok(())
}
