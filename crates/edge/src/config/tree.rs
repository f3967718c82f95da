//! The tables of the file.
//!
//! Each is a plain struct whose doc comments are the reference (`docs/reference/edge-config.md`).

use super::setting::Whole;
use super::values::{Backend, Bfd, BgpRole, Encapsulation, Family, Label, Md5Key, Peering, PrefixLimit, Side, Tagging};
use ipnet::IpNet;
use model::{Asn, Community, Prefix, PrefixState, Tier};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

/// A TCP port.
pub type Port = Whole<1, 65_535>;

section! {
    /// One edge. Paths are taken from the folder of the file on.
    Config, "" {
        /// The name of the edge, in logs, metrics and recordings.
        "name" name: Label, required;
        /// Our AS number.
        "asn" asn: Asn, default "12076";
        /// Our BGP identifier, not 0.0.0.0.
        "router-id" router_id: Ipv4Addr, required;
        /// Where peers connect to, for domains without a namespace of their own. Port 0 takes a free one.
        "listen" listen: Vec<SocketAddr>, default "['0.0.0.0:179', '[::]:179']";
        /// The control socket that `twinpath edge show` and its kin talk to.
        "control" control: PathBuf, default "'edge.sock'";
        /// Threads that own routing domains; when left out one less than there are cores, which leaves one to the kernel and to BFD.
        "workers" workers: Whole<1, 256>, optional;
        /// Where Prometheus finds metrics, over HTTP at `/metrics`; nowhere when left out.
        "metrics" metrics: SocketAddr, optional;
        /// A folder for what outlives the process: the mark of a restart for an upgrade.
        "state" state: PathBuf, optional;
        /// The peering location of the edge, like `Amsterdam`. With it, Microsoft peerings send the regions that
        /// their SKU reaches from there; without it, all regions.
        "location" location: String, optional;
        /// How many seconds peers shall wait for us when we restart (RFC 4724).
        "restart-time" restart_time: Whole<1, 4095>, default "120";
        /// For how many seconds at most routes of a peer that restarts are kept.
        "stale-time" stale_time: Whole<1, 86_400>, default "360";
        /// How many seconds a restarted edge waits for all peers' routes before it selects (RFC 4724, section 4.1).
        "selection-deferral" selection_deferral: Whole<1, 3600>, default "240";
        /// How packets are forwarded; by nobody when left out.
        "dataplane" dataplane: Dataplane, optional;
        /// Routing domains.
        "domain" domains: Vec<Arc<Domain>>, default "[]";
        /// Microsoft's service prefixes.
        "feed" feeds: Vec<Arc<Feed>>, default "[]";
        /// Monitoring stations.
        "bmp" bmp: Vec<Bmp>, default "[]";
        /// The event recorder; nothing is recorded when left out.
        "record" record: Record, optional;
    }
}

section! {
    /// A routing domain: one peering of one circuit, with a table of its own. No route leaves it but by its peers.
    Domain, "[[domain]]" {
        /// Its name, unique in the file.
        "name" name: Label, required;
        /// For people.
        "description" description: String, optional;
        /// Whose policy holds: `open` takes and gives everything, for benches, route servers and customers' routers.
        "peering" peering: Peering, required;
        /// The tier of the circuit, from which limits and reach follow.
        "sku" sku: Tier, default "'standard'";
        /// The network namespace that its sockets are made in: a name under `/run/netns`, or a path. With `attach` it is
        /// made, and gone with the domain; without, it is there already.
        "namespace" namespace: String, optional;
        /// `true` has the kernel forward by what peers announce, in the namespace. Only with `namespace` and `[dataplane]`.
        "kernel-routes" kernel_routes: bool, default "false";
        /// What of the port is this domain's. Only with `namespace` and `[dataplane]`.
        "attach" attach: Attach, optional;
        /// Ways through the cloud, to VNet gateways or from one to the edges. Only with `namespace` and `[dataplane]`.
        "tunnel" tunnels: Vec<Tunnel>, default "[]";
        /// Where peers connect to in the namespace; the same as the edge's own when left out. Only with `namespace`.
        "listen" listen: Vec<SocketAddr>, optional;
        /// `false` closes its sessions and keeps them closed.
        "enabled" enabled: bool, default "true";
        /// Under maintenance: all that is announced gets our AS number eight times more.
        "drain" drain: bool, default "false";
        /// Public prefixes that the customer registered; only they are accepted. Microsoft peering only, and required there.
        "advertised-prefixes" advertised_prefixes: Vec<Prefix>, optional;
        /// How far the validation of `advertised-prefixes` has come; sessions come up when it is `configured`.
        /// Microsoft peering only.
        "validation" validation: PrefixState, default "'configured'";
        /// Communities, or names of services and regions, whose prefixes are announced to the customer; nothing is
        /// without it. Microsoft peering only.
        "route-filter" route_filter: Vec<Community>, optional;
        /// The subnets of the links, which the customer may announce though they are the edge's own. Microsoft peering only.
        "link-subnets" link_subnets: Vec<Prefix>, default "[]";
        /// Sessions.
        "peer" peers: Vec<Peer>, default "[]";
        /// Routes that the edge announces itself, like the prefixes of VNets.
        "route" routes: Vec<Route>, default "[]";
    }
}

