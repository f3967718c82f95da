//! `twinpath edge …`.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// `twinpath edge`.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(
    after_help = "Examples:\n  twinpath edge --config edge.toml            run until SIGTERM; SIGHUP reads the file again\n  \
    twinpath edge --config edge.toml --check    only check the file\n\n\
    Keys of the file: docs/reference/edge-config.md"
)]
pub struct Edge {
    /// The configuration, a TOML file
    #[arg(long, value_name = "FILE", required = true)]
    pub config: Option<PathBuf>,
    /// Check the configuration and end
    #[arg(long)]
    pub check: bool,
    /// What to do with an edge that runs.
    #[command(subcommand)]
    pub command: Option<EdgeCommand>,
}

/// What an edge that runs can be asked and told.
#[derive(Debug, Subcommand)]
pub enum EdgeCommand {}
