//! What can be typed.

mod drill;
mod edge;
mod lab;
mod m365;
mod plan;
mod serve;
pub mod service;
mod store;

pub use self::store::{Store, StoreCommand};
pub use drill::Drill;
pub use edge::{Edge, EdgeCommand, Encapsulation, Family, Routes, Show, Socket, Tagging};
pub use lab::{Chaos, Fate, Lab, LabCommand, LabM365, Router, Up};
pub use m365::{Capacity, Dialect, Endpoints, Engine, FirewallFormat, M365, M365Command, Subject, Watch, Way};
pub use plan::{Plan, PlanFormat, RouterDialect};
pub use serve::{Account, Client, Env, LoginHelp, Serve};
pub use service::{Instance, Operator, Provider};

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Checks Azure ExpressRoute designs against every prerequisite, and says what to mend.
#[derive(Debug, Parser)]
#[command(name = "twinpath", version, about, max_term_width = 100)]
#[command(after_help = "Start here:\n  twinpath demo                          a bad design, its findings, its fix\n  \
    twinpath init > my.design.yaml         a commented design file to fill in\n  \
    twinpath check my.design.yaml          is it ready?\n\n\
    Exit codes: 0 ready, 1 findings, 2 usage or input error")]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Take catalogue files (limits, providers, locations …) from this folder instead of the built-in ones
    #[arg(long, global = true, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto)]
    pub color: Color,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Sets the choice for everything that is printed.
    pub(crate) fn write_global(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judge a design, an Azure export or a Terraform plan against every prerequisite
    Check(Check),
    /// Look up the manual page of a rule
    #[command(after_help = "Examples:\n  twinpath explain ADDR-002\n  twinpath explain link-subnet-size --json")]
    Explain {
        /// The rule's id or name
        rule: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the rules
    Rules(Rules),
    /// Mend what a program can decide, as a reviewed diff
    Fix(Fix),
    /// Say what follows from a design: addresses, steps, router configuration, orders
    Plan(Plan),
    /// Write a commented design file
    Init(Init),
    /// Show a bad design of a made-up firm, its findings, its fix and a clean check
    Demo(Demo),
    /// Look up locations, providers, communities and limits
    Catalog(Catalog),
    /// Fail parts of a lab that runs, one by one: what each failure costs, against what the design promises
    Drill(Drill),
    /// Run an edge router, or ask and command one that runs
    Edge(Edge),
    /// Build a design on this machine: routers, provider, edges, networks, ordered and verified
    Lab(Lab),
    /// Run the service: the ARM API that az, SDKs and Terraform speak, with its own token issuer
    Serve(Serve),
    /// Split Microsoft 365 between circuit and Internet: go or no-go, routes, firewall, PAC, changes
    M365(M365),
    /// Print what to paste to reach a service with az, the Python SDK and Terraform
    LoginHelp(LoginHelp),
    /// Print variables for a client of a service, as a shell reads them
    Env(Env),
    /// Stand in Microsoft's place at a service that runs
    Operator(Operator),
    /// Play the carrier at a service that runs
    Provider(Provider),
    /// Back up, restore or audit what a service keeps
    Store(Store),
    /// Print the JSON Schema of the design file
    #[command(after_help = "Example:\n  twinpath schema > design.schema.json")]
    Schema,
    /// Print completions for a shell
    #[command(after_help = "Example:\n  twinpath completions bash > /etc/bash_completion.d/twinpath")]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command into a folder
    Man {
        /// The folder
        dir: Option<PathBuf>,
    },
}

/// `twinpath check`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  twinpath check contoso.design.yaml\n  \
    twinpath check contoso.design.yaml az-export.json          a design and what was ordered, as one\n  \
    az network express-route list | twinpath check -           what is there now\n  \
    terraform show -json plan.out | twinpath check -\n  \
    twinpath check --each 'designs/*.yaml' --sarif out.sarif   each file by itself\n  \
    twinpath check --fleet circuits.json                       thousands of circuits, one at a time\n  \
    twinpath check my.design.yaml --live https://localhost:8443   and what a service holds and its edges run")]
pub struct Check {
    /// Design files, Azure exports, Terraform JSON, folders or patterns; `-` reads standard input.
    /// Several files make one design, unless they are of several companies
    #[arg(required_unless_present = "live", value_name = "FILE")]
    pub files: Vec<String>,
    /// Ask a service that runs, too: what was ordered, and what its edges say
    #[arg(long, value_name = "URL", conflicts_with_all = ["each", "fleet"])]
    pub live: Option<String>,
    /// With --live: the folder of the service, with its certificate and credentials [default: $TWINPATH_DATA, else
    /// twinpath-data]
    #[arg(long, value_name = "DIR", requires = "live")]
    pub data: Option<PathBuf>,
    /// With --live: for how long sessions must have been up without a break to count as up throughout
    #[arg(long, value_name = "TIME", requires = "live", default_value = "1m")]
    pub observed: String,
    /// Check each file by itself instead of joining them
    #[arg(long, conflicts_with = "fleet")]
    pub each: bool,
    /// Read one file as a stream of circuits (JSON array, JSON lines or an Azure list) and check one at a time
    #[arg(long)]
    pub fleet: bool,
    /// The edition of the prerequisites to ask
    #[arg(long, value_enum, default_value_t = Profile::Current)]
    pub profile: Profile,
    /// How far the connection has come; by default what the evidence shows
    #[arg(long, value_enum)]
    pub stage: Option<Stage>,
    /// Accepted findings, with reason, owner and expiry
    #[arg(long, value_name = "FILE")]
    pub waivers: Option<PathBuf>,
    /// The day of the check, instead of today
    #[arg(long, value_name = "DATE")]
    pub today: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Print JSON, the same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// Write the page for a browser to this file
    #[arg(long, value_name = "FILE", conflicts_with = "each")]
    pub html: Option<PathBuf>,
    /// Write SARIF 2.1.0 to this file
    #[arg(long, value_name = "FILE")]
    pub sarif: Option<PathBuf>,
    /// Write JUnit XML to this file
    #[arg(long, value_name = "FILE", conflicts_with = "each")]
    pub junit: Option<PathBuf>,
    /// Write Markdown to this file
    #[arg(long, value_name = "FILE", conflicts_with = "each")]
    pub markdown: Option<PathBuf>,
    /// Count advice that is not followed as findings in the exit code
    #[arg(long)]
    pub strict: bool,
    /// Show what holds and what does not apply, too
    #[arg(long, short)]
    pub verbose: bool,
}

/// The editions of the prerequisites.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Profile {
    /// What is in force now.
    Current,
    /// The page of July 2015.
    #[value(name = "2015")]
    Y2015,
    /// The page of March 2017.
    #[value(name = "2017")]
    Y2017,
    /// The page of January 2025.
    #[value(name = "2025")]
    Y2025,
}

