//! Intents for tests.

use edge_api::{Carrier, Family, Intent, Own, Peering, Session, Side};

/// A peering of a circuit with one session and one VNet behind it.
pub(crate) fn intent(circuit: &str, peering: Peering) -> Intent {
    Intent {
        revision: 1,
        key: format!("/circuits/{circuit}/peerings/{peering:?}").to_lowercase(),
        circuit: circuit.to_owned(),
        service_key: format!("key-of-{circuit}"),
        location: "Amsterdam".to_owned(),
        peering,
        sku: "standard".to_owned(),
        side: Side::Primary,
        s_tag: 10,
        vlan: 100,
        bandwidth_mbps: 50,
        enabled: true,
        drain: false,
        down: false,
        sessions: vec![Session {
            family: Family::Ipv4,
            subnet: "192.168.15.16/30".to_owned(),
            customer: "192.168.15.17".parse().expect("an address"),
            edge: "192.168.15.18".parse().expect("an address"),
            carrier: Carrier::Loopback { customer: "127.9.9.1".parse().expect("an address"), port: None },
            asn: 65010,
            md5: None,
            prefix_limit: None,
            bfd: false,
        }],
        advertised_prefixes: Vec::new(),
        validation: None,
        filter: None,
        own: vec![Own { prefix: "10.1.0.0/16".to_owned(), communities: Vec::new(), as_path: Vec::new() }],
        gateways: Vec::new(),
    }
}
