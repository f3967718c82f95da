//! Closed lists of words: states, tiers, roles, kinds.
//!
//! A design writes them as people do (`co-located`, `premium`), the API as it does
//! (`Provisioned`, `MeteredData`); both parse, without regard to case, blanks, `-` or `_`.

use crate::{Shape, Value, ValueError};
use std::fmt;

/// Declares an enum of words with the texts it parses from; the first text of each is what it prints.
macro_rules! words {
    ($($(#[doc = $doc:literal])* $name:ident, $expected:literal {
        $($(#[doc = $word_doc:literal])* $word:ident = $text:literal $(| $alias:literal)*,)*
    })*) => {$(
        $(#[doc = $doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[doc = $word_doc])* $word,)*
        }

        impl $name {
            /// Every word of the list, in order.
            pub const ALL: &'static [Self] = &[$(Self::$word),*];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$word => $text,)* })
            }
        }

        impl Value for $name {
            const EXPECTED: &'static str = $expected;
            const SHAPE: Shape = Shape::Words(&[$($text),*]);
            const ALIASES: &'static [&'static str] = &[$($($alias,)*)*];

            fn parse(text: &str) -> Result<Self, ValueError> {
                $(if same_word(text, $text) $(|| same_word(text, $alias))* { return Ok(Self::$word); })*
                Err(unknown_word(text, &[$($text),*]))
            }
        }
    )*};
}

