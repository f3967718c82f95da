//! `twinpath operator …` and `twinpath provider …`: clients of a service that runs.

use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Which service is asked.
#[derive(Debug, Clone, ClapArgs)]
#[command(next_help_heading = "Which service")]
pub struct Instance {
    /// The folder of the service, with its certificate and credentials [default: $TWINPATH_DATA, else twinpath-data]
    #[arg(long, value_name = "DIR", global = true)]
    pub data: Option<PathBuf>,
    /// Where it answers [default: $TWINPATH_URL, else what the folder says, else https://localhost:8443]
    #[arg(long, value_name = "URL", global = true)]
    pub url: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
}

impl Instance {
    /// The same for the client.
    pub(crate) fn at(&self) -> client::At {
        client::At { data: self.data.clone(), url: self.url.clone() }
    }
}

/// `twinpath operator`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  twinpath operator circuits                                  every circuit and its states\n  \
    twinpath operator prefix question KEY 203.0.113.0/24        say that a prefix is not proven\n  \
    twinpath operator maintenance amsterdam-a start             drain an edge\n  \
    twinpath operator quirks children-dropped on                play an oddity of the real API\n\n\
    The operator stands in Microsoft's place. Credentials are those that `twinpath serve` wrote to its folder, or\n\
    TWINPATH_TENANT, TWINPATH_CLIENT_ID, TWINPATH_CLIENT_SECRET and TWINPATH_CA (a file)."
)]
pub struct Operator {
    /// What to do.
    #[command(subcommand)]
    pub command: OperatorCommand,
    /// Which service.
    #[command(flatten)]
    pub at: Instance,
}

/// What an operator does.
#[derive(Debug, Subcommand)]
pub enum OperatorCommand {
    /// Every circuit: states, provider, location, peerings
    #[command(
        after_help = "Examples:\n  twinpath operator circuits\n  twinpath operator circuits --json | jq .[].serviceKey"
    )]
    Circuits,
    /// Edges: whether they are up, what they run, orders they stand under
    #[command(after_help = "Example:\n  twinpath operator edges")]
    Edges,
    /// VNet gateways: where they are, and the tunnels to their edges
    #[command(after_help = "Examples:\n  twinpath operator gateways\n  twinpath operator gateways --json\n  \
        twinpath operator gateways --place ID --underlay 192.0.2.20     the edges have a tunnel and a session to it\n  \
        twinpath operator gateways --config hub-gateway --namespace gw-hub > gateway.toml")]
    Gateways {
        /// Say where this gateway is (its resource id)
        #[arg(long, value_name = "ID", requires = "underlay", conflicts_with = "config")]
        place: Option<String>,
        /// With --place: its address in the cloud's network
        #[arg(long, value_name = "ADDRESS", requires = "place")]
        underlay: Option<std::net::IpAddr>,
        /// Print the configuration with which `twinpath edge --config` is this gateway (its name or id)
        #[arg(long, value_name = "NAME", requires = "namespace")]
        config: Option<String>,
        /// With --config: the network namespace that the gateway forwards in
        #[arg(long, value_name = "NAME", requires = "config")]
        namespace: Option<String>,
    },
    /// Validate or question prefixes that a customer wants to announce
    Prefix {
        /// What to say.
        #[command(subcommand)]
        verdict: Verdict,
    },
    /// Drain an edge before work on it, or take it back to service
    #[command(
        after_help = "Examples:\n  twinpath operator maintenance amsterdam-a start   our AS number eight times more\n  \
        twinpath operator maintenance amsterdam-a end"
    )]
    Maintenance {
        /// The edge
        edge: String,
        /// Begin or end
        #[arg(value_enum)]
        when: When,
    },
    /// Take the customer ports of an edge down, or up again
    #[command(
        after_help = "Examples:\n  twinpath operator port amsterdam-b down\n  twinpath operator port amsterdam-b up"
    )]
    Port {
        /// The edge
        edge: String,
        /// Down or up
        #[arg(value_enum)]
        state: UpDown,
    },
    /// How long operations take: show it, or set it
    #[command(after_help = "Examples:\n  twinpath operator delays\n  twinpath operator delays realistic\n  \
        twinpath operator delays fixed --seconds 5")]
    Delays {
        /// The measure
        #[arg(value_enum)]
        mode: Option<Mode>,
        /// With `fixed`: so many seconds each
        #[arg(long)]
        seconds: Option<u32>,
    },
    /// Oddities of the real API: list them, or switch one
    #[command(after_help = "Examples:\n  twinpath operator quirks\n  twinpath operator quirks circuit-echo on\n\n\
        Each with its source: docs/reference/quirks.md")]
    Quirks {
        /// The quirk
        #[arg(requires = "switch")]
        name: Option<String>,
        /// On or off
        #[arg(value_enum)]
        switch: Option<OnOff>,
    },
    /// Tenants
    Tenant {
        /// What to do.
        #[command(subcommand)]
        command: TenantCommand,
    },
    /// Subscriptions
    Subscription {
        /// What to do.
        #[command(subcommand)]
        command: SubscriptionCommand,
    },
    /// Who may sign in, and what they may do
    Principal {
        /// What to do.
        #[command(subcommand)]
        command: PrincipalCommand,
    },
    /// Connectivity providers, their subscriptions and credentials
    Provider {
        /// What to do.
        #[command(subcommand)]
        command: EnrollCommand,
    },
    /// Who changed what, newest first
    #[command(after_help = "Examples:\n  twinpath operator audit --top 20\n  \
        twinpath operator audit --resource /subscriptions/…/expressRouteCircuits/contoso --json")]
    Audit {
        /// Of this resource and what is below it
        #[arg(long)]
        resource: Option<String>,
        /// So many at most
        #[arg(long, default_value_t = 50)]
        top: u32,
    },
}

