//! Bodies of resources, one file each.
//!
//! Every struct says which fields are the client's, which the service's and which are secrets:
//!
//! - *client* fields are read from requests and answered;
//! - *service* fields are passed over in requests, whatever they hold, and answered ([`read`] leaves them empty);
//! - *secret* fields are read from requests and never written anywhere: not answered, not kept in documents, not shown
//!   by `Debug`. Whoever keeps one takes it out of the body ([`Secret`]).
//!
//! So one struct serves three readings: a request ([`read`], tolerant, without service fields), an answer
//! (`serde_json::to_value`) and a document of the store (`serde_json::from_value`, everything but secrets).
//! Every field may be absent; `null` reads as absent; unknown fields are passed over.
//!
//! Numbers are `i64` as sent. Whether a VLAN or an AS number is a legal one is for the rules to say, with a better
//! sentence than a reader has.

mod authorization;
mod circuit;
mod common;
mod connection;
mod cross_connection;
mod deployment;
mod gateway;
mod group;
mod local_gateway;
mod lock;
mod macros;
mod peering;
mod port;
mod port_location;
mod provider_port;
mod public_ip;
mod reach;
mod read;
mod registration;
mod route_filter;
mod secret;
mod service_community;
mod service_provider;
mod subscription;
mod tables;
mod tolerant;
mod virtual_network;
mod words;

pub use authorization::{Authorization, AuthorizationProperties};
pub use circuit::{Circuit, CircuitProperties, CircuitSku, ServiceProviderProperties};
pub use common::{Identity, Reference, Stamp, Tags, TagsPatch, etag_text};
pub use connection::{Connection, ConnectionProperties, SharedKey};
pub use cross_connection::{CrossConnection, CrossConnectionPeering, CrossConnectionProperties};
pub use deployment::{Deployment, DeploymentProperties, OutputResource};
pub use gateway::{
    AutoScale, AutoScaleBounds, BgpSettings, Gateway, GatewayProperties, GatewaySku, IpConfiguration,
    IpConfigurationProperties,
};
pub use group::{GroupProperties, ResourceGroup};
pub use local_gateway::{LocalGateway, LocalGatewayProperties};
pub use lock::{Lock, LockOwner, LockProperties};
pub use peering::{AdvertisedPrefix, Ipv6PeeringConfig, MicrosoftPeeringConfig, Peering, PeeringProperties, Stats};
pub use port::{
    Link, LinkProperties, LoaRequest, LoaResult, MacSecConfig, Port, PortAuthorization, PortAuthorizationProperties,
    PortProperties,
};
pub use port_location::{PortBandwidth, PortLocation, PortLocationProperties};
pub use provider_port::{ProviderPort, ProviderPortProperties};
pub use public_ip::{DnsSettings, PublicIp, PublicIpProperties, PublicIpSku};
pub use reach::{
    CircuitConnection, CircuitConnectionProperties, Ipv6CircuitConnection, PeerCircuitConnection,
    PeerCircuitConnectionProperties,
};
pub use read::{parse, read};
pub use registration::{Feature, FeatureProperties, Registration, ResourceType};
pub use route_filter::{RouteFilter, RouteFilterProperties, Rule, RuleProperties};
pub use secret::Secret;
pub use service_community::{BgpCommunity, ServiceCommunity, ServiceCommunityProperties};
pub use service_provider::{BandwidthOffered, ServiceProvider, ServiceProviderListing};
pub use subscription::{Location, LocationMetadata, PairedRegion, Subscription, SubscriptionPolicies, Tenant};
pub use tables::{ArpRow, BgpPeerStatus, CrossSummaryRow, GatewayRoute, RouteRow, SummaryRow};
pub use virtual_network::{
    AddressSpace, Delegation, DelegationProperties, DhcpOptions, ServiceEndpoint, Subnet, SubnetProperties,
    VirtualNetwork, VirtualNetworkProperties, VnetCommunities, VnetPeering, VnetPeeringProperties,
};
pub use words::*;
