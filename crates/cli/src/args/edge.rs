//! `twinpath edge …`.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

/// `twinpath edge`.
#[derive(Debug, ClapArgs)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(
    after_help = "Examples:\n  twinpath edge --config edge.toml            run until SIGTERM; SIGHUP reads the file again\n  \
    twinpath edge --config edge.toml --check    only check the file\n  \
    twinpath edge --control https://control.example:8444 --name amsterdam-a --ca ca.pem --cert edge.pem --key edge.key --state /var/lib/twinpath\n  \
    twinpath edge --control … --port eth1 --cloud 192.0.2.1   the same, and packets are forwarded\n  \
        twinpath edge show summary                  ask the edge whose socket is ./edge.sock\n\n\
    Signals: SIGHUP reads the configuration again, SIGTERM and SIGINT stop and tell the peers,\n\
    SIGUSR2 starts the binary again while the peers keep our routes.\n\
    Keys of the file: docs/reference/edge-config.md"
)]
pub struct Edge {
    /// The configuration, a TOML file
    #[arg(long, value_name = "FILE", required_unless_present = "control", conflicts_with = "control")]
    pub config: Option<PathBuf>,
    /// Check the configuration and end
    #[arg(long, conflicts_with = "control")]
    pub check: bool,
    /// The service that says what runs, in the place of a file
    #[arg(long, value_name = "URL", requires_all = ["name", "ca", "cert", "key", "state"])]
    pub control: Option<String>,
    /// With --control: the name of this edge, as in its certificate
    #[arg(long, requires = "control")]
    pub name: Option<String>,
    /// With --control: the certificates that vouch for the service, PEM
    #[arg(long, value_name = "FILE", requires = "control")]
    pub ca: Option<PathBuf>,
    /// With --control: the certificate of this edge, PEM
    #[arg(long, value_name = "FILE", requires = "control")]
    pub cert: Option<PathBuf>,
    /// With --control: the key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "control")]
    pub key: Option<PathBuf>,
    /// With --control: the folder for what outlives the process, the last intents with their keys among it
    #[arg(long, value_name = "DIR", requires = "control")]
    pub state: Option<PathBuf>,
    /// With --control: where customers connect to
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.64.0.1:10179")]
    pub listen: std::net::SocketAddr,
    /// With --control: forward packets of the circuits that come in on this device
    #[arg(long, value_name = "DEVICE", requires_all = ["control", "cloud"])]
    pub port: Option<String>,
    /// With --port: how circuits are told apart on it
    #[arg(long, value_enum, default_value = "qinq", requires = "port")]
    pub encapsulation: Encapsulation,
    /// With --port: what puts tags on and takes them off there
    #[arg(long, value_enum, default_value = "auto", requires = "port")]
    pub tagging: Tagging,
    /// With --port: our address in the cloud's network, from which tunnels go to VNet gateways
    #[arg(long, value_name = "ADDRESS", requires = "port")]
    pub cloud: Option<std::net::IpAddr>,
    /// With --control: how customers' links are watched [default: 300 ms x 3, as Microsoft's routers do]
    #[arg(long, value_name = "BFD", requires = "control", value_parser = bfd)]
    pub bfd: Option<model::Bfd>,
    /// With --control: end when standard input ends, as it does with the process that started this one
    #[arg(long, hide = true, requires = "control")]
    pub end_with_stdin: bool,
    /// What to do with an edge that runs.
    #[command(subcommand)]
    pub command: Option<EdgeCommand>,
}

/// An interval and a multiplier that our routers can keep.
pub(super) fn bfd(text: &str) -> Result<model::Bfd, String> {
    match <model::Bfd as model::Value>::parse(text) {
        Ok(model::Bfd::On { interval_ms, multiplier })
            if !(50..=60_000).contains(&interval_ms) || !(1..=255).contains(&multiplier) =>
        {
            Err(format!("{text}: an interval of 50 to 60000 ms and a multiplier of 1 to 255 can be kept"))
        }
        Ok(bfd) => Ok(bfd),
        Err(error) => Err(format!("{}; expected {}", error.reason, <model::Bfd as model::Value>::EXPECTED)),
    }
}

/// How circuits are told apart on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Encapsulation {
    /// The circuit's tag outside (802.1ad), the peering's inside (802.1Q)
    Qinq,
    /// One circuit, without tags
    Untagged,
}

/// What puts tags on and takes them off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tagging {
    /// Programs in the kernel where the machine has them, else a thread
    Auto,
    /// Programs in the kernel (tc-BPF); for root of the machine
    Bpf,
    /// A thread that reads and writes whole frames
    Packet,
}

