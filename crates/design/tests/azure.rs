//! Azure exports: what they say, and what they leave open.

mod reading;

use model::{Fact, List, Rank, Value};
use reading::{design, problems, read_with_sources};
use std::fmt::Display;

const CIRCUIT: &str = include_str!("fixtures/circuit-show.json");
const CIRCUITS: &str = include_str!("fixtures/circuits-rest.json");
const FILTERS: &str = include_str!("fixtures/route-filters.json");
const VNETS: &str = include_str!("fixtures/vnets.json");
const GATEWAYS: &str = include_str!("fixtures/gateways.json");
const CONNECTIONS: &str = include_str!("fixtures/connections.json");
const ACCOUNT: &str = include_str!("fixtures/account.json");
const DIRECT: &str = include_str!("fixtures/direct.json");
const TEMPLATE: &str = include_str!("fixtures/template.json");

fn text<T: Display>(fact: &Fact<T>) -> String {
    fact.value().map_or("unknown".to_owned(), ToString::to_string)
}

fn list<T: Value>(fact: &Fact<List<T>>) -> String {
    let items = |list: &List<T>| list.iter().map(|item| item.value.to_string()).collect::<Vec<_>>().join(", ");
    fact.value().map_or("unknown".to_owned(), items)
}

#[test]
fn a_circuit_of_az_says_what_was_ordered() {
    let design = design(&[CIRCUIT]);
    let circuit = &design.circuits["amsterdam"];
    assert_eq!(text(&circuit.provider), "Equinix");
    assert_eq!(text(&circuit.location), "Amsterdam");
    assert_eq!(text(&circuit.bandwidth), "1 Gbps");
    assert_eq!(text(&circuit.sku), "premium metered");
    assert_eq!(text(&circuit.provider_state), "provisioned");
    assert_eq!(text(&circuit.circuit_state), "enabled");
    assert_eq!(text(&circuit.provisioning_state), "succeeded");
    assert_eq!(text(&circuit.service_key), "5d9f3a10-7c55-4a0c-9d2e-0a1b2c3d4e5f");
    assert_eq!(text(&design.azure.subscription), "11111111-2222-3333-4444-555555555555");
    assert_eq!(list(&circuit.global_reach), "");
    assert_eq!(circuit.provider.known().unwrap().rank, Rank::Ordered);
}

