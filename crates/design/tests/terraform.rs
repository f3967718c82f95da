//! Terraform plans and states: what they say, and what only an apply will tell.

mod reading;

use model::{Fact, List, Rank, Value};
use reading::{design, problem, problems, read_with_sources};
use std::fmt::Display;

const PLAN: &str = include_str!("fixtures/plan.json");
const STATE: &str = include_str!("fixtures/state.json");

fn text<T: Display>(fact: &Fact<T>) -> String {
    fact.value().map_or("unknown".to_owned(), ToString::to_string)
}

fn list<T: Value>(fact: &Fact<List<T>>) -> String {
    let items = |list: &List<T>| list.iter().map(|item| item.value.to_string()).collect::<Vec<_>>().join(", ");
    fact.value().map_or("unknown".to_owned(), items)
}

#[test]
fn a_plan_says_what_is_wanted() {
    let design = design(&[PLAN]);
    assert_eq!(design.circuits.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["amsterdam", "dublin"]);
    let circuit = &design.circuits["amsterdam"];
    assert_eq!(text(&circuit.provider), "Equinix");
    assert_eq!(text(&circuit.location), "Amsterdam");
    assert_eq!(text(&circuit.bandwidth), "1 Gbps");
    assert_eq!(text(&circuit.sku), "premium metered");
    assert_eq!(circuit.provider.known().unwrap().rank, Rank::Declared);
    let private = circuit.private.as_ref().unwrap();
    assert_eq!(text(&private.state), "enabled");
    assert_eq!(text(&private.vlan), "100");
    assert_eq!(text(&private.secondary.subnet), "192.168.15.20/30");
    let microsoft = circuit.microsoft.as_ref().unwrap();
    assert_eq!(list(&microsoft.advertise), "131.107.240.0/27, 2a01:111:f401::/48");
    assert_eq!(text(&microsoft.primary.subnet_v6), "2a01:111:f400::/126");
    assert_eq!(text(&microsoft.registry), "RIPENCC");
    assert_eq!(text(&microsoft.customer_asn), "unknown");
}

#[test]
fn what_only_an_apply_will_tell_is_unknown() {
    let design = design(&[PLAN]);
    let dublin = &design.circuits["dublin"];
    assert_eq!(text(&dublin.service_key), "unknown");
    assert_eq!(text(&dublin.id), "unknown");
    let private = dublin.private.as_ref().unwrap();
    assert_eq!(text(&private.asn), "unknown");
    assert_eq!(text(&private.md5), "unknown", "a key that an apply makes");
}

#[test]
fn a_plan_says_whether_there_is_a_key_and_never_which() {
    let (reading, _) = read_with_sources(&[PLAN]);
    let circuit = &reading.design.circuits["amsterdam"];
    assert_eq!(text(&circuit.private.as_ref().unwrap().md5), "none");
    assert_eq!(text(&circuit.microsoft.as_ref().unwrap().md5), "set");
    assert!(!format!("{:?}", reading.design).contains("A1B2C3D4"));
}

#[test]
fn a_list_with_one_unknown_element_is_unknown() {
    let plan = PLAN.replacen(
        r#""address_space": [
      false
     ]"#,
        r#""address_space": [true]"#,
        1,
    );
    assert_ne!(plan, PLAN);
    assert_eq!(list(&design(&[&plan]).vnets["hub-weu"].space), "unknown");
    assert_eq!(list(&design(&[PLAN]).vnets["hub-weu"].space), "10.100.0.0/16");
}

#[test]
fn references_lead_to_resources_without_ids() {
    let design = design(&[PLAN]);
    let circuit = &design.circuits["amsterdam"];
    assert_eq!(list(&circuit.microsoft.as_ref().unwrap().filter), "12076:5010, 12076:5030");
    let hub = &design.vnets["hub-weu"];
    assert_eq!(text(&hub.gateway), "ErGwScale", "through the subnet of its module");
    assert_eq!(text(&hub.gateway_units), "2");
    assert_eq!(text(&hub.gateway_subnet), "10.100.255.0/26");
    assert_eq!(list(&circuit.private.as_ref().unwrap().vnets), "hub-weu", "through an output, and by for_each");
    assert_eq!(list(&design.circuits["dublin"].private.as_ref().unwrap().vnets), "unknown");
}

