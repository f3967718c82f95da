use super::*;
use catalog::Catalog;

fn contoso() -> Topology {
    let text = include_str!("../../../../examples/contoso.design.yaml");
    let mut sources = model::Sources::default();
    let input = design::Input { name: "contoso.design.yaml".to_owned(), text: text.into() };
    let reading = design::read_all(vec![input], &mut sources, &design::Bounds::default());
    Topology::of(&reading.design, Catalog::builtin(), ProcessKind::Bird).unwrap()
}

#[test]
fn contoso_has_two_sites_two_locations_and_a_network() {
    assert_eq!(contoso().summary(), "2 sites · 4 customer edges (BIRD) · 2 locations · 4 MSEE · 1 VNet · 8 hosts");
}

#[test]
fn names_and_devices_are_unique_and_fit_the_kernel() {
    let topology = contoso();
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