#[test]
fn states_on_the_way_are_no_states_yet() {
    let circuit =
        CIRCUIT.replace(r#""circuitProvisioningState": "Enabled""#, r#""circuitProvisioningState": "Enabling""#);
    let circuit = circuit.replace(r#""Provisioned""#, r#""DeProvisioned""#);
    let design = design(&[&circuit]);
    assert_eq!(text(&design.circuits["amsterdam"].circuit_state), "unknown");
    assert_eq!(text(&design.circuits["amsterdam"].provider_state), "not provisioned");
}

#[test]
fn peerings_say_both_links_in_both_families() {
    let design = design(&[CIRCUIT]);
    let circuit = &design.circuits["amsterdam"];
    let private = circuit.private.as_ref().unwrap();
    assert_eq!(text(&private.vlan), "100");
    assert_eq!(text(&private.asn), "65010");
    assert_eq!(text(&private.primary.subnet), "192.168.15.16/30");
    assert_eq!(text(&private.secondary.subnet), "192.168.15.20/30");
    assert_eq!(text(&private.md5), "unknown", "the service does not give the key back");
    let microsoft = circuit.microsoft.as_ref().unwrap();
    assert_eq!(list(&microsoft.advertise), "131.107.240.0/27, 2a01:111:f401::/48");
    assert_eq!(text(&microsoft.prefix_state), "validation needed", "IPv6 is behind");
    assert_eq!(text(&microsoft.secondary.subnet_v6), "2a01:111:f400::4/126");
    assert_eq!(text(&microsoft.customer_asn), "unknown");
    assert_eq!(text(&microsoft.registry), "RIPENCC");
    assert_eq!(text(&microsoft.last_modified_by), "Customer");
}

#[test]
fn rest_nests_what_az_flattens() {
    let flat = design(&[CIRCUIT]);
    let nested = design(&[CIRCUITS]);
    let (flat, nested) = (&flat.circuits["amsterdam"], &nested.circuits["amsterdam"]);
    assert_eq!(text(&flat.service_key), text(&nested.service_key));
    let microsoft = [flat, nested].map(|circuit| circuit.microsoft.as_ref().unwrap());
    assert_eq!(list(&microsoft[0].advertise), list(&microsoft[1].advertise));
    assert_eq!(text(&microsoft[0].vlan), text(&microsoft[1].vlan));
}

#[test]
fn a_resource_graph_result_says_the_same() {
    let design = design(&[include_str!("fixtures/graph.json")]);
    assert_eq!(text(&design.circuits["amsterdam"].bandwidth), "1 Gbps");
    assert!(design.circuits["amsterdam"].private.is_some());
}

#[test]
fn global_reach_names_the_circuit_at_the_other_end() {
    assert_eq!(list(&design(&[CIRCUITS]).circuits["dublin"].global_reach), "amsterdam");
}

#[test]
fn a_peering_alone_belongs_to_the_circuit_of_its_id() {
    let peering = r#"{"name": "AzurePrivatePeering", "peeringType": "AzurePrivatePeering", "vlanId": 0, "peerAsn": 65010,
        "id": "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers/Microsoft.Network/expressRouteCircuits/AMS/peerings/AzurePrivatePeering"}"#;
    let design = design(&[peering]);
    let private = design.circuits["ams"].private.as_ref().unwrap();
    assert_eq!(text(&private.asn), "65010");
    assert_eq!(text(&private.vlan), "unknown", "zero means not set");
}

#[test]
fn a_route_filter_joins_the_peering_that_names_it_in_any_case() {
    for files in [[CIRCUIT, FILTERS], [FILTERS, CIRCUIT]] {
        let design = design(&files);
        let microsoft = design.circuits["amsterdam"].microsoft.as_ref().unwrap();
        assert_eq!(list(&microsoft.filter), "12076:51002, 12076:5030, 12076:5020, 12076:5010");
    }
}

#[test]
fn connections_gateways_and_networks_join_into_vnets() {
    let design = design(&[CONNECTIONS, CIRCUIT, VNETS, GATEWAYS]);
    assert_eq!(
        design.vnets.keys().map(|name| name.as_str()).collect::<Vec<_>>(),
        ["hub-weu"],
        "a spoke is no part of the design"
    );
    let hub = &design.vnets["hub-weu"];
    assert_eq!(text(&hub.gateway), "ErGw2AZ");
    assert_eq!(text(&hub.region), "westeurope");
    assert_eq!(text(&hub.gateway_subnet), "10.100.255.0/26");
    assert_eq!(text(&hub.gateway_subnet_v6), "fd00:100:0:ff::/64");
    assert_eq!(text(&hub.gateway_subnet_name), "GatewaySubnet");
    assert_eq!(text(&hub.vpn_gateway), "false");
    assert_eq!(text(&hub.gateway_nsg), "false");
    assert_eq!(text(&hub.gateway_default_route), "false");
    assert_eq!(text(&hub.gateway_propagation), "true");
    assert_eq!(text(&hub.advertised), "2", "its own space and that of the spoke that uses its gateway");
    assert_eq!(text(&hub.advertised_v6), "1");
    let private = design.circuits["amsterdam"].private.as_ref().unwrap();
    assert_eq!(list(&private.vnets), "hub-weu");
    assert_eq!(text(&private.connections), "1");
}

#[test]
fn a_connection_in_two_files_counts_once() {
    let design = design(&[CONNECTIONS, CIRCUIT, CONNECTIONS]);
    assert_eq!(text(&design.circuits["amsterdam"].private.as_ref().unwrap().connections), "1");
}

#[test]
fn without_the_gateway_the_vnet_of_a_connection_is_not_known() {
    let design = design(&[CONNECTIONS, CIRCUIT]);
    let private = design.circuits["amsterdam"].private.as_ref().unwrap();
    assert_eq!(list(&private.vnets), "unknown");
    assert_eq!(text(&private.connections), "1");
}

#[test]
fn without_the_gateway_nobody_says_whether_a_vpn_gateway_is_there() {
    assert_eq!(text(&design(&[VNETS]).vnets["hub-weu"].vpn_gateway), "unknown");
}

#[test]
fn an_authorization_in_use_may_be_a_connection_elsewhere() {
    let circuit = CIRCUIT
        .replace(r#""authorizations": []"#, r#""authorizations": [{"name": "a", "authorizationUseStatus": "InUse"}]"#);
    let design = design(&[&circuit, CONNECTIONS, GATEWAYS]);
    assert_eq!(text(&design.circuits["amsterdam"].private.as_ref().unwrap().connections), "unknown");
}

#[test]
fn a_circuit_on_a_port_is_direct() {
    let design = design(&[DIRECT]);
    let circuit = &design.circuits["direct-ams"];
    assert_eq!(text(&circuit.port), "port-ams");
    assert_eq!(text(&circuit.bandwidth), "5 Gbps");
    assert_eq!(text(&circuit.provider), "unknown");
    assert_eq!(text(&circuit.connectivity.path), "direct");
    let port = &design.ports["port-ams"];
    assert_eq!(text(&port.bandwidth), "10 Gbps");
    assert_eq!(text(&port.encapsulation), "dot1q");
    assert_eq!(text(&port.macsec), "false", "one of its links has no key");
}

#[test]
fn the_account_says_the_state_of_the_subscription() {
    let design = design(&[ACCOUNT, CIRCUIT]);
    assert_eq!(text(&design.azure.subscription_state), "active");
}

#[test]
fn another_subscription_says_nothing_of_the_circuits() {
    let other = ACCOUNT.replace("11111111-2222", "12121212-2222");
    let (reading, _) = read_with_sources(&[&other, CIRCUIT]);
    assert_eq!(reading.problems[0].seen, "the subscription 12121212-2222-3333-4444-555555555555");
    assert_eq!(text(&reading.design.azure.subscription_state), "unknown");
}

#[test]
fn only_communities_that_need_permission_tell_of_it() {
    let communities = include_str!("fixtures/communities.json");
    assert_eq!(text(&design(&[communities]).m365.authorized), "true");
    let refused = communities.replacen(r#""isAuthorizedToUse": true"#, r#""isAuthorizedToUse": false"#, 1);
    assert_eq!(text(&design(&[&refused]).m365.authorized), "false");
}

#[test]
fn a_template_names_resources_by_the_defaults_of_its_parameters() {
    let design = design(&[TEMPLATE]);
    let circuit = &design.circuits["amsterdam"];
    assert_eq!(text(&circuit.provider), "Equinix");
    assert_eq!(text(&circuit.id), "unknown");
    let microsoft = circuit.microsoft.as_ref().unwrap();
    assert_eq!(text(&microsoft.asn), "65020");
    assert_eq!(text(&microsoft.vlan), "unknown", "the parameter has no default");
    assert_eq!(list(&microsoft.filter), "12076:5010");
}

#[test]
fn a_template_made_by_bicep_is_a_plan() {
    let template =
        TEMPLATE.replace(r#""variables": {}"#, r#""variables": {}, "metadata": {"_generator": {"name": "bicep"}}"#);
    let design = design(&[&template]);
    assert_eq!(design.circuits["amsterdam"].provider.known().unwrap().rank, Rank::Declared);
    assert_eq!(list(&design.circuits["amsterdam"].microsoft.as_ref().unwrap().filter), "12076:5010");
}

#[test]
fn a_nested_deployment_is_read_with_what_it_is_given() {
    let template = format!(
        r#"{{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
        "parameters": {{"city": {{"type": "string", "defaultValue": "Amsterdam"}}}},
        "resources": [{{"type": "Microsoft.Resources/deployments", "apiVersion": "2022-09-01", "name": "inner",
        "properties": {{"mode": "Incremental", "parameters": {{"expressRouteCircuits_Amsterdam_name": {{"value": "[toLower(parameters('city'))]"}}}}, "template": {TEMPLATE}}}}}]}}"#
    );
    assert_eq!(text(&design(&[&template]).circuits["amsterdam"].location), "Amsterdam");
}

#[test]
fn expressions_that_unfold_without_end_stop() {
    let doubling: String =
        (0..60).map(|n| format!(r#""v{n}": "[concat(variables('v{m}'), variables('v{m}'))]","#, m = n + 1)).collect();
    let template = TEMPLATE.replace(r#""variables": {}"#, &format!(r#""variables": {{{doubling} "v60": "x"}}"#));
    let template = template.replace(r#""apiVersion": "2024-05-01""#, r#""apiVersion": "[variables('v0')]""#);
    assert!(design(&[&template]).circuits.contains_key("amsterdam"));
}

#[test]
fn a_design_and_its_exports_are_one_circuit() {
    let wanted = "circuits:\n  AMSTERDAM:\n    provider: equinix\n    region: West Europe\n    location: amsterdam\n    microsoft: {registry: RIPE NCC, filter: [exchange, sharepoint, teams, westeurope]}\n    private: {vlan: 200, vnets: [HUB-WEU]}\nvnets:\n  HUB-WEU: {space: ['fd00:100::/48', 10.100.0.0/16]}\n";
    for files in [
        [wanted, CIRCUIT, FILTERS, CONNECTIONS, GATEWAYS, VNETS],
        [VNETS, CIRCUIT, CONNECTIONS, FILTERS, GATEWAYS, wanted],
    ] {
        let design = design(&files);
        assert_eq!(design.circuits.len(), 1);
        let circuit = &design.circuits["AMSTERDAM"];
        assert_eq!(circuit.provider.disagreement(), None);
        assert_eq!(circuit.location.disagreement(), None);
        assert_eq!(circuit.region.disagreement(), None);
        let microsoft = circuit.microsoft.as_ref().unwrap();
        assert_eq!(microsoft.registry.disagreement(), None);
        assert_eq!(microsoft.filter.disagreement(), None, "names and values mean the same communities");
        assert_eq!(microsoft.filter.known().unwrap().rank, Rank::Ordered);
        let private = circuit.private.as_ref().unwrap();
        assert_eq!(private.vnets.disagreement(), None);
        let (stands, other) = private.vlan.disagreement().unwrap();
        assert_eq!((stands.value.number(), other.value.number()), (100, 200));
        assert_eq!(design.vnets.len(), 1);
        assert_eq!(design.vnets["HUB-WEU"].space.disagreement(), None);
        assert_eq!(text(&design.vnets["HUB-WEU"].gateway), "ErGw2AZ");
    }
}

#[test]
fn a_circuit_is_found_by_the_id_that_the_design_states() {
    let id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers/Microsoft.Network/expressRouteCircuits/Amsterdam";
    let ordered = format!("evidence: ordered\ncircuits:\n  ams-1:\n    id: {id}\n");
    let design = design(&[&ordered, CIRCUIT]);
    assert_eq!(design.circuits.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["ams-1"]);
}

#[test]
fn a_planned_peering_that_is_not_listed_is_off() {
    let wanted = "circuits:\n  direct-ams:\n    private: {vlan: 100}\n";
    let design = design(&[wanted, DIRECT]);
    assert_eq!(text(&design.circuits["direct-ams"].private.as_ref().unwrap().state), "disabled");
    let silent = DIRECT.replace(r#""peerings": [],"#, "");
    let design = reading::design(&[wanted, &silent]);
    assert_eq!(text(&design.circuits["direct-ams"].private.as_ref().unwrap().state), "unknown");
}

#[test]
fn tables_in_their_envelope_say_what_runs() {
    let routes = r#"{"circuit": "Amsterdam", "peering": "AzurePrivatePeering", "path": "primary", "value": [
        {"network": "10.10.0.0/16", "nextHop": "192.168.15.17", "locPrf": "", "weight": 0, "path": "65010 65010 ?"},
        {"network": "10.100.0.0/16", "nextHop": "10.100.255.13", "locPrf": "", "weight": 0, "path": "65515"}]}"#;
    let summary = r#"[{"circuit": "amsterdam", "peering": "private", "path": "Primary", "value": [
        {"neighbor": "192.168.15.17", "v": 4, "as": 65010, "upDown": "1d2h", "statePfxRcd": "1"},
        {"neighbor": "10.100.255.13", "v": 4, "as": 65515, "upDown": "1d2h", "statePfxRcd": "7"}]},
        {"circuit": "amsterdam", "peering": "private", "path": "secondary", "value": [
        {"neighbor": "192.168.15.21", "v": 4, "as": 65010, "upDown": "never", "statePfxRcd": "Idle"}]}]"#;
    let arp = r#"{"circuit": "amsterdam", "peering": "AzurePrivatePeering", "path": "primary", "value": [
        {"age": 0, "interface": "Microsoft", "ipAddress": "192.168.15.18", "macAddress": "aaaa.bbbb.cccc"}]}"#;
    let stats = r#"{"circuit": "amsterdam", "stats": {"primarybytesIn": 1, "primarybytesOut": 2, "secondarybytesIn": 3, "secondarybytesOut": 4}}"#;
    let design = design(&[routes, summary, arp, stats, CIRCUIT]);
    let private = design.circuits["amsterdam"].private.as_ref().unwrap();
    assert_eq!(list(&private.primary.received), "10.10.0.0/16 65010 65010", "routes of VNets are not the customer's");
    assert_eq!(text(&private.primary.session), "established");
    assert_eq!(text(&private.primary.received_count), "1");
    assert_eq!(text(&private.secondary.session), "idle");
    assert_eq!(text(&private.primary.arp_customer), "missing");
    assert_eq!(text(&private.primary.arp_microsoft), "resolved");
    assert_eq!(text(&private.secondary.arp_microsoft), "unknown");
    assert_eq!(private.asn.known().unwrap().rank, Rank::Live);
}

