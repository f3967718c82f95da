//! `twinpath store`: what a service keeps.

use clap::{Args as ClapArgs, Subcommand};
use std::path::PathBuf;

/// `twinpath store`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  twinpath store backup nightly.jsonl\n  \
    twinpath store restore nightly.jsonl --database postgres://twinpath@db/twinpath\n  \
    twinpath store audit --below /subscriptions/11111111-2222-3333-4444-555555555555\n\n\
    Works on the store itself, beside a service that runs or without one.")]
pub struct Store {
    /// What to do.
    #[command(subcommand)]
    pub command: StoreCommand,
    /// The folder of the service, with the store unless --database says another
    #[arg(long, value_name = "DIR", env = "TWINPATH_DATA", default_value = "twinpath-data", global = true)]
    pub data: PathBuf,
    /// The store: a file, or postgres://… [default: DIR/twinpath.db]
    #[arg(long, value_name = "ADDRESS", env = "TWINPATH_DATABASE", hide_env_values = true, global = true)]
    pub database: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// What can be done with a store.
#[derive(Debug, Subcommand)]
pub enum StoreCommand {
    /// Write all that the store holds to one file, while the service runs; there are secrets in it
    #[command(after_help = "Example:\n  twinpath store backup nightly.jsonl")]
    Backup {
        /// The file; one of that name is replaced once the new one is whole
        file: PathBuf,
    },
    /// Fill an empty store from a backup, also one of the other database; the service must not run on it
    #[command(after_help = "Examples:\n  twinpath store restore nightly.jsonl --data new-folder\n  \
        twinpath store restore nightly.jsonl --database postgres://twinpath@db/twinpath")]
    Restore {
        /// The file
        file: PathBuf,
    },
    /// Who changed what, newest first
    #[command(after_help = "Examples:\n  twinpath store audit --limit 10\n  \
        twinpath store audit --json | jq 'select(.who == \"service\" | not)'")]
    Audit {
        /// Only this resource and what is below it
        #[arg(long, value_name = "ID", default_value = "")]
        below: String,
        /// Only lines before this number
        #[arg(long, value_name = "NUMBER")]
        before: Option<u64>,
        /// So many lines
        #[arg(long, value_name = "LINES", default_value_t = 50)]
        limit: u32,
    },
}
