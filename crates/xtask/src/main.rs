//! Chores of the project: `cargo xtask CHORE`.
//!
//! | chore | does |
//! | --- | --- |
//! | `ci` | everything that a change must pass, in order |
//! | `generate` | writes the pages and files that are made from code; `--check` only compares |
//! | `rooms` | holds the rooms table of ARCHITECTURE.md against the workspace |
//! | `links` | finds links between pages that lead nowhere |
//! | `licences` | holds `deny.toml` against the dependencies |
//! | `fuzz` | builds the fuzz targets and runs each for some seconds |
//! | `az` | plays the journey with the real az, and writes its record into the book |
//! | `lost` | orders at random while the service is killed at random, and holds what was acknowledged against what is there |
//! | `schemathesis` | asks a service whatever its OpenAPI documents and the swagger let one think of |
//! | `interop` | plays the interop matrix with the BGP daemons of Debian, and compares its table |
//! | `bench` | measures and writes `docs/benchmarks.md` |
//! | `seeds` | holds the traced statements against the seed documents |

mod az;
mod bench;
mod chores;
mod fuzz;
mod generate;
mod interop;
mod licences;
mod links;
mod openapi;
mod rfcs;
mod rooms;
mod seeds;
mod service;

use clap::{Parser, Subcommand};
use std::path::{Path, PathBuf};

#[derive(Parser)]
#[command(about = "Chores of the project")]
struct Args {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Everything that a change must pass
    Ci,
    /// Write the files that are made from code
    Generate {
        /// Only compare, and fail when one is stale
        #[arg(long)]
        check: bool,
    },
    /// Hold the rooms table against the workspace
    Rooms,
    /// Hold deny.toml against the dependencies
    Licences,
    /// Find links between pages that lead nowhere
    Links,
    /// Build the fuzz targets and run each
    Fuzz {
        /// Only this target
        target: Option<String>,
        /// Seconds for each target
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Play the journey with the real az, and write its record into the book
    Az,
    /// Kill the service at random under orders at random, and look for what was lost
    Lost {
        /// How many orders
        #[arg(long, default_value_t = 2000)]
        orders: u32,
        /// How many kills
        #[arg(long, default_value_t = 100)]
        kills: u32,
        /// What a run before printed
        #[arg(long)]
        seed: Option<u64>,
        /// Only tests with this in their name: `sqlite`, `on_postgresql`, `replicas`
        store: Option<String>,
    },
    /// Run schemathesis against a service of its own
    Schemathesis {
        /// For how many minutes
        #[arg(long, default_value_t = 60)]
        minutes: u32,
    },
    /// Play the interop matrix with the BGP daemons of Debian
    Interop {
        /// Only these cells, as nextest names them: `bird::md5`, `frr`, `collision`
        cells: Vec<String>,
        /// Write the table that was found
        #[arg(long)]
        update: bool,
        /// Who stands between peer and far side; BIRD proves the cells themselves
        #[arg(long, default_value = "edge", value_parser = ["edge", "bird"])]
        subject: String,
    },
    /// Measure and write docs/benchmarks.md
    Bench {
        /// What to measure
        #[command(subcommand)]
        subject: bench::Subject,
    },
    /// Hold the traced statements against the seed documents in a folder
    Seeds {
        /// The folder with the five documents
        dir: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Args::parse().chore {
        Chore::Ci => chores::ci(),
        Chore::Generate { check } => generate::run(check),
        Chore::Rooms => rooms::check(),
        Chore::Licences => licences::check(),
        Chore::Links => links::check(),
        Chore::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Chore::Az => az::run(),
        Chore::Lost { orders, kills, seed, store } => service::lost(orders, kills, seed, store.as_deref()),
        Chore::Schemathesis { minutes } => service::schemathesis(minutes),
        Chore::Interop { cells, update, subject } => interop::run(&subject, update, &cells),
        Chore::Bench { subject } => bench::run(&subject),
        Chore::Seeds { dir } => seeds::check(&dir),
    }
}

/// The root of the workspace.
fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