/// What is said of prefixes.
#[derive(Debug, Subcommand)]
pub enum Verdict {
    /// They are the customer's
    #[command(after_help = "Example:\n  twinpath operator prefix validate 4f1c… 203.0.113.0/24")]
    Validate(Prefixes),
    /// Nobody has proven that: the state becomes ValidationNeeded
    #[command(after_help = "Example:\n  twinpath operator prefix question 4f1c… 203.0.113.0/24")]
    Question(Prefixes),
    /// Judge them by rule again
    #[command(after_help = "Example:\n  twinpath operator prefix clear 4f1c… 203.0.113.0/24")]
    Clear(Prefixes),
}

/// Prefixes of a circuit.
#[derive(Debug, ClapArgs)]
pub struct Prefixes {
    /// The service key of the circuit
    pub service_key: String,
    /// The prefixes
    #[arg(required = true)]
    pub prefixes: Vec<String>,
}

/// What is done with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantCommand {
    /// List those that have a name
    List,
    /// Name one
    Name {
        /// Its id
        tenant: String,
        /// The name
        name: String,
    },
}

/// What is done with subscriptions.
#[derive(Debug, Subcommand)]
pub enum SubscriptionCommand {
    /// List all of them
    List,
    /// Make one
    #[command(after_help = "Example:\n  twinpath operator subscription create 'Contoso production'")]
    Create {
        /// Its name
        name: String,
        /// Its id; a new one when left out
        #[arg(long)]
        id: Option<String>,
        /// Its tenant; that of the credentials when left out
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Take writes again
    Enable {
        /// Its id
        id: String,
    },
    /// Refuse writes, as Azure does when a bill is not paid
    Disable {
        /// Its id
        id: String,
    },
    /// Permit route filters with Microsoft 365 communities
    #[command(
        name = "permit-m365",
        after_help = "Examples:\n  twinpath operator subscription permit-m365 ID\n  \
        twinpath operator subscription permit-m365 ID --off"
    )]
    PermitM365 {
        /// Its id
        id: String,
        /// Take the permit back
        #[arg(long)]
        off: bool,
    },
}

/// What is done with principals.
#[derive(Debug, Subcommand)]
pub enum PrincipalCommand {
    /// List all of them
    List,
    /// Make one; its secret is shown once
    #[command(
        after_help = "Examples:\n  twinpath operator principal create ci --role network-contributor --subscription ID\n  \
        twinpath operator principal create night-shift --role operator"
    )]
    Create {
        /// Its name
        name: String,
        /// What it may do
        #[arg(long, value_enum)]
        role: Role,
        /// Where; not for `operator`
        #[arg(long, value_name = "ID", required_if_eq_any = [("role", "owner"), ("role", "network-contributor"),
            ("role", "reader"), ("role", "provider")])]
        subscription: Option<String>,
        /// Its tenant; that of the credentials when left out
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Give it a role in a subscription, beside those that it has
    #[command(after_help = "Example:\n  twinpath operator principal role CLIENT-ID reader ID")]
    Role {
        /// Its client id
        client: String,
        /// What it may do
        #[arg(value_enum)]
        role: Role,
        /// Where; not for `operator`
        subscription: Option<String>,
    },
    /// Draw another secret, shown once; the old ones are good no more
    NewSecret {
        /// Its client id
        client: String,
    },
    /// Forget it
    Delete {
        /// Its client id
        client: String,
    },
}