#[test]
fn sessions_were_up_for_all_of_the_time_observed_or_not() {
    let throughout = |up_down: &str, state: &str| {
        let summary = format!(
            r#"{{"circuit": "amsterdam", "peering": "private", "path": "Primary", "observedSeconds": 300, "value": [
            {{"neighbor": "10.100.255.13", "v": 4, "as": 65515, "upDown": "never", "statePfxRcd": "Idle"}},
            {{"neighbor": "192.168.15.17", "v": 4, "as": 65010, "upDown": "{up_down}", "statePfxRcd": "{state}"}}]}}"#
        );
        let design = design(&[&summary, CIRCUIT]);
        text(&design.circuits["amsterdam"].private.as_ref().unwrap().primary.up_throughout)
    };
    assert_eq!(throughout("00:05:00", "1"), "true");
    assert_eq!(throughout("00:04:59", "1"), "false");
    assert_eq!(throughout("1d2h", "Active"), "false");
    assert_eq!(throughout("never", "Idle"), "false");
}

#[test]
fn a_bare_table_does_not_say_what_it_is_of() {
    let bare = r#"{"value": [{"neighbor": "192.168.15.17", "v": 4, "as": 65010, "upDown": "1d", "statePfxRcd": "1"}]}"#;
    let problems = problems(&[bare]);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].expected.starts_with(r#"the circuit beside it: `{"circuit""#), "{problems:?}");
}

