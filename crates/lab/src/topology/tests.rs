use super::*;
use catalog::Catalog;

fn contoso() -> Topology {
    of(include_str!("../../../../examples/contoso.design.yaml"))
}

fn managed() -> Topology {
    of(include_str!("../../../../examples/managed.design.yaml"))
}

fn of(text: &'static str) -> Topology {
    let mut sources = model::Sources::default();
    let input = design::Input { name: "a.design.yaml".to_owned(), text: text.into() };
    let reading = design::read_all(vec![input], &mut sources, &design::Bounds::default());
    Topology::of(&reading.design, Catalog::builtin(), ProcessKind::Bird).unwrap()
}

#[test]
fn contoso_has_two_sites_two_locations_and_a_network() {
    assert_eq!(contoso().summary(), "2 sites · 4 customer edges (BIRD) · 2 locations · 4 MSEE · 1 VNet · 8 hosts");
}

#[test]
fn names_and_devices_are_unique_and_fit_the_kernel() {
    [contoso(), managed()].iter().for_each(are_unique_and_fit);
}

fn are_unique_and_fit(topology: &Topology) {
    let mut names: Vec<&str> = topology.nodes.iter().map(|node| node.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), topology.nodes.len());
    let mut devices = Vec::new();
    for link in &topology.links {
        for lane in &link.lanes {
            for end in 0..2 {
                assert!(lane.devices[end].len() <= 15, "{}", lane.devices[end]);
                devices.push((link.ends[end].as_str(), lane.devices[end].as_str()));
            }
        }
    }
    let all = devices.len();
    devices.sort_unstable();
    devices.dedup();
    assert_eq!(devices.len(), all);
}

#[test]
fn a_link_of_a_circuit_has_the_first_address_of_its_subnet_on_the_routers_side() {
    let topology = contoso();
    let link = topology.link("amsterdam-secondary").unwrap();
    assert_eq!(link.ends, ["ce-ams-2", "pe-amsterdam"]);
    let addresses: Vec<String> =
        link.lanes.iter().flat_map(|lane| &lane.addresses[0]).map(Address::to_string).collect();
    assert_eq!(addresses, ["192.168.15.21/30", "131.107.250.5/30"]);
}

#[test]
fn a_provider_that_runs_layer_three_has_the_edges_and_its_network_between_them_and_the_site() {
    let topology = managed();
    assert_eq!(topology.of_role(Role::CustomerEdge).count(), 0);
    let link = topology.link("frankfurt-secondary").unwrap();
    assert_eq!(link.ends, ["pe-frankfurt-2", "pe-frankfurt"]);
    assert_eq!(topology.node("pe-frankfurt-2").unwrap().role, Role::ProviderEdge);
    assert_eq!(topology.link("lan-pe-frankfurt-2").unwrap().ends, ["vpn-frankfurt", "pe-frankfurt-2"]);
    assert_eq!(topology.link("access-frankfurt").unwrap().ends, ["host-main", "vpn-frankfurt"]);
    let mut drawn = String::new();
    topology.draw(&mut drawn).unwrap();
    assert!(drawn.contains("host-main ── vpn-frankfurt ── pe-frankfurt-1"), "{drawn}");
    assert!(drawn.contains("run by the provider: vpn-frankfurt, pe-frankfurt-1, pe-frankfurt-2"), "{drawn}");
}

#[test]
fn every_site_talks_to_every_network_and_service() {
    let topology = contoso();
    assert_eq!(topology.flows().len(), 2 * 6);
}

#[test]
fn a_topology_reads_back_from_the_state_of_a_lab() {
    let topology = contoso();
    let text = serde_json::to_string(&topology).unwrap();
    assert_eq!(serde_json::from_str::<Topology>(&text).unwrap(), topology);
}
