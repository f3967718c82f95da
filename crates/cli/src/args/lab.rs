//! `twinpath lab …`.

use super::Tagging;
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `twinpath lab`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  twinpath lab run examples/contoso.design.yaml           up, verified, down\n  \
    twinpath lab run my.design.yaml --drill all --html drill.html   and every failure measured\n  \
    twinpath lab up my.design.yaml                          up, verified, left running\n  \
    twinpath lab exec ce-ams-1 -- birdc -s bird.ctl show protocols\n  \
    twinpath lab capture amsterdam-primary wire.pcap        until Ctrl-C\n  \
    twinpath lab chaos --kills 50                           anything dies, and the lab heals\n  \
    twinpath lab down\n\n\
    A lab is in namespaces of its own, for root as for anybody else. Nothing of this machine's network is touched.")]
pub struct Lab {
    /// The name of the lab [default: from the design's company; else the only one there is]
    #[arg(long, global = true)]
    pub name: Option<String>,
    /// Print JSON: events as they come, one a line
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: LabCommand,
}

/// What is done with a lab.
#[derive(Debug, Subcommand)]
pub enum LabCommand {
    /// Show what a design would be built as; builds nothing
    Plan {
        /// The design
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// What the customer's edge routers run
        #[arg(long, value_enum, default_value_t = Router::Bird)]
        ce: Router,
    },
    /// Build a design on this machine, order it through the API, verify it, and leave it running
    Up(Up),
    /// The same, and take it down at the end
    #[command(after_help = "Exit codes: 0 all works, 1 something does not, 2 usage or input error")]
    Run(Up),
    /// Show Microsoft 365 over the circuits of a design, by where packets go, and take all of it down
    ///
    /// A lab of its own is ordered in steps: without Microsoft's permission, with it on circuits of tier Standard, as
    /// designed, without a route filter, as designed again. After each, packets go from every site and from a user
    /// outside to a stand-in for each endpoint set and to DNS and CDN on the Internet, and frames are captured on the
    /// circuits and on the ways to the Internet. Last the endpoints change while packets flow
    #[command(
        name = "m365",
        after_help = "Examples:\n  twinpath lab m365 examples/contoso.design.yaml\n  \
        twinpath lab m365 my.design.yaml --endpoints 2025120100 --change 2026082300\n  \
        twinpath lab m365 my.design.yaml --captures wires       a file for Wireshark of each cable and step\n\n\
        Exit codes: 0 all as it has to be, 1 something is not, 2 usage or input error"
    )]
    M365(LabM365),
    /// Take a lab down; nothing of it stays
    Down,
    /// What runs: labs, nodes, processes, sessions
    Status,
    /// Connect every site with every network and service, and show the ways
    Verify,
    /// A shell in a node
    Shell {
        /// The node, as `status` lists them
        node: String,
    },
    /// Run a command in a node
    Exec {
        /// The node, as `status` lists them
        node: String,
        /// The command and its arguments
        #[arg(required = true, last = true, value_name = "COMMAND")]
        command: Vec<String>,
    },
    /// Record what passes on a link, for Wireshark and its kin; needs tcpdump
    Capture {
        /// The link, as `status` lists them
        link: String,
        /// The file; standard output when left out
        file: Option<PathBuf>,
        /// So many packets, then end
        #[arg(long)]
        count: Option<u32>,
    },
    /// Cut a link, or make it whole again
    Link {
        /// The link, as `status` lists them
        link: String,
        /// What becomes of it
        #[arg(value_enum)]
        how: Fate,
    },
    /// Kill anything at random, again and again, and see whether the lab heals to the design each time
    #[command(after_help = "Exit codes: 0 it healed each time, 1 it did not, 2 usage or input error")]
    Chaos(Chaos),
    /// Starts again what died
    #[command(hide = true)]
    Keep,
    /// Carries circuits in a provider's node
    #[command(hide = true)]
    Carry {
        /// What is handed over
        file: PathBuf,
    },
    /// Hands connections from outside to the service
    #[command(hide = true)]
    Gate {
        /// The port of the service
        port: u16,
    },
}

/// `twinpath lab up` and `run`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Up {
    /// The design
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What the customer's edge routers run
    #[arg(long, value_enum, default_value_t = Router::Bird)]
    pub ce: Router,
    /// How Microsoft's edges watch their customers' links; the slower of both sides counts [default: 300 ms x 3]
    #[arg(long, value_name = "BFD", value_parser = super::edge::bfd)]
    pub bfd: Option<model::Bfd>,
    /// What puts tags on and takes them off, at the provider and at Microsoft's edges
    #[arg(long, value_enum, default_value_t = Tagging::Auto)]
    pub tagging: Tagging,
    /// Build a design that the checklist refuses, too: it then fails as the real service would
    #[arg(long)]
    pub anyway: bool,
    /// The day of the check, instead of today
    #[arg(long, value_name = "DATE")]
    pub today: Option<String>,
    /// Then fail parts of it and measure: failures as `twinpath drill list` has them, with commas between, or `all`
    #[arg(long, value_name = "SCENARIOS", value_delimiter = ',')]
    pub drill: Vec<String>,
    /// With --drill: write a page that stands alone, with a chart for each failure
    #[arg(long, value_name = "FILE", requires = "drill")]
    pub html: Option<PathBuf>,
    /// For how many seconds sessions are waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub patience: u64,
}

/// `twinpath lab m365`.
#[derive(Debug, Clone, ClapArgs)]
pub struct LabM365 {
    /// The design
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// What the customer's edge routers run
    #[arg(long, value_enum, default_value_t = Router::Bird)]
    pub ce: Router,
    /// The endpoints: a version of the catalogue, or a file with an answer of the endpoint service [default: the newest]
    #[arg(long, value_name = "VERSION|FILE")]
    pub endpoints: Option<String>,
    /// The endpoints that come after them [default: the last set that the circuit carries loses its support]
    #[arg(long, value_name = "VERSION|FILE")]
    pub change: Option<String>,
    /// Keep the captured packets in this folder, a file of pcap for each step and cable
    #[arg(long, value_name = "FOLDER")]
    pub captures: Option<PathBuf>,
    /// For how many seconds sessions are waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub patience: u64,
}

/// `twinpath lab chaos`.
#[derive(Debug, Clone, ClapArgs)]
pub struct Chaos {
    /// So many parts die, one after the other: processes, and links
    #[arg(long, value_name = "TIMES", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub kills: u32,
    /// The same number kills the same parts of the same lab in the same order
    #[arg(long, value_name = "NUMBER")]
    pub seed: Option<u64>,
    /// Packets a second on each path, in each direction and class
    #[arg(long, value_name = "PACKETS", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
    /// For how many seconds the lab may heal
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub patience: u64,
}

/// What a customer's edge router runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Router {
    /// BIRD 2.
    Bird,
    /// FRR; needs root.
    Frr,
}

/// What becomes of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Fate {
    /// Cut: the router at its end sees the carrier go
    Cut,
    /// Cut so that nobody sees it
    Silent,
    /// Whole again
    Heal,
}