#[test]
fn az_yaml_output_says_the_same_as_its_json() {
    let yaml = "circuitProvisioningState: Enabled\nid: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/net/providers/Microsoft.Network/expressRouteCircuits/ams\nname: ams\nserviceProviderProperties:\n  bandwidthInMbps: 50\n  peeringLocation: Amsterdam\n  serviceProviderName: Equinix\ntype: Microsoft.Network/expressRouteCircuits\n";
    assert_eq!(text(&design(&[yaml]).circuits["ams"].bandwidth), "50 Mbps");
}

#[test]
fn each_element_of_a_fleet_is_read_by_itself() {
    let mut elements = design::fleet::Elements::default();
    let mut names = Vec::new();
    for chunk in CIRCUITS.as_bytes().chunks(100) {
        let read = |element: design::fleet::Element<'_>| {
            let mut sources = model::Sources::default();
            let reading = design::read_element(&element, "fleet.json", &mut sources, &design::Bounds::default());
            assert_eq!(reading.problems, []);
            let (name, circuit) = reading.design.circuits.into_iter().next().unwrap();
            let text = sources.text(circuit.provider.place().unwrap()).unwrap().to_owned();
            names.push((name.to_string(), text));
        };
        elements.push(chunk, read).unwrap();
    }
    elements.finish().unwrap();
    assert_eq!(names, [("amsterdam".into(), r#""Equinix""#.into()), ("dublin".into(), r#""Colt""#.to_string())]);
}
