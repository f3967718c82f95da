//! What things cost, measured and written to `docs/benchmarks.md`, each chore its part of the page.

mod bgp;
mod capacity;
mod check;
mod dataplane;
mod drill;
mod flame;
mod idle;
mod pac;
mod service;
mod switch;

use anyhow::Context;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

pub(crate) use bgp::Bgp;
pub(crate) use capacity::Capacity;

/// What to measure.
#[derive(clap::Subcommand)]
pub(crate) enum Subject {
    /// One design and a fleet of circuits
    Check,
    /// The data plane on this kernel: switches, routes, packets
    Dataplane,
    /// The edge beside other BGP daemons
    Bgp(Bgp),
    /// Flow records counted by the split, beside DuckDB
    Capacity(Capacity),
    /// The PAC file of each snapshot of endpoints
    Pac,
    /// The service with many circuits in its store, beside moto
    Service(service::Options),
    /// The edge with many sessions that have nothing to say
    Idle {
        /// How many sessions
        #[arg(long, default_value_t = 10_000)]
        sessions: u32,
        /// For how many seconds its CPU is watched
        #[arg(long, default_value_t = 120)]
        seconds: u64,
        /// Be the other ends of the sessions, for the seconds given
        #[arg(long, hide = true)]
        generate: bool,
    },
    /// Failures with the edge in Microsoft's seat, and with BIRD and FRR in the same one
    Drill {
        /// How often each
        #[arg(long, default_value_t = 5)]
        runs: usize,
    },
    /// The edge when a path is lost: from the news to the new way in the kernel
    Switch {
        /// How often at each size
        #[arg(long, default_value_t = 5)]
        runs: usize,
    },
}

/// Measures.
pub(crate) fn run(subject: &Subject) -> anyhow::Result<()> {
    match subject {
        Subject::Check => check::measure(),
        Subject::Dataplane => dataplane::measure(),
        Subject::Bgp(options) => bgp::measure(options),
        Subject::Pac => pac::measure(),
        Subject::Service(options) => service::measure(options),
        Subject::Capacity(options) => capacity::measure(options),
        Subject::Idle { sessions, seconds, generate: false } => idle::measure(*sessions, *seconds),
        Subject::Idle { sessions, seconds, generate: true } => idle::generate(*sessions, *seconds),
        Subject::Drill { runs } => drill::measure(*runs),
        Subject::Switch { runs } => switch::measure(*runs),
    }
}

/// A part of the page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Check,
    Bgp,
    Idle,
    Dataplane,
    Capacity,
    Pac,
    Switch,
    Drill,
    Service,
}

impl Part {
    const ALL: [Self; 9] = [
        Self::Check,
        Self::Bgp,
        Self::Idle,
        Self::Dataplane,
        Self::Capacity,
        Self::Pac,
        Self::Switch,
        Self::Drill,
        Self::Service,
    ];

    fn head(self) -> &'static str {
        match self {
            Self::Check => "## A check\n\n<!-- Measured by `cargo xtask bench check`. -->\n",
            Self::Bgp => "## BGP\n\n<!-- Measured by `cargo xtask bench bgp`. -->\n",
            Self::Capacity => "## Flow records\n\n<!-- Measured by `cargo xtask bench capacity`. -->\n",
            Self::Pac => "## PAC file\n\n<!-- Measured by `cargo xtask bench pac`. -->\n",
            Self::Service => "## The service\n\n<!-- Measured by `cargo xtask bench service`. -->\n",
            Self::Idle => "## Idle sessions\n\n<!-- Measured by `cargo xtask bench idle`. -->\n",
            Self::Dataplane => "## Data plane\n\n<!-- Measured by `cargo xtask bench dataplane`. -->\n",
            Self::Drill => "## Microsoft's seat\n\n<!-- Measured by `cargo xtask bench drill`. -->\n",
            Self::Switch => "## A path is lost\n\n<!-- Measured by `cargo xtask bench switch`. -->\n",
        }
    }
}

/// Writes one part of the page; the others stay as they are.
fn write(part: Part, text: &str) -> anyhow::Result<()> {
    let path = crate::root().join("docs/benchmarks.md");
    let before = std::fs::read_to_string(&path).unwrap_or_default();
    let mut page = String::from("# Benchmarks\n");
    for each in Part::ALL {
        let body = if each == part { Some(text.trim()) } else { body(&before, each) };
        if let Some(body) = body {
            write!(page, "\n{}\n{body}\n", each.head())?;
        }
    }
    std::fs::write(&path, page).with_context(|| path.display().to_string())?;
    crate::chores::say(text);
    Ok(())
}

/// What a part holds now.
fn body(page: &str, part: Part) -> Option<&str> {
    let (_, rest) = page.split_once(part.head())?;
    Some(rest.split("\n## ").next().unwrap_or(rest).trim())
}

/// Today, as the machine has it.
fn today() -> anyhow::Result<String> {
    Ok(crate::chores::output("date", &["-I"])?.trim().to_owned())
}

fn timed<T>(work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<(Duration, T)> {
    #[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
    let start = Instant::now();
    let result = work()?;
    Ok((start.elapsed(), result))
}

/// Waits for a process; gives its time and its most memory in KiB.
fn watched(child: &mut std::process::Child) -> anyhow::Result<(Duration, u64)> {
    let status = format!("/proc/{}/status", child.id());
    let mut memory_kib = 0;
    let (time, ()) = timed(|| {
        // The peak is read while the process lives; a rare last growth between two looks is missed.
        while child.try_wait()?.is_none() {
            memory_kib = memory_kib.max(peak(&status).unwrap_or_default());
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    })?;
    Ok((time, memory_kib))
}

/// `VmHWM` of a process in KiB.
fn peak(status: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().trim_end_matches(" kB").parse().ok()
}

/// Cores, memory and processor of this machine, as Linux tells them.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, key: &str| {
        text.lines().find_map(|line| line.strip_prefix(key)?.split_once(':').map(|(_, value)| value.trim().to_owned()))
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory =
        field(&read("/proc/meminfo"), "MemTotal").and_then(|text| text.trim_end_matches(" kB").parse::<u64>().ok());
    let model = field(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown processor".to_owned());
    format!("{cores} cores ({model}), {} GiB of memory, Linux", memory.unwrap_or_default() >> 20)
}