words! {
    /// The state of the Azure account.
    AccountState, "active, disabled, expired, warned or none" {
        /// Usable.
        Active = "active" | "enabled",
        /// Switched off.
        Disabled = "disabled",
        /// Its term ended.
        Expired = "expired",
        /// Payment or policy trouble.
        Warned = "warned",
        /// There is none.
        None = "none",
    }
    /// The state of a subscription, of Azure or of Microsoft 365.
    SubscriptionState, "active, warned, past-due, disabled, expired or none" {
        /// Usable.
        Active = "active" | "enabled",
        /// Payment or policy trouble.
        Warned = "warned",
        /// Not paid.
        PastDue = "past-due",
        /// Switched off.
        Disabled = "disabled" | "deleted",
        /// Its term ended.
        Expired = "expired",
        /// There is none.
        None = "none",
    }
    /// The widest role of the person who orders, in the subscription.
    Role, "owner, contributor, network contributor, reader or none" {
        /// Everything, roles too.
        Owner = "owner",
        /// Everything but roles.
        Contributor = "contributor",
        /// All network resources.
        NetworkContributor = "network contributor",
        /// Nothing but reading.
        Reader = "reader",
        /// No role.
        None = "none",
    }
    /// Whether a feature or resource provider is registered in the subscription.
    Registration, "registered, pending or not registered" {
        /// In force.
        Registered = "registered",
        /// Asked for.
        Pending = "pending" | "registering",
        /// Never asked for.
        NotRegistered = "not registered" | "unregistered",
    }
    /// The way to Microsoft (spec 01, PROV-001).
    ConnectivityPath, "partner, exchange, direct or none" {
        /// A listed ExpressRoute partner.
        Partner = "partner",
        /// A carrier that is no partner, through a cloud exchange.
        Exchange = "exchange" | "exchange_via_nonpartner",
        /// ExpressRoute Direct.
        Direct = "direct",
        /// None chosen yet.
        None = "none",
    }
    /// The connectivity model (spec 02, section 7).
    ConnectivityModel, "co-located, point-to-point, any-to-any, direct or other" {
        /// Co-located at a cloud exchange.
        CoLocated = "co-located" | "cloud exchange",
        /// Point-to-point Ethernet.
        PointToPoint = "point-to-point" | "ethernet",
        /// Any-to-any IPVPN.
        AnyToAny = "any-to-any" | "ipvpn" | "mpls",
        /// ExpressRoute Direct.
        Direct = "direct",
        /// Something else, which Microsoft does not offer.
        Other = "other",
    }
    /// How the customer reaches the provider (spec 01, PROV-006).
    LastMile, "vpn, co-located, ethernet, direct or none" {
        /// Sites on the provider's VPN.
        Vpn = "vpn" | "ipvpn",
        /// In the exchange provider's data centre.
        CoLocated = "co-located",
        /// Ethernet to the exchange's fabric.
        Ethernet = "ethernet",
        /// Own cross-connects to Microsoft's ports.
        Direct = "direct" | "cross-connect",
        /// Nothing yet.
        None = "none",
    }
    /// Who runs layer 3, that is the BGP sessions with Microsoft.
    Layer3, "customer, provider or nobody" {
        /// The customer's own routers.
        Customer = "customer",
        /// The provider, as a managed service.
        Provider = "provider",
        /// Nobody: not settled.
        Nobody = "nobody",
    }
    /// The tier of a circuit: how far it reaches.
    Tier, "local, standard or premium" {
        /// One or two regions beside the location.
        Local = "local",
        /// The geopolitical region.
        Standard = "standard",
        /// All regions of the cloud.
        Premium = "premium",
    }
    /// How transfers are billed.
    Billing, "metered or unlimited" {
        /// By the gigabyte outwards.
        Metered = "metered" | "MeteredData",
        /// Flat.
        Unlimited = "unlimited" | "UnlimitedData",
    }
    /// Microsoft's side of a circuit's state.
    CircuitState, "enabled, disabled or disabling" {
        /// In use.
        Enabled = "enabled",
        /// Out of use.
        Disabled = "disabled",
        /// Being taken out of use.
        Disabling = "disabling",
    }
    /// The provider's side of a circuit's state.
    ProviderState, "not provisioned, provisioning, provisioned or deprovisioning" {
        /// Not begun.
        NotProvisioned = "not provisioned",
        /// Under way.
        Provisioning = "provisioning",
        /// Done.
        Provisioned = "provisioned",
        /// Being taken down.
        Deprovisioning = "deprovisioning",
    }
    /// The state of an ARM write.
    ProvisioningState, "succeeded, updating, deleting or failed" {
        /// Done.
        Succeeded = "succeeded",
        /// Under way.
        Updating = "updating" | "creating" | "accepted",
        /// Going.
        Deleting = "deleting",
        /// It failed.
        Failed = "failed" | "canceled",
    }
    /// Whether a peering is switched on.
    PeeringState, "enabled or disabled" {
        /// On.
        Enabled = "enabled",
        /// Off.
        Disabled = "disabled",
    }
    /// How far Microsoft has validated the advertised prefixes (spec 03, 6.3).
    PrefixState, "not configured, configuring, configured or validation needed" {
        /// Nothing asked for.
        NotConfigured = "not configured",
        /// Under way.
        Configuring = "configuring",
        /// Validated.
        Configured = "configured",
        /// Papers are wanted.
        ValidationNeeded = "validation needed" | "manual validation",
    }
    /// The state of a BGP session (RFC 4271, section 8.2.2).
    SessionState, "established, idle, connect, active, opensent or openconfirm" {
        /// Up.
        Established = "established",
        /// Not trying.
        Idle = "idle",
        /// Waiting for TCP.
        Connect = "connect",
        /// Trying to get TCP.
        Active = "active",
        /// OPEN sent.
        OpenSent = "opensent",
        /// OPEN received.
        OpenConfirm = "openconfirm",
    }
    /// The state of a BFD session (RFC 5880, section 6.2).
    BfdState, "up, down, init, admin-down or none" {
        /// Both ways alive.
        Up = "up",
        /// Lost.
        Down = "down",
        /// Half way.
        Init = "init",
        /// Switched off.
        AdminDown = "admin-down",
        /// No BFD session exists.
        None = "none",
    }
    /// What the ARP table of a link says of one side (spec 03, 15.2).
    ArpState, "resolved, incomplete or missing" {
        /// A MAC address is known.
        Resolved = "resolved",
        /// Asked for, no answer.
        Incomplete = "incomplete",
        /// No row at all.
        Missing = "missing",
    }
    /// Whether a secret is in use; the secret itself never enters a design.
    Secret, "set or none" {
        /// In use.
        Set = "set" | "yes" | "true",
        /// Not in use.
        None = "none" | "no" | "false",
    }
    /// First-hop redundancy toward Microsoft.
    Fhrp, "none, hsrp, vrrp or glbp" {
        /// None, as it must be.
        None = "none",
        /// Cisco HSRP.
        Hsrp = "hsrp",
        /// VRRP (RFC 5798).
        Vrrp = "vrrp",
        /// Cisco GLBP.
        Glbp = "glbp",
    }
    /// What kind of box ends BGP at the customer.
    DeviceKind, "router, firewall or load balancer" {
        /// A stateless router.
        Router = "router" | "switch",
        /// A stateful firewall.
        Firewall = "firewall",
        /// A stateful load balancer.
        LoadBalancer = "load balancer",
    }
    /// Encapsulation on an ExpressRoute Direct port pair.
    Encapsulation, "dot1q or qinq" {
        /// One tag.
        Dot1Q = "dot1q",
        /// Two tags.
        QinQ = "qinq",
    }
    /// The SKU of a virtual network gateway.
    GatewaySku, "Standard, HighPerformance, UltraPerformance, ErGw1AZ, ErGw2AZ, ErGw3AZ or ErGwScale" {
        /// Legacy, smallest.
        Standard = "Standard",
        /// Legacy, middle.
        HighPerformance = "HighPerformance",
        /// Legacy, largest.
        UltraPerformance = "UltraPerformance",
        /// Zone redundant, smallest.
        ErGw1AZ = "ErGw1AZ",
        /// Zone redundant, middle.
        ErGw2AZ = "ErGw2AZ",
        /// Zone redundant, largest.
        ErGw3AZ = "ErGw3AZ",
        /// Scalable by units.
        ErGwScale = "ErGwScale",
    }
    /// A peering of a circuit (spec 02, 1.4).
    PeeringKind, "private, microsoft or public" {
        /// To virtual networks.
        Private = "private" | "AzurePrivatePeering",
        /// To Microsoft 365 and Azure public services.
        Microsoft = "microsoft" | "MicrosoftPeering",
        /// To Azure public services; retired.
        Public = "public" | "AzurePublicPeering",
    }
    /// A group of decisions in a PAC file (spec 05, 7.2).
    PacStep, "internet-only, expressroute or rest" {
        /// Internet-only names under names of the circuit.
        InternetOnly = "internet-only",
        /// Names that take the circuit.
        ExpressRoute = "expressroute",
        /// Everything else.
        Rest = "rest",
    }
    /// Who runs NAT.
    NatOperator, "customer, provider or nobody" {
        /// The customer.
        Customer = "customer",
        /// The provider, as a service.
        Provider = "provider",
        /// Nobody.
        Nobody = "nobody",
    }
    /// Where NAT stands against the split into two links (spec 04, A18 and A19).
    NatPlacement, "before-split or after-split" {
        /// One pool before the split.
        BeforeSplit = "before-split",
        /// A pool on each link.
        AfterSplit = "after-split",
    }
    /// Who opens a flow.
    Direction, "inbound or outbound" {
        /// Microsoft, towards the customer.
        Inbound = "inbound",
        /// The customer, towards Microsoft.
        Outbound = "outbound",
    }
    /// The way a flow or service takes.
    Path, "expressroute or internet" {
        /// Over the circuit.
        ExpressRoute = "expressroute" | "circuit" | "er",
        /// Over the Internet.
        Internet = "internet",
    }
    /// How a flow keeps both directions on one path.
    Symmetry, "snat, scope, advertise or none" {
        /// Source NAT at the edge.
        Snat = "snat",
        /// ExpressRoute routes kept out of the segment.
        Scope = "scope",
        /// Prefixes advertised on the right link only.
        Advertise = "advertise",
        /// Nothing chosen.
        None = "none",
    }
    /// A zone of the customer's network.
    Zone, "core, dmz or other" {
        /// The inner network.
        Core = "core",
        /// The perimeter.
        Dmz = "dmz",
        /// Elsewhere.
        Other = "other",
    }
    /// How traffic is encrypted.
    Encryption, "none, macsec, ipsec or tls" {
        /// Not at all.
        None = "none",
        /// 802.1AE on Direct ports.
        Macsec = "macsec",
        /// A VPN over the circuit.
        Ipsec = "ipsec",
        /// By the applications.
        Tls = "tls",
    }
    /// Where keys are kept.
    KeyStore, "vault or config" {
        /// A key vault.
        Vault = "vault",
        /// In device or template configuration.
        Config = "config",
    }
    /// What takes over when a circuit fails.
    Backup, "circuit, metro, vpn, internet or none" {
        /// A second circuit.
        Circuit = "circuit",
        /// A Metro circuit in two sites of a city.
        Metro = "metro",
        /// A site-to-site VPN.
        Vpn = "vpn",
        /// The Internet.
        Internet = "internet",
        /// Nothing.
        None = "none",
    }
    /// The level of evidence that a document gives.
    EvidenceKind, "declared, ordered or live" {
        /// What is wanted.
        Declared = "declared",
        /// What the control plane holds.
        Ordered = "ordered",
        /// What runs.
        Live = "live",
    }
}

/// Compares words without regard to case, blanks, `-` and `_`.
fn same_word(a: &str, b: &str) -> bool {
    let letters = |text: &str| {
        text.bytes().filter(|b| !matches!(b, b' ' | b'-' | b'_')).map(|b| b.to_ascii_lowercase()).collect::<Vec<_>>()
    };
    a.eq_ignore_ascii_case(b) || (a.len().abs_diff(b.len()) <= 4 && letters(a) == letters(b))
}

fn unknown_word(text: &str, words: &[&str]) -> ValueError {
    ValueError::new(format!("`{text}` is none of {}", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_people_and_of_the_api_mean_the_same() {
        assert_eq!(ProviderState::parse("NotProvisioned"), Ok(ProviderState::NotProvisioned));
        assert_eq!(ProviderState::parse("not provisioned"), Ok(ProviderState::NotProvisioned));
        assert_eq!(Billing::parse("MeteredData"), Ok(Billing::Metered));
    }

    #[test]
    fn an_unknown_word_lists_the_known_ones() {
        let error = Tier::parse("gold").unwrap_err();
        assert_eq!(error.reason, "`gold` is none of local, standard, premium");
    }
}