/// What is done with providers.
#[derive(Debug, Subcommand)]
pub enum EnrollCommand {
    /// List those of the catalogue
    List,
    /// Make the subscription of one, and credentials that are shown once
    #[command(after_help = "Example:\n  twinpath operator provider enroll Equinix")]
    Enroll {
        /// Its name
        name: String,
    },
}

/// Begin or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// Begin.
    Start,
    /// End.
    End,
}

/// Down or up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UpDown {
    /// No session comes up.
    Down,
    /// Back to service.
    Up,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// On.
    On,
    /// Off.
    Off,
}

/// Measures of delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// None.
    Instant,
    /// As clients meet on Azure.
    Realistic,
    /// The same for all.
    Fixed,
}

/// Roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    /// Everything in a subscription.
    Owner,
    /// Reads and writes network resources.
    NetworkContributor,
    /// Reads.
    Reader,
    /// The provider's side.
    Provider,
    /// Microsoft's place.
    Operator,
}

/// `twinpath provider`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Examples:\n  twinpath provider list\n  twinpath provider provision 4f1c…          the circuit becomes Provisioned\n  \
    twinpath provider note 4f1c… 'cross connect 17, rack B'\n\n\
    Plays the carrier over the cross connection API of ARM. Credentials as in `twinpath operator`; those of a provider\n\
    (`twinpath operator provider enroll NAME`) see its own circuits."
)]
pub struct Provider {
    /// What to do.
    #[command(subcommand)]
    pub command: ProviderCommand,
    /// Which service.
    #[command(flatten)]
    pub at: Instance,
}

/// What a provider does.
#[derive(Debug, Subcommand)]
pub enum ProviderCommand {
    /// Circuits that were ordered
    List,
    /// One of them as the provider sees it
    Show {
        /// The service key
        service_key: String,
    },
    /// Hand the circuit over
    #[command(
        after_help = "Examples:\n  twinpath provider provision 4f1c…\n  twinpath provider provision 4f1c… --begin   only Provisioning"
    )]
    Provision {
        /// The service key
        service_key: String,
        /// Stop at Provisioning
        #[arg(long)]
        begin: bool,
    },
    /// Take the circuit back, so that the customer can delete it
    #[command(after_help = "Example:\n  twinpath provider deprovision 4f1c…")]
    Deprovision {
        /// The service key
        service_key: String,
        /// Stop at Deprovisioning
        #[arg(long)]
        begin: bool,
    },
    /// Leave a note that the customer reads
    Note {
        /// The service key
        service_key: String,
        /// The note; empty to take it away
        text: String,
    },
    /// Peerings of a circuit whose routing the provider manages
    Peering {
        /// What to do.
        #[command(subcommand)]
        command: PeeringCommand,
    },
}

/// What a provider does with peerings.
#[derive(Debug, Subcommand)]
pub enum PeeringCommand {
    /// List them
    List {
        /// The service key
        service_key: String,
    },
    /// Make or replace one
    #[command(after_help = "Example:\n  twinpath provider peering set 4f1c… private --vlan 100 --asn 65010 \\\n    \
        --primary 192.168.15.16/30 --secondary 192.168.15.20/30")]
    Set(SetPeering),
    /// Delete one
    Delete {
        /// The service key
        service_key: String,
        /// Which
        #[arg(value_enum)]
        kind: Kind,
    },
}

/// A peering as a provider says it.
#[derive(Debug, ClapArgs)]
pub struct SetPeering {
    /// The service key
    pub service_key: String,
    /// Which
    #[arg(value_enum)]
    pub kind: Kind,
    /// The VLAN
    #[arg(long)]
    pub vlan: u16,
    /// The AS number of the far side
    #[arg(long)]
    pub asn: u32,
    /// The subnet of the primary link, a /30
    #[arg(long, value_name = "SUBNET")]
    pub primary: String,
    /// The subnet of the secondary link, a /30
    #[arg(long, value_name = "SUBNET")]
    pub secondary: String,
    /// Prefixes that the customer announces; Microsoft peering only
    #[arg(long, value_delimiter = ',', value_name = "PREFIX")]
    pub advertise: Vec<String>,
    /// A file with the MD5 key; without it a key that is there stays
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<std::path::PathBuf>,
}

/// Kinds of peering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Azure private peering.
    Private,
    /// Microsoft peering.
    Microsoft,
}