section! {
    /// What forwards packets. With it the edge makes the namespaces, interfaces and routes of its domains by itself.
    Dataplane, "[dataplane]" {
        /// What carries domains.
        "backend" backend: Backend, default "'linux'";
        /// The device on which circuits come in; needed where a domain has `attach`.
        "port" port: String, optional;
        /// How circuits are told apart on the port.
        "encapsulation" encapsulation: Encapsulation, default "'qinq'";
        /// What puts tags on and takes them off there.
        "tagging" tagging: Tagging, default "'auto'";
        /// Our address in the cloud's network, from which tunnels go; needed where a domain has one.
        "cloud" cloud: IpAddr, optional;
        /// `true` lets the edge make devices in the network namespace of the machine itself, when it runs there.
        "allow-host" allow_host: bool, default "false";
    }
}

section! {
    /// What of the port is a domain's, and what the edge is there.
    Attach, "[domain.attach]" {
        /// The outer tag (802.1ad), that of the circuit; with `qinq`, and only then.
        "s-tag" s_tag: Whole<1, 4094>, optional;
        /// The inner tag (802.1Q), that of the peering; with `qinq`, and only then.
        "c-tag" c_tag: Whole<1, 4094>, optional;
        /// Our addresses with the lengths of their subnets.
        "addresses" addresses: Vec<IpNet>, required;
        /// The bandwidth of the circuit in Mbit/s, kept in both directions; no bound when left out.
        "rate-mbps" rate_mbps: Whole<1, 400_000>, optional;
    }
}

section! {
    /// A VXLAN between two routers of the cloud, with nobody else on it.
    Tunnel, "[[domain.tunnel]]" {
        /// The number of the network (VNI), unique on the edge.
        "vni" vni: Whole<1, 16_777_215>, required;
        /// The address of the other end in the cloud's network.
        "remote" remote: IpAddr, required;
        /// Our addresses inside, with the lengths of their subnets.
        "addresses" addresses: Vec<IpNet>, required;
    }
}

