//! `twinpath serve`, and how clients reach it.

use clap::{Args as ClapArgs, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

/// `twinpath serve`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  twinpath serve                                       all in ./twinpath-data, on https://localhost:8443\n  \
    twinpath serve --demo                                a circuit half way, and lines to paste\n  \
    twinpath serve --database postgres://twinpath@db/twinpath --listen 0.0.0.0:8443 \\\n    \
    --base https://expressroute.example:8443\n  \
    twinpath serve --oidc https://login.example/realms/lab=https://localhost:8443\n\n\
    The first start makes a certificate authority, a tenant, a subscription and two accounts, and writes\n\
    DIR/credentials.json. `twinpath login-help` prints what to paste.\n\
    Signals: SIGTERM and SIGINT stop after the requests at work."
)]
pub struct Serve {
    /// The folder with keys, certificates and credentials, and the store unless --database says another
    #[arg(long, value_name = "DIR", env = "TWINPATH_DATA", default_value = "twinpath-data")]
    pub data: PathBuf,
    /// The store: a file, or postgres://… [default: DIR/twinpath.db]
    #[arg(long, value_name = "ADDRESS", env = "TWINPATH_DATABASE", hide_env_values = true)]
    pub database: Option<String>,
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8443")]
    pub listen: SocketAddr,
    /// The public address, as clients write it [default: https://localhost:PORT]
    #[arg(long, value_name = "URL")]
    pub base: Option<String>,
    /// Order a circuit to play with, and print what to paste
    #[arg(long)]
    pub demo: bool,
    /// Take tokens of another OpenID Connect issuer, too, when they are for AUDIENCE. Whom they speak for is a principal whose
    /// client id or object id they name
    #[arg(long, value_name = "ISSUER=AUDIENCE", value_parser = issuer)]
    pub oidc: Vec<String>,
    /// Where edges call, with certificates of the service's authority
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub edge_listen: SocketAddr,
    /// Start no edges; others call
    #[arg(long)]
    pub no_edges: bool,
    /// Tell a collector of OpenTelemetry how long requests and operations take: OTLP by HTTP, at URL/v1/traces
    #[arg(long, value_name = "URL", env = "OTEL_EXPORTER_OTLP_ENDPOINT")]
    pub traces: Option<String>,
    /// How packets reach the edges
    #[arg(long, value_enum, default_value_t = Carriers::Loopback)]
    pub carriers: Carriers,
    /// Log JSON lines, requests too
    #[arg(long)]
    pub json: bool,
    /// Log requests
    #[arg(long, short)]
    pub verbose: bool,
}

/// How packets travel between customers and edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Carriers {
    /// Over loopback, with stand-in addresses.
    Loopback,
    /// In network namespaces, with the real addresses.
    Namespaces,
}

impl From<Carriers> for control::Carriers {
    fn from(carriers: Carriers) -> Self {
        match carriers {
            Carriers::Loopback => Self::Loopback,
            Carriers::Namespaces => Self::Namespaces,
        }
    }
}

/// `twinpath login-help`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Example:\n  twinpath login-help --data /var/lib/twinpath")]
pub struct LoginHelp {
    /// The folder of the service
    #[arg(long, value_name = "DIR", env = "TWINPATH_DATA", default_value = "twinpath-data")]
    pub data: PathBuf,
    /// Whose account
    #[arg(long = "as", value_enum, default_value_t = Account::Customer)]
    pub account: Account,
}

/// `twinpath env`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  eval \"$(twinpath env az)\"\n  eval \"$(twinpath env terraform --as operator)\"")]
pub struct Env {
    /// For which client
    #[arg(value_enum)]
    pub client: Client,
    /// The folder of the service
    #[arg(long, value_name = "DIR", env = "TWINPATH_DATA", default_value = "twinpath-data")]
    pub data: PathBuf,
    /// Whose account
    #[arg(long = "as", value_enum, default_value_t = Account::Customer)]
    pub account: Account,
}

/// The clients that have variables of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Client {
    /// The Azure command line.
    Az,
    /// The Azure SDKs.
    Sdk,
    /// The azurerm provider.
    Terraform,
}

/// The accounts of the first start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Account {
    /// Who owns the subscription.
    Customer,
    /// Who stands in Microsoft's place.
    Operator,
}

/// Holds a setting of an issuer against what one looks like.
fn issuer(setting: &str) -> Result<String, String> {
    control::auth::External::parse(setting).map(|_| setting.to_owned())
}