#[test]
fn a_variable_leads_to_the_module_around() {
    let plan = PLAN.replace(
        r#""azurerm_subnet.gateway.id",
             "azurerm_subnet.gateway""#,
        r#""var.subnet_id""#,
    );
    let plan = plan.replace(
        r#""subnet_name": {"#,
        r#""subnet_id": {"references": ["module.hub.subnet_id", "module.hub"]}, "subnet_name": {"#,
    );
    let plan = plan.replace(
        r#""outputs": {"#,
        r#""outputs": {"subnet_id": {"expression": {"references": ["azurerm_subnet.gateway.id", "azurerm_subnet.gateway"]}}, "#,
    );
    assert_ne!(plan, PLAN);
    // The call has `for_each`, so `module.hub` is the instance of the same key.
    assert_eq!(text(&design(&[&plan]).vnets["hub-weu"].gateway), "ErGwScale");
}

#[test]
fn references_in_a_circle_end() {
    let plan = PLAN.replace(r#""azurerm_virtual_network_gateway.er[0].id","#, r#""module.hub.gateway_id","#);
    let plan = plan.replace(
        r#""outputs": {"#,
        r#""module_calls": {"hub": {"module": {"outputs": {"gateway_id": {"expression": {"references": ["var.x"]}}}}, "expressions": {"x": {"references": ["module.hub.gateway_id", "module.hub.gateway_id"]}}}}, "outputs": {"#,
    );
    assert!(design(&[&plan]).circuits.contains_key("dublin"));
}

#[test]
fn a_subscription_that_was_read_is_known() {
    let design = design(&[PLAN]);
    assert_eq!(text(&design.azure.subscription), "11111111-2222-3333-4444-555555555555");
    assert_eq!(text(&design.azure.subscription_state), "active");
    assert_eq!(design.azure.subscription_state.known().unwrap().rank, Rank::Ordered);
}

#[test]
fn a_state_says_what_was_ordered() {
    let design = design(&[STATE]);
    let circuit = &design.circuits["direct-ams"];
    assert_eq!(text(&circuit.port), "port-ams");
    assert_eq!(text(&circuit.bandwidth), "5 Gbps");
    assert_eq!(text(&circuit.provider), "unknown", "empty means not set");
    assert_eq!(text(&circuit.provider_state), "provisioned");
    assert_eq!(text(&circuit.service_key), "7f105c32-9e77-4c2e-9f40-2c3d4e5f6071");
    assert_eq!(circuit.sku.known().unwrap().rank, Rank::Ordered);
    assert_eq!(text(&circuit.private.as_ref().unwrap().md5), "unknown", "somebody else may have set one");
    assert_eq!(text(&design.ports["port-ams"].encapsulation), "qinq");
    assert_eq!(text(&design.ports["port-ams"].macsec), "true");
}

#[test]
fn a_plan_and_an_export_are_one_circuit_and_may_disagree() {
    let plan = PLAN.replacen(r#""vlan_id": 100"#, r#""vlan_id": 101"#, 1);
    let design = design(&[&plan, include_str!("fixtures/circuit-show.json")]);
    assert_eq!(design.circuits.len(), 2);
    let private = design.circuits["amsterdam"].private.as_ref().unwrap();
    let (stands, other) = private.vlan.disagreement().unwrap();
    assert_eq!((stands.value.number(), other.value.number()), (100, 101));
}

#[test]
fn a_wrong_value_points_into_the_plan() {
    let plan = PLAN.replacen(r#""vlan_id": 100"#, r#""vlan_id": 4095"#, 1);
    let (reading, sources) = read_with_sources(&[&plan]);
    let place = reading.problems[0].place.unwrap();
    assert_eq!(sources.text(place), Some("4095"));
    assert_eq!(reading.problems[0].seen, "`vlanId`: vlan 4095 is outside 1..=4094");
}

#[test]
fn files_that_are_no_plan_are_said_so() {
    assert_eq!(
        problem(r#"{"version": 4, "terraform_version": "1.9.8", "serial": 3, "lineage": "x", "resources": []}"#).3,
        "what `terraform show -json` prints of it"
    );
    assert_eq!(problem(r#"{"format_version": "2.0"}"#).2, "the format 2.0 of Terraform");
    assert!(problem(r#"{"format_version": "1.0"}"#).2.starts_with("a Terraform file without a resource"));
    let failed = PLAN.replacen('{', r#"{"errored": true,"#, 1);
    assert_eq!(problem(&failed).2, "a plan that failed half way");
}

#[test]
fn a_name_that_only_an_apply_will_tell_is_said_so() {
    let plan = PLAN.replacen(
        r#""name": "m365",
      "location""#,
        r#""location""#,
        1,
    );
    assert_eq!(problems(&[&plan]).len(), 1, "{:?}", problems(&[&plan]));
    assert_eq!(problems(&[&plan])[0].seen, "`azurerm_route_filter.m365`, whose name only an apply will tell");
}
