//! Closed lists of words, as the API spells them.

use super::macros::words;

words! {
    /// Where the making of a resource stands.
    ProvisioningState {
        /// Done.
        Succeeded = "Succeeded",
        /// A write goes on.
        Updating = "Updating",
        /// A deletion goes on.
        Deleting = "Deleting",
        /// The last write failed; the next one repairs it.
        Failed = "Failed",
        /// The last write was given up.
        Canceled = "Canceled",
        /// It is being made.
        Creating = "Creating",
    }

    /// Switched on or off.
    Switch {
        /// On.
        Enabled = "Enabled",
        /// Off.
        Disabled = "Disabled",
    }

    /// The tier of a circuit.
    SkuTier {
        /// One geopolitical region.
        Standard = "Standard",
        /// All regions, more routes and links, Office 365.
        Premium = "Premium",
        /// Legacy.
        Basic = "Basic",
        /// The regions next to the peering location.
        Local = "Local",
        /// Between clouds, since 2025.
        MultiCloud = "MultiCloud",
    }

    /// How traffic is paid for.
    SkuFamily {
        /// Outbound traffic is.
        MeteredData = "MeteredData",
        /// It is not.
        UnlimitedData = "UnlimitedData",
    }

    /// Microsoft's side of a circuit.
    CircuitState {
        /// In use, and billed.
        Enabled = "Enabled",
        /// On its way.
        Enabling = "Enabling",
        /// On its way out.
        Disabling = "Disabling",
        /// Out of use.
        Disabled = "Disabled",
    }

    /// The provider's side of a circuit.
    ProviderState {
        /// Ordered, not handed to the provider yet, or given back.
        NotProvisioned = "NotProvisioned",
        /// The provider is at it.
        Provisioning = "Provisioning",
        /// In use.
        Provisioned = "Provisioned",
        /// The provider takes it down.
        Deprovisioning = "Deprovisioning",
    }

    /// The kind of a peering; also its name.
    PeeringType {
        /// Retired.
        AzurePublicPeering = "AzurePublicPeering",
        /// To virtual networks.
        AzurePrivatePeering = "AzurePrivatePeering",
        /// To Microsoft's public services.
        MicrosoftPeering = "MicrosoftPeering",
    }

    /// Whether the prefixes that a Microsoft peering announces are proven.
    PrefixesState {
        /// No prefixes were given.
        NotConfigured = "NotConfigured",
        /// They are being looked at.
        Configuring = "Configuring",
        /// They are the customer's.
        Configured = "Configured",
        /// Somebody has to prove them.
        ValidationNeeded = "ValidationNeeded",
    }

    /// Who wrote last.
    ModifiedBy {
        /// The customer.
        Customer = "Customer",
        /// The provider.
        Provider = "Provider",
    }

    /// Whether an authorization is used.
    UseStatus {
        /// Free.
        Available = "Available",
        /// Taken.
        InUse = "InUse",
    }

    /// Where a Global Reach connection stands.
    ReachStatus {
        /// Both ends are there.
        Connected = "Connected",
        /// On its way.
        Connecting = "Connecting",
        /// An end is gone.
        Disconnected = "Disconnected",
    }

    /// What a rule of a route filter does.
    Access {
        /// Lets routes through.
        Allow = "Allow",
        /// Keeps them out.
        Deny = "Deny",
    }

    /// What a rule of a route filter looks at.
    RuleType {
        /// Communities.
        Community = "Community",
    }

    /// How VLANs are told apart on a port of one's own.
    Encapsulation {
        /// One tag.
        Dot1Q = "Dot1Q",
        /// Two tags.
        QinQ = "QinQ",
    }

    /// The plug of a port.
    Connector {
        /// LC.
        Lc = "LC",
        /// SC.
        Sc = "SC",
    }

    /// The cipher of MACsec.
    Cipher {
        /// AES 256.
        GcmAes256 = "GcmAes256",
        /// AES 128.
        GcmAes128 = "GcmAes128",
        /// AES 128 with extended packet numbers.
        GcmAesXpn128 = "GcmAesXpn128",
        /// AES 256 with extended packet numbers.
        GcmAesXpn256 = "GcmAesXpn256",
    }

    /// The kinds of a managed identity.
    IdentityType {
        /// The resource's own.
        SystemAssigned = "SystemAssigned",
        /// Given to it.
        UserAssigned = "UserAssigned",
        /// Both.
        Both = "SystemAssigned, UserAssigned",
        /// None.
        None = "None",
    }

    /// What a virtual network gateway speaks.
    GatewayType {
        /// IPsec.
        Vpn = "Vpn",
        /// Circuits.
        ExpressRoute = "ExpressRoute",
        /// The extended location's.
        LocalGateway = "LocalGateway",
    }

    /// How a VPN gateway chooses tunnels.
    VpnType {
        /// By policy.
        PolicyBased = "PolicyBased",
        /// By route.
        RouteBased = "RouteBased",
    }

    /// What a gateway connection joins.
    ConnectionType {
        /// A gateway and a local gateway, by IPsec.
        Ipsec = "IPsec",
        /// Two gateways.
        Vnet2Vnet = "Vnet2Vnet",
        /// A gateway and a circuit.
        ExpressRoute = "ExpressRoute",
        /// A gateway and people.
        VpnClient = "VPNClient",
    }

    /// Whether a gateway connection carries traffic.
    ConnectionStatus {
        /// Nobody knows yet.
        Unknown = "Unknown",
        /// On its way.
        Connecting = "Connecting",
        /// It does.
        Connected = "Connected",
        /// It does not.
        NotConnected = "NotConnected",
    }

    /// How an address is given out.
    AllocationMethod {
        /// For good.
        Static = "Static",
        /// For now.
        Dynamic = "Dynamic",
    }

    /// The version of IP.
    IpVersion {
        /// IPv4.
        V4 = "IPv4",
        /// IPv6.
        V6 = "IPv6",
    }

    /// Where a peering of virtual networks stands.
    VnetPeeringState {
        /// The other side is missing.
        Initiated = "Initiated",
        /// Both sides are there.
        Connected = "Connected",
        /// The other side is gone.
        Disconnected = "Disconnected",
    }

    /// Whether both sides of a peering of virtual networks know each other's prefixes.
    SyncLevel {
        /// They do.
        FullyInSync = "FullyInSync",
        /// The other side does not.
        RemoteNotInSync = "RemoteNotInSync",
        /// This side does not.
        LocalNotInSync = "LocalNotInSync",
        /// Neither does.
        LocalAndRemoteNotInSync = "LocalAndRemoteNotInSync",
    }

    /// What a lock keeps from happening.
    LockLevel {
        /// Deletion.
        CanNotDelete = "CanNotDelete",
        /// Any write.
        ReadOnly = "ReadOnly",
        /// Nothing was said.
        NotSpecified = "NotSpecified",
    }

    /// How a deployment treats what its template leaves out.
    DeploymentMode {
        /// It stays.
        Incremental = "Incremental",
        /// It goes.
        Complete = "Complete",
    }
}
