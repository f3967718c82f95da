//! `twinpath drill`.

use clap::Args as ClapArgs;
use std::path::PathBuf;

/// `twinpath drill`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  twinpath lab up examples/contoso.design.yaml && twinpath drill\n  \
    twinpath drill list                           the failures there are\n  \
    twinpath drill silent drain                   two of them\n  \
    twinpath drill all --html drill.html          a page for a change board\n  \
    twinpath drill carrier --repeat 5             medians of five\n  \
    twinpath drill all --json > drill.json && twinpath check my.design.yaml drill.json\n\n\
    A drill fails parts of a lab that runs, and heals them. What a person interrupts is healed, too.\n\
    Exit codes: 0 every failure cost no more than expected, 1 one did or could not be judged, 2 usage or input error")]
pub struct Drill {
    /// Failures by name; `all`, or `list` to see them [default: all]
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,
    /// The lab [default: the only one there is]
    #[arg(long, value_name = "NAME")]
    pub lab: Option<String>,
    /// Print JSON, which `twinpath check` reads as evidence
    #[arg(long)]
    pub json: bool,
    /// Write a page that stands alone, with a chart for each failure
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Read the failures from this file instead of the built-in ones
    #[arg(long, value_name = "FILE")]
    pub scenarios_from: Option<PathBuf>,
    /// Run each failure so often; medians are judged
    #[arg(long, value_name = "TIMES", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub repeat: u32,
    /// Packets a second on each path, in each direction and class
    #[arg(long, value_name = "PACKETS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
}
