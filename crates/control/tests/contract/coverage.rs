//! Every operation of the circuit family that the swagger, the Azure SDK or `az` knows has a route.

use control::app::{ROUTES, Verb};
use std::collections::BTreeSet;
use testkit::arm::{Called, called};

/// Operations without a route: a part of their verb and path in lower case, and why.
const LEFT_OUT: &[(&str, &str)] = &[
    ("/expressroutegateways", "of virtual WAN, whose hubs are not played"),
    ("/expressroutelags", "newer than the swagger; link aggregation is not played"),
    ("/natrules", "of VPN gateways"),
    ("getikesas", "of VPN connections"),
    ("packetcapture", "of VPN gateways and connections"),
    ("vpndeviceconfigurationscript", "of VPN connections"),
    ("resetconnection", "of VPN connections"),
    ("vpnconnections", "of VPN gateways"),
    ("vpnclient", "of VPN gateways"),
    ("vpnprofile", "of VPN gateways"),
    ("radiussecrets", "of VPN gateways"),
    ("supportedvpndevices", "of VPN gateways"),
    ("virtualnetworkgateways/{}/reset", "of VPN gateways; a circuit's gateway has nothing to reset"),
    ("migratecircuit", "newer than the swagger; a circuit stays on its pair of edges"),
    ("circuitmigration", "newer than the swagger; a circuit stays on its pair of edges"),
    ("virtualnetworkgateways/{}/preparemigration", "newer than the swagger; a gateway of another family is made anew"),
    ("virtualnetworkgateways/{}/executemigration", "newer than the swagger; a gateway of another family is made anew"),
    ("virtualnetworkgateways/{}/commitmigration", "newer than the swagger; a gateway of another family is made anew"),
    ("virtualnetworkgateways/{}/abortmigration", "newer than the swagger; a gateway of another family is made anew"),
    ("getresiliencyinformation", "newer than the swagger; what it scores by is not published whole"),
    ("getroutesinformation", "newer than the swagger; what it groups by is not published whole"),
    ("geteffectiveroutes", "newer than the swagger; getLearnedRoutes tells the routes of a gateway"),
    ("/publicipprefixes", "no circuit needs one"),
    ("microsoft.compute/", "addresses of machines, which are not played"),
    ("cloudservice", "addresses of machines, which are not played"),
    ("ddosprotectionstatus", "DDoS protection is not played"),
    ("networkpolicies", "policies of subnets are echoed only"),
    ("resourcenavigationlinks", "no other service uses subnets"),
    ("serviceassociationlinks", "no other service uses subnets"),
    ("availabledelegations", "no other service uses subnets"),
    ("virtualnetworkavailableendpointservices", "no other service uses subnets"),
    ("moveipconfigurations", "machines are not played"),
    ("checkdnsnameavailability", "names of addresses are echoed only"),
    ("/usages", "quotas of regions are not listed"),
    ("get /providers/microsoft.network/operations", "the list of permissions of a namespace is not served"),
];

#[test]
fn every_operation_of_the_circuit_family_has_a_route() {
    let verb = |verb: Verb| format!("{verb:?}").to_uppercase();
    let routes = ROUTES.iter().flat_map(|routes| routes.iter());
    let served: BTreeSet<String> =
        routes.map(|route| Called { verb: verb(route.verb), path: route.path.to_owned() }.shape()).collect();
    let mut missing = Vec::new();
    for (call, who) in called() {
        let shape = call.shape();
        if !served.contains(&shape) && !LEFT_OUT.iter().any(|(part, _)| shape.to_lowercase().contains(part)) {
            missing.push(format!("{shape}  {}", who.join(", ")));
        }
    }
    assert!(missing.is_empty(), "{} operations without a route:\n{}", missing.len(), missing.join("\n"));
}

#[test]
fn every_reason_to_leave_out_is_about_some_operation() {
    let shapes: Vec<String> = called().keys().map(|call| call.shape().to_lowercase()).collect();
    for (part, reason) in LEFT_OUT {
        assert!(shapes.iter().any(|shape| shape.contains(part)), "{part}: {reason}");
    }
}