impl From<Profile> for rules::Profile {
    fn from(profile: Profile) -> Self {
        match profile {
            Profile::Current => Self::Current,
            Profile::Y2015 => Self::Y2015,
            Profile::Y2017 => Self::Y2017,
            Profile::Y2025 => Self::Y2025,
        }
    }
}

/// How far the connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Stage {
    /// Before the order.
    Design,
    /// The control plane holds the resources.
    Ordered,
    /// Traffic can flow.
    Live,
}

impl From<Stage> for rules::Stage {
    fn from(stage: Stage) -> Self {
        match stage {
            Stage::Design => Self::Design,
            Stage::Ordered => Self::Ordered,
            Stage::Live => Self::Live,
        }
    }
}

/// What a check prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
    /// For code review.
    Sarif,
    /// For CI systems.
    Junit,
    /// For pull requests and wikis.
    Markdown,
    /// For a browser.
    Html,
}

/// `twinpath rules`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  twinpath rules --group NET-BGP\n  twinpath rules --severity required --json\n  \
    twinpath rules vlan")]
pub struct Rules {
    /// Only rules whose id, name or title holds this text
    pub search: Option<String>,
    /// Only rules of a group, like ADDR
    #[arg(long)]
    pub group: Option<String>,
    /// Only rules of a severity
    #[arg(long, value_parser = ["required", "recommended", "informational"])]
    pub severity: Option<String>,
    /// Only rules in force under a profile
    #[arg(long, value_enum, default_value_t = Profile::Current)]
    pub profile: Profile,
    /// Rules of every profile
    #[arg(long, conflicts_with = "profile")]
    pub all: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `twinpath fix`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  twinpath fix my.design.yaml             show the diff\n  \
    twinpath fix my.design.yaml --write     write it\n  \
    twinpath fix my.design.yaml --ask       decide on each change that needs a decision")]
pub struct Fix {
    /// The design file
    pub file: PathBuf,
    /// Write the mended file instead of only showing the diff
    #[arg(long)]
    pub write: bool,
    /// Ask about changes that a program must not decide alone, like another AS number
    #[arg(long)]
    pub ask: bool,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `twinpath init`.
#[derive(Debug, Default, ClapArgs)]
#[command(after_help = "Examples:\n  twinpath init > my.design.yaml\n  \
    twinpath init --company Contoso --provider Equinix --location Amsterdam --bandwidth '1 Gbps' \\\n    \
    --sku 'premium metered' --prefixes 10.10.0.0/16 --region westeurope --space 10.100.0.0/16")]
pub struct Init {
    /// Who the design is for
    #[arg(long)]
    pub company: Option<String>,
    /// The connectivity provider
    #[arg(long)]
    pub provider: Option<String>,
    /// Peering locations, one for each circuit
    #[arg(long = "location", value_name = "LOCATION")]
    pub locations: Vec<String>,
    /// The bandwidth of a circuit
    #[arg(long)]
    pub bandwidth: Option<String>,
    /// Tier and billing
    #[arg(long)]
    pub sku: Option<String>,
    /// Prefixes of the first site
    #[arg(long, value_delimiter = ',')]
    pub prefixes: Vec<String>,
    /// The Azure region of the virtual network
    #[arg(long)]
    pub region: Option<String>,
    /// Address space of the virtual network
    #[arg(long)]
    pub space: Option<String>,
    /// Plan Microsoft peering, too
    #[arg(long)]
    pub microsoft: bool,
    /// Plan Microsoft 365 over the circuit
    #[arg(long)]
    pub m365: bool,
    /// Use ExpressRoute Direct ports
    #[arg(long)]
    pub direct: bool,
    /// Plan IPv6 beside IPv4
    #[arg(long)]
    pub ipv6: bool,
    /// Never ask, even on a terminal
    #[arg(long)]
    pub no_input: bool,
    /// Write to this file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// `twinpath demo`.
#[derive(Debug, ClapArgs)]
pub struct Demo {
    /// Leave the files of the demo in this folder
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
}

/// `twinpath catalog`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  twinpath catalog locations --provider Equinix --geo Europe\n  \
    twinpath catalog providers --at Amsterdam --exchange\n  twinpath catalog communities exchange\n  \
    twinpath catalog limits route-limit --json")]
pub struct Catalog {
    /// What to look up.
    #[command(subcommand)]
    pub table: CatalogTable,
}

/// The tables of the catalogue.
#[derive(Debug, Subcommand)]
pub enum CatalogTable {
    /// Peering locations
    Locations {
        /// Only those whose name, site or region holds this text
        search: Option<String>,
        /// Only those where this provider sells
        #[arg(long)]
        provider: Option<String>,
        /// Only those of a geopolitical region
        #[arg(long)]
        geo: Option<String>,
        /// Only Metro locations
        #[arg(long)]
        metro: bool,
        /// Only those with ExpressRoute Direct
        #[arg(long)]
        direct: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Connectivity providers
    Providers {
        /// Only those whose name holds this text
        search: Option<String>,
        /// Only those that sell at a location
        #[arg(long)]
        at: Option<String>,
        /// Only exchange providers
        #[arg(long)]
        exchange: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// BGP communities
    Communities {
        /// Only those whose value, service or region holds this text
        search: Option<String>,
        /// Only those of a peering: private or microsoft
        #[arg(long, value_parser = ["private", "microsoft"])]
        peering: Option<String>,
        /// Only those that Microsoft must authorize
        #[arg(long)]
        gated: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Limits: bandwidths, links, routes, gateways
    Limits {
        /// Only those whose category, key or SKU holds this text
        search: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Where the facts come from, and of which day
    Sources {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}
