//! `twinpath m365`: what can be typed.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `twinpath m365`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  twinpath m365 plan my.design.yaml                      go or no-go, step by step\n  \
    twinpath m365 split my.design.yaml                     where each endpoint set goes, and why\n  \
    twinpath m365 lookup outlook.office365.com 40.96.1.1:443\n  \
    twinpath m365 routes my.design.yaml --dialect bird\n  \
    twinpath m365 pac my.design.yaml --proxy 'PROXY proxy.example.net:8080' > proxy.pac\n  \
    twinpath m365 diff 2020122300 2025120100"
)]
pub struct M365 {
    /// What to do.
    #[command(subcommand)]
    pub command: M365Command,
}

/// The commands of `twinpath m365`.
#[derive(Debug, Subcommand)]
pub enum M365Command {
    /// Show where each endpoint set goes, and why
    Split {
        /// What to split.
        #[command(flatten)]
        subject: Subject,
        /// Only what goes this way
        #[arg(long, value_enum)]
        way: Option<Way>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Say where hosts and addresses go, and why
    #[command(after_help = "Examples:\n  twinpath m365 lookup outlook.office365.com\n  \
        twinpath m365 lookup 52.112.0.1:3478/udp --design my.design.yaml")]
    Lookup {
        /// Hosts, URLs or addresses, with a port where it matters: `host`, `host:993`, `52.112.0.1:3478/udp`, `[::1]:443`
        #[arg(required = true, value_name = "TARGET")]
        targets: Vec<String>,
        /// Design files; without them the flags of the endpoint service decide
        #[arg(long, value_name = "FILE")]
        design: Vec<String>,
        /// Which endpoints.
        #[command(flatten)]
        endpoints: Endpoints,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the prefixes that routers take from the circuit
    Routes {
        /// What to split.
        #[command(flatten)]
        subject: Subject,
        /// In whose words
        #[arg(long, value_enum, default_value_t = Dialect::Plain)]
        dialect: Dialect,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write the PAC file for browsers
    Pac {
        /// What to split.
        #[command(flatten)]
        subject: Subject,
        /// What the file answers for the circuit
        #[arg(long, default_value = "DIRECT")]
        circuit: String,
        /// What it answers for the rest, like `PROXY proxy.example.net:8080`
        #[arg(long)]
        proxy: String,
        /// What it answers for what goes straight to the Internet [default: that of --proxy]
        #[arg(long)]
        internet: Option<String>,
        /// Write what the file proves to this one, for `twinpath check`: the order of its decisions (M365-025), the way of unsupported
        /// endpoints (M365-028)
        #[arg(long, value_name = "FILE")]
        evidence: Option<PathBuf>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Write what firewalls let through, for each perimeter
    Firewall {
        /// What to split.
        #[command(flatten)]
        subject: Subject,
        /// As what
        #[arg(long, value_enum, default_value_t = FirewallFormat::Text)]
        format: FirewallFormat,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what changes on devices from one version of the endpoints to another, and by when
    #[command(after_help = "Examples:\n  twinpath m365 diff 2020122300 2025120100\n  \
        twinpath m365 diff old.json new.json --published 2026-11-01 --design my.design.yaml --json")]
    Diff {
        /// The old version in the catalogue, or a file with an answer of the endpoint service
        old: String,
        /// The new one
        new: String,
        /// Design files; without them the flags of the endpoint service decide
        #[arg(long, value_name = "FILE")]
        design: Vec<String>,
        /// The instance of the endpoint service
        #[arg(long, default_value = "Worldwide")]
        instance: String,
        /// The day on which the new version was published, for files [default: today]
        #[arg(long, value_name = "DATE")]
        published: Option<String>,
        /// An answer of `/changes`, for the days from which additions are used
        #[arg(long, value_name = "FILE")]
        changes: Option<PathBuf>,
        /// Compare IPv6 even where one side was taken without it
        #[arg(long)]
        ipv6: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Follow an endpoint service: keep its answers, tell changes, run a hook
    Watch(Watch),
    /// Count flow records by the split: what each site, path and class takes, and the circuit for it
    Capacity(Capacity),
    /// Walk the eight steps of the project with a design's answers: go or no-go
    Plan {
        /// Design files, exports, evidence
        #[arg(required = true, value_name = "FILE")]
        files: Vec<String>,
        /// The day, instead of today
        #[arg(long, value_name = "DATE")]
        today: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// `twinpath m365 watch`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  twinpath m365 watch https://endpoints.office.com --once\n  \
    twinpath m365 watch https://localhost:8443 --ca twinpath-data/ca.pem --design my.design.yaml \\\n    \
    --hook 'mail -s \"endpoints $TWINPATH_NEW\" noc < $TWINPATH_EDITS'\n\n\
    Exit codes with --once: 0 nothing new, 1 a new version, 2 no answer that can be trusted")]
pub struct Watch {
    /// The service
    pub url: String,
    /// The folder for its answers, what was asked, and the evidence for `twinpath check` (feed.live.yaml)
    #[arg(long, default_value = "m365-endpoints")]
    pub dir: PathBuf,
    /// The instance of the endpoint service
    #[arg(long, default_value = "Worldwide")]
    pub instance: String,
    /// Design files; without them the flags of the endpoint service decide
    #[arg(long, value_name = "FILE")]
    pub design: Vec<String>,
    /// A shell command for a new version; $TWINPATH_OLD, $TWINPATH_NEW, $TWINPATH_EDITS and $TWINPATH_ENDPOINTS tell it
    #[arg(long)]
    pub hook: Option<String>,
    /// Minutes between two looks [default: what the catalogue says, an hour]
    #[arg(long)]
    pub every: Option<u64>,
    /// Look once and end
    #[arg(long)]
    pub once: bool,
    /// How many versions to keep
    #[arg(long, default_value_t = 24)]
    pub keep: usize,
    /// The certificate of the authority to trust, instead of the public ones
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Print a line of JSON for each look
    #[arg(long)]
    pub json: bool,
}

/// `twinpath m365 capacity`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  nfdump -R flows -o csv | twinpath m365 capacity - --design my.design.yaml\n  \
    twinpath m365 capacity insights/*/PT1H.json --design my.design.yaml --evidence capacity.live.yaml\n  \
    twinpath m365 capacity monday.csv --partial monday.part        # on one machine\n  \
    twinpath m365 capacity monday.part tuesday.part                # the sum of two\n  \
    twinpath m365 capacity --sql duckdb --table flows --design my.design.yaml > capacity.sql\n\n\
    Exit codes: 0 counted, 1 counted but some of the input is lost, 2 nothing to count")]
pub struct Capacity {
    /// Files with flow records or partial results; `-` reads standard input
    #[arg(value_name = "FLOWS", required_unless_present = "sql")]
    pub flows: Vec<PathBuf>,
    /// Design files: their sites, VNets, circuits and services; without them the flags of the endpoint service decide
    #[arg(long, value_name = "FILE")]
    pub design: Vec<String>,
    /// A site and its prefixes, as `ams=10.10.0.0/16,10.11.0.0/16`; added to those of the design
    #[arg(long, value_name = "NAME=PREFIX,…")]
    pub site: Vec<String>,
    /// Which endpoints.
    #[command(flatten)]
    pub endpoints: Endpoints,
    /// Seconds of an interval
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub interval: u32,
    /// Only records that begin then or later: a day, or an instant like 2026-11-21T08:30:00Z
    #[arg(long, value_name = "WHEN")]
    pub from: Option<String>,
    /// Only records that begin before
    #[arg(long, value_name = "WHEN")]
    pub to: Option<String>,
    /// Write the counts to this file, to be added to others, and no report
    #[arg(long, value_name = "FILE")]
    pub partial: Option<PathBuf>,
    /// Write what rules CAP-007 and M365-007 ask to this file, for `twinpath check`
    #[arg(long, value_name = "FILE")]
    pub evidence: Option<PathBuf>,
    /// Write the same counting as a query for this engine, and count nothing
    #[arg(long, value_enum, conflicts_with_all = ["flows", "partial", "evidence", "from", "to"])]
    pub sql: Option<Engine>,
    /// The table or view of the query
    #[arg(long, default_value = "flows", requires = "sql")]
    pub table: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Engines that a query is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// DuckDB.
    Duckdb,
    /// ClickHouse.
    Clickhouse,
    /// Spark.
    Spark,
}

impl From<Engine> for m365::capacity::sql::Engine {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Duckdb => Self::DuckDb,
            Engine::Clickhouse => Self::ClickHouse,
            Engine::Spark => Self::Spark,
        }
    }
}

/// What is split, and how.
#[derive(Debug, ClapArgs)]
pub struct Subject {
    /// Design files; without them the flags of the endpoint service decide
    #[arg(value_name = "FILE")]
    pub files: Vec<String>,
    /// Which endpoints.
    #[command(flatten)]
    pub endpoints: Endpoints,
}

/// Which endpoints.
#[derive(Debug, ClapArgs)]
pub struct Endpoints {
    /// A version in the catalogue, or a file with an answer of the endpoint service [default: the newest version]
    #[arg(long, value_name = "VERSION")]
    pub endpoints: Option<String>,
    /// The instance of the endpoint service
    #[arg(long, default_value = "Worldwide")]
    pub instance: String,
    /// Leave IPv6 out
    #[arg(long)]
    pub no_ipv6: bool,
}

/// A way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// Over the circuit.
    Circuit,
    /// Straight to the Internet.
    Internet,
    /// By the proxy.
    Proxy,
    /// Nowhere.
    Blocked,
}

impl From<Way> for m365::Way {
    fn from(way: Way) -> Self {
        match way {
            Way::Circuit => Self::Circuit,
            Way::Internet => Self::Internet,
            Way::Proxy => Self::Proxy,
            Way::Blocked => Self::Blocked,
        }
    }
}

/// Words of routers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dialect {
    /// One prefix a line.
    Plain,
    /// BIRD 2.
    Bird,
    /// FRR.
    Frr,
}

impl From<Dialect> for m365::list::Dialect {
    fn from(dialect: Dialect) -> Self {
        match dialect {
            Dialect::Plain => Self::Plain,
            Dialect::Bird => Self::Bird,
            Dialect::Frr => Self::Frr,
        }
    }
}

/// Forms of openings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FirewallFormat {
    /// A table for people.
    Text,
    /// An nftables table.
    Nft,
}
