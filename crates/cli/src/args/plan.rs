//! `twinpath plan`: from a design to addresses, steps and files.

use super::Profile;
use clap::{Args as ClapArgs, ValueEnum};
use std::path::PathBuf;

/// `twinpath plan`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  twinpath plan contoso.design.yaml                    what follows from it, for people\n  \
    twinpath plan contoso.design.yaml --out plan         and every file: routers, NAT, queues, orders\n  \
    twinpath plan contoso.design.yaml --out plan --dialect frr --key amsterdam-private=keys/private\n  \
    twinpath plan contoso.design.yaml --format markdown > plan.md\n\n\
    A design that is blocked is refused with its findings. Exit codes: 0 planned, 1 refused or something is missing,\n\
    2 usage or input error"
)]
pub struct Plan {
    /// Design files, Azure exports, Terraform JSON; several make one design, `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Write the files of the plan into this folder; files there that it did not make stay
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t = PlanFormat::Text)]
    pub format: PlanFormat,
    /// Print JSON, the same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Languages of router configuration
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [RouterDialect::Bird, RouterDialect::Frr])]
    pub dialect: Vec<RouterDialect>,
    /// The name that a port of the design has on the router, like `xe-0/0/0=eth3`
    #[arg(long, value_name = "PORT=DEVICE")]
    pub port: Vec<String>,
    /// A file with an MD5 key, by the key's name; without it a placeholder stands in the configuration
    #[arg(long, value_name = "NAME=FILE")]
    pub key: Vec<String>,
    /// Plan a design that is blocked, as it stands
    #[arg(long)]
    pub anyway: bool,
    /// The edition of the prerequisites that judges it
    #[arg(long, value_enum, default_value_t = Profile::Current)]
    pub profile: Profile,
    /// The day from which the steps are laid out, instead of today
    #[arg(long, value_name = "DATE")]
    pub today: Option<String>,
}

/// What a plan is printed as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlanFormat {
    /// For people.
    Text,
    /// For wikis, with every command.
    Markdown,
    /// For programs.
    Json,
}

/// Languages of router configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RouterDialect {
    /// BIRD 2.
    Bird,
    /// FRR.
    Frr,
}

impl From<RouterDialect> for planner::router::Dialect {
    fn from(dialect: RouterDialect) -> Self {
        match dialect {
            RouterDialect::Bird => Self::Bird,
            RouterDialect::Frr => Self::Frr,
        }
    }
}