/// Which edge is asked.
#[derive(Debug, ClapArgs)]
pub struct Socket {
    /// The control socket of the edge
    #[arg(long, value_name = "PATH", default_value = "edge.sock")]
    pub socket: PathBuf,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// What an edge that runs can be asked and told.
#[derive(Debug, Subcommand)]
pub enum EdgeCommand {
    /// Look at what runs
    Show {
        /// What to look at.
        #[command(subcommand)]
        what: Show,
    },
    /// Read the configuration again and take up what changed
    #[command(after_help = "Example:\n  twinpath edge reload\n\nA file with an error changes nothing.")]
    Reload {
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Keep a session down until it is started, or the configuration is read again
    #[command(
        after_help = "Example:\n  twinpath edge shutdown contoso-private/ce-1 --message 'maintenance until 04:00'"
    )]
    Shutdown {
        /// PEER, or DOMAIN/PEER where several domains have the name
        peer: String,
        /// What the peer is told, at most 255 bytes (RFC 9003)
        #[arg(long)]
        message: Option<String>,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Bring up a session that was shut down, or try at once what waits
    #[command(after_help = "Example:\n  twinpath edge start contoso-private/ce-1")]
    Start {
        /// PEER, or DOMAIN/PEER where several domains have the name
        peer: String,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Make what is announced unattractive before maintenance: our AS number eight times more
    #[command(after_help = "Examples:\n  twinpath edge drain                        every domain\n  \
        twinpath edge drain contoso-private\n  twinpath edge drain --off")]
    Drain {
        /// The domain; all when left out
        domain: Option<String>,
        /// Back to service
        #[arg(long)]
        off: bool,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Ask a peer for its routes again, and tell it ours
    #[command(after_help = "Example:\n  twinpath edge refresh ce-1")]
    Refresh {
        /// PEER, or DOMAIN/PEER where several domains have the name
        peer: String,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Write tables to a file that MRT tools read
    #[command(after_help = "Example:\n  twinpath edge dump --mrt rib.mrt && bgpdump -m rib.mrt")]
    Dump {
        /// Of this domain only
        domain: Option<String>,
        /// The file
        #[arg(long, value_name = "FILE")]
        mrt: PathBuf,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Play a recording into a fresh speaker and print what comes out, the same on each run
    #[command(after_help = "Example:\n  twinpath edge replay day.jsonl.worker-0 | head\n\n\
        The key `record` of the configuration makes recordings; of one that was split, the older parts go first.")]
    Replay {
        /// The recording, in parts if it was split
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Start the binary again; peers with graceful restart keep our routes meanwhile
    #[command(after_help = "Example:\n  twinpath edge restart        after the binary was replaced by a newer one")]
    Restart {
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// End the edge; peers are told
    #[command(after_help = "Example:\n  twinpath edge stop")]
    Stop {
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
}

/// What of an edge can be looked at.
#[derive(Debug, Subcommand)]
pub enum Show {
    /// Sessions: state, routes, why they last failed
    #[command(after_help = "Examples:\n  twinpath edge show sessions\n  \
        twinpath edge show sessions contoso-private --json")]
    Sessions {
        /// Of this domain only
        domain: Option<String>,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Sessions in the columns of Azure's route table summary
    #[command(after_help = "Example:\n  twinpath edge show summary --socket /run/msee-a.sock")]
    Summary {
        /// Of this domain only
        domain: Option<String>,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Everything about one session, or all
    #[command(after_help = "Example:\n  twinpath edge show neighbors contoso-private/ce-1")]
    Neighbors {
        /// PEER, or DOMAIN/PEER where several domains have the name
        peer: Option<String>,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Routes in the columns of Azure's route table
    #[command(after_help = "Examples:\n  twinpath edge show routes contoso-private\n  \
        twinpath edge show routes --peer ce-1                what it sent, before policy\n  \
        twinpath edge show routes --peer ce-1 --advertised   what it is told\n  \
        twinpath edge show routes --within 10.0.0.0/8 --best --json\n\n\
        > best  = as good  blank: not as good  x: refused  S: stale")]
    Routes(Routes),
    /// Why a prefix goes where it goes: its paths in order, and the step that decided
    #[command(after_help = "Example:\n  twinpath edge show why 10.1.0.0/16 --domain contoso-private")]
    Why {
        /// The prefix
        prefix: String,
        /// Its domain, where there are several
        #[arg(long)]
        domain: Option<String>,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// Liveness of peers that are watched by BFD
    #[command(after_help = "Example:\n  twinpath edge show bfd")]
    Bfd {
        /// Of this domain only
        domain: Option<String>,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
    /// The kernel's neighbour table in the columns of Azure's ARP table
    #[command(after_help = "Example:\n  twinpath edge show arp contoso-private")]
    Arp {
        /// Of this domain only
        domain: Option<String>,
        /// Which edge.
        #[command(flatten)]
        at: Socket,
    },
}

/// `twinpath edge show routes`.
#[derive(Debug, ClapArgs)]
pub struct Routes {
    /// Of this domain only
    pub domain: Option<String>,
    /// What this peer sent, before policy; PEER or DOMAIN/PEER
    #[arg(long)]
    pub peer: Option<String>,
    /// With --peer: what it is told instead
    #[arg(long, requires = "peer")]
    pub advertised: bool,
    /// Of this family only
    #[arg(long, value_enum)]
    pub family: Option<Family>,
    /// Inside this prefix
    #[arg(long, value_name = "PREFIX")]
    pub within: Option<String>,
    /// With this AS number in the path
    #[arg(long)]
    pub asn: Option<u32>,
    /// With this community
    #[arg(long)]
    pub community: Option<String>,
    /// The best of each prefix only
    #[arg(long)]
    pub best: bool,
    /// No more than so many
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<u64>,
    /// Which edge.
    #[command(flatten)]
    pub at: Socket,
}

/// A family of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Family {
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
}