section! {
    /// One BGP session of a domain.
    Peer, "[[domain.peer]]" {
        /// Its name, unique in its domain. Commands know it as `NAME`, or `DOMAIN/NAME` where several have the name.
        "name" name: Label, required;
        /// For people.
        "description" description: String, optional;
        /// Its address, unique in the namespace.
        "address" address: IpAddr, required;
        /// Our address, from which it is dialled.
        "local-address" local_address: IpAddr, optional;
        /// Our address as it is told in next hops, of the family that is exchanged; that of the session when left out.
        "next-hop" next_hop: IpAddr, optional;
        /// The port that is dialled.
        "port" port: Port, default "179";
        /// Its AS number.
        "asn" asn: Asn, required;
        /// Which side of the edge it is on.
        "role" role: Side, default "'customer'";
        /// Never dial, only accept.
        "passive" passive: bool, default "false";
        /// Seconds of silence after which it is taken for dead, 0 for never, else 3 or more; the lower of both sides
        /// counts. Keepalives go three times as often.
        "hold-time" hold_time: Whole<0, 65_535>, default "180";
        /// Seconds between attempts to connect.
        "connect-retry" connect_retry: Whole<1, 3600>, default "30";
        /// What is exchanged; the family of its address when left out.
        "families" families: Vec<Family>, optional;
        /// `false` takes no routes.
        "import" import: bool, default "true";
        /// `false` announces nothing.
        "export" export: bool, default "true";
        /// The weight of its routes: before all else, the higher wins.
        "weight" weight: Whole<0, 65_535>, default "0";
        /// Other limits than those of the SKU.
        "prefix-limit" prefix_limit: PrefixLimit, optional;
        /// Communities of the VNet behind a gateway, given to its routes: its own first, then its region's.
        "vnet-communities" vnet_communities: Vec<Community>, default "[]";
        /// Routes with the community GRACEFUL_SHUTDOWN are its last choice (RFC 8326), and the community goes on with them.
        "graceful-shutdown" graceful_shutdown: bool, default "true";
        /// The key of TCP MD5 signatures, 1 to 80 bytes, or `{ file = "…" }`.
        "md5" md5: Md5Key, optional;
        /// Accept packets of a directly connected peer only (GTSM, RFC 5082).
        "ttl-security" ttl_security: bool, default "false";
        /// The device that its packets must use.
        "device" device: String, optional;
        /// Watch it by BFD; `{}` for 300 ms x 3.
        "bfd" bfd: Bfd, optional;
        /// Keep its routes while it restarts, and ask the same of it (RFC 4724, 8538).
        "graceful-restart" graceful_restart: bool, default "false";
        /// Take several paths of a prefix from it (RFC 7911).
        "add-path" add_path: bool, default "false";
        /// Take messages of up to 65,535 bytes (RFC 8654).
        "extended-messages" extended_messages: bool, default "false";
        /// Our role on the session, which keeps routes from leaking (RFC 9234).
        "bgp-role" bgp_role: BgpRole, optional;
        /// Keep the session down, and tell the peer why (RFC 9003); at most 255 bytes.
        "shutdown" shutdown: String, optional;
    }
}

section! {
    /// A route that the edge announces itself.
    Route, "[[domain.route]]" {
        /// The prefix, unique in the domain.
        "prefix" prefix: Prefix, required;
        /// Its communities, by value or by the name of a region.
        "communities" communities: Vec<Community>, default "[]";
        /// AS numbers of its path, as seen behind the edge; a VNet has none.
        "as-path" as_path: Vec<Asn>, default "[]";
        /// Its MULTI_EXIT_DISC.
        "med" med: Whole<0, { u32::MAX }>, optional;
    }
}

section! {
    /// Prefixes of one of Microsoft's services. Every Microsoft peering reads all feeds through its route filter.
    Feed, "[[feed]]" {
        /// Its name, unique in the file.
        "name" name: Label, required;
        /// The prefixes.
        "prefixes" prefixes: Vec<Prefix>, default "[]";
        /// More of them, one a line; `#` begins a comment.
        "file" file: PrefixFile, optional;
        /// Communities of service and region, by value or name.
        "communities" communities: Vec<Community>, required;
        /// AS numbers of the path behind 12076.
        "as-path" as_path: Vec<Asn>, default "[]";
    }
}

section! {
    /// A monitoring station that is sent what peers announce (RFC 7854).
    Bmp, "[[bmp]]" {
        /// Where it listens.
        "address" address: SocketAddr, required;
        /// So many mebibytes may wait for it; past that, it is dropped and begins anew.
        "queue-mib" queue_mib: Whole<1, 1024>, default "16";
        /// Seconds between attempts to connect.
        "retry" retry: Whole<1, 3600>, default "30";
    }
}

section! {
    /// The recorder of all that comes in, for `twinpath edge replay`. A recording holds what peers sent, but no keys.
    Record, "[record]" {
        /// The file; each worker has its own, with `.worker-0` … behind the name, and older ones get `.1`, `.2` … behind that.
        "file" file: PathBuf, required;
        /// The size of one file in mebibytes.
        "max-mib" max_mib: Whole<1, 65_536>, default "64";
        /// How many files are kept.
        "files" files: Whole<1, 100>, default "4";
    }
}

/// The prefixes of a file, one a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixFile {
    /// The path as written.
    pub path: String,
    /// What is in it.
    pub prefixes: Vec<Prefix>,
}

/// Every table, for the reference.
pub static SECTIONS: &[&super::Section] = &[
    Config::SECTION,
    Dataplane::SECTION,
    Domain::SECTION,
    Attach::SECTION,
    Tunnel::SECTION,
    Peer::SECTION,
    Bfd::SECTION,
    PrefixLimit::SECTION,
    Route::SECTION,
    Feed::SECTION,
    Bmp::SECTION,
    Record::SECTION,
];
