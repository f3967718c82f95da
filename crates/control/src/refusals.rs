//! Check predicts service: the same fault, given to the checker in a design and to the service in a request, is refused
//! by both. The table is `docs/reference/refusals.md`.

use crate::app::Verb;
use crate::rig::{Reply, Rig, network, order};
use catalog::Catalog;
use rules::{Facts, Profile, Stage, Verdict};
use serde_json::{Value, json};
use std::fmt::Write as _;
use testkit::{Layers, TODAY};

/// A fault, and who refuses it how.
struct Refusal {
    /// In words.
    fault: &'static str,
    /// The rule of the checklist.
    rule: &'static str,
    /// The fault in a design: a patch over the reference design; `ordered: …` over what was ordered of it.
    design: &'static str,
    /// The request that carries it.
    ask: Ask,
    /// The field of the request, and the value that is the fault.
    field: &'static str,
    value: &'static str,
    /// What the service answers.
    code: &'static str,
}

/// A request that would be fine but for the fault.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// A new circuit.
    Circuit,
    /// The private peering of a circuit, which has a Microsoft peering with VLAN 300.
    Private,
    /// The Microsoft peering of another circuit.
    Microsoft,
    /// The private peering of a circuit whose provider has not acted.
    TooEarly,
    /// One circuit more than the quota.
    OneMore,
    /// A peering named `AzurePublicPeering`.
    Public,
}

macro_rules! refusals {
    ($($fault:literal, $rule:literal $design:literal, $ask:ident $field:literal = $value:literal => $code:literal;)*) => {
        const REFUSALS: &[Refusal] = &[$(Refusal {
            fault: $fault, rule: $rule, design: $design, ask: Ask::$ask, field: $field, value: $value, code: $code,
        }),*];
    };
}

refusals! {
    "a provider that is no partner", "PROV-002" "circuits: {'*': {provider: Umbrella Telecom}}",
        Circuit "serviceProviderProperties.serviceProviderName" = "\"Umbrella Telecom\"" => "ServiceProviderUnknown";
    "a peering location that does not exist", "PROV-002" "circuits: {'*': {location: Atlantis}}",
        Circuit "serviceProviderProperties.peeringLocation" = "\"Atlantis\"" => "PeeringLocationUnknown";
    "a provider that does not sell at the location", "PROV-002" "circuits: {'*': {provider: AARNet, location: Amsterdam}}",
        Circuit "serviceProviderProperties.serviceProviderName" = "\"AARNet\"" => "ServiceProviderNotAtPeeringLocation";
    "a bandwidth that nobody sells", "PROV-012" "circuits: {'*': {bandwidth: 3 Gbps}}",
        Circuit "serviceProviderProperties.bandwidthInMbps" = "3000" => "BandwidthNotOffered";
    "one circuit more than the quota", "ACC-007" "azure: {other_circuits: 60, quota_increase: no}",
        OneMore "serviceProviderProperties.bandwidthInMbps" = "50" => "CircuitQuotaExceeded";
    "a peering before the provider has provisioned", "PROV-014" "ordered: {circuits: {amsterdam: {provider_state: provisioning}}}",
        TooEarly "vlanId" = "100" => "CircuitNotProvisionedByServiceProvider";
    "public peering, which is retired", "PUB-001" "circuits: {'*': {public: {vlan: 300}}}",
        Public "vlanId" = "100" => "PublicPeeringRetired";
    "a VLAN that another peering of the circuit has", "ADDR-008" "circuits: {'*': {private: {vlan: 300}, microsoft: {vlan: 300}}}",
        Private "vlanId" = "300" => "VlanIdInUse";
    "a link subnet that is no /30", "ADDR-002" "circuits: {'*': {microsoft: {subnets: [131.107.250.0/29, 131.107.250.8/29]}}}",
        Private "primaryPeerAddressPrefix" = "\"131.107.250.0/29\"" => "PeerAddressPrefixInvalid";
    "one link subnet for both links", "ADDR-003" "circuits: {'*': {private: {subnets: [172.16.0.0/30, 172.16.0.0/30]}}}",
        Private "secondaryPeerAddressPrefix" = "\"10.0.0.0/30\"" => "PeerAddressPrefixOverlap";
    "private space on the links of a Microsoft peering", "ADDR-007" "circuits: {'*': {microsoft: {subnets: 192.168.99.0/29}}}",
        Microsoft "primaryPeerAddressPrefix" = "\"192.168.99.0/30\"" => "PeerAddressPrefixNotPublic";
    "shared space on the links of a Microsoft peering", "ADDR-007" "circuits: {'*': {microsoft: {subnets: 100.64.0.0/29}}}",
        Microsoft "primaryPeerAddressPrefix" = "\"100.64.0.0/30\"" => "PeerAddressPrefixNotPublic";
    "a link subnet that another Microsoft peering has", "ADDR-007" "circuits: {amsterdam: {microsoft: {subnets: [131.107.250.8/30, 131.107.250.12/30]}}}",
        Microsoft "primaryPeerAddressPrefix" = "\"131.107.250.8/30\"" => "PeerAddressPrefixOverlap";
    "the AS number of Microsoft's edge", "NET-BGP-004" "circuits: {'*': {private: {asn: 12076}}}",
        Private "peerASN" = "12076" => "PeerAsnNotAllowed";
    "the AS number of gateways", "NET-BGP-004" "circuits: {'*': {private: {asn: 65515}}}",
        Private "peerASN" = "65515" => "PeerAsnNotAllowed";
    "the AS number 0", "NET-BGP-004" "circuits: {'*': {private: {asn: 0}}}",
        Private "peerASN" = "0" => "PeerAsnNotAllowed";
    "the last AS number", "NET-BGP-004" "circuits: {'*': {private: {asn: 4294967295}}}",
        Private "peerASN" = "4294967295" => "PeerAsnNotAllowed";
    "an AS number of documentation to Microsoft", "NET-BGP-006" "circuits: {'*': {microsoft: {asn: 64496}}}",
        Microsoft "peerASN" = "64496" => "PeerAsnNotAllowed";
    "a private AS number as owner of prefixes", "NET-BGP-006" "circuits: {'*': {microsoft: {customer_asn: 65020}}}",
        Microsoft "microsoftPeeringConfig.customerASN" = "65020" => "CustomerAsnNotAllowed";
    "the default route to Microsoft", "NET-BGP-011" "circuits: {'*': {microsoft: {advertise: [0.0.0.0/0]}}}",
        Microsoft "microsoftPeeringConfig.advertisedPublicPrefixes" = "[\"0.0.0.0/0\"]" => "AdvertisedPublicPrefixInvalid";
    "private prefixes to Microsoft", "NET-BGP-011" "circuits: {'*': {microsoft: {advertise: [172.16.4.0/24]}}}",
        Microsoft "microsoftPeeringConfig.advertisedPublicPrefixes" = "[\"172.16.4.0/24\"]" => "AdvertisedPublicPrefixInvalid";
    "local addresses of IPv6 to Microsoft", "NET-BGP-011" "circuits: {'*': {microsoft: {advertise: ['fd00:1::/48']}}}",
        Microsoft "microsoftPeeringConfig.advertisedPublicPrefixes" = "[\"fd00:1::/48\"]" => "AdvertisedPublicPrefixInvalid";
}

/// A private peering that nothing is wrong with.
fn private() -> Value {
    json!({ "properties": {
        "peerASN": 65010, "vlanId": 100,
        "primaryPeerAddressPrefix": "10.0.0.0/30", "secondaryPeerAddressPrefix": "10.0.0.4/30",
    } })
}

/// A Microsoft peering that nothing is wrong with.
fn microsoft(vlan: u32, primary: &str, secondary: &str) -> Value {
    json!({ "properties": {
        "peerASN": 3333, "vlanId": vlan,
        "primaryPeerAddressPrefix": primary, "secondaryPeerAddressPrefix": secondary,
        "microsoftPeeringConfig": { "advertisedPublicPrefixes": ["131.107.0.0/24"] },
    } })
}

/// A request with a value at a field.
fn with(mut body: Value, field: &str, value: &str) -> Value {
    let mut at = &mut body["properties"];
    for part in field.split('.') {
        at = &mut at[part];
    }
    *at = serde_json::from_str(value).unwrap();
    body
}

/// Asks the service, with the fault or without.
async fn ask(rig: &Rig, refusal: &Refusal, faulty: bool) -> Reply {
    let fault = |body| if faulty { with(body, refusal.field, refusal.value) } else { body };
    let peering = |circuit: &str, name: &str| network(&format!("expressRouteCircuits/{circuit}/peerings/{name}"));
    let (path, body) = match refusal.ask {
        Ask::Circuit => (network("expressRouteCircuits/new"), fault(order("Standard", 50))),
        Ask::OneMore => {
            for number in 0..if faulty { 20 } else { 0 } {
                rig.call(Verb::Put, &network(&format!("expressRouteCircuits/more{number}")), order("Standard", 50))
                    .await;
            }
            (network("expressRouteCircuits/new"), order("Standard", 50))
        }
        Ask::Private => (peering("one", "AzurePrivatePeering"), fault(private())),
        Ask::TooEarly => {
            if !faulty {
                rig.provision(&network("expressRouteCircuits/early"), "Provisioned").await.is(200);
            }
            (peering("early", "AzurePrivatePeering"), private())
        }
        Ask::Microsoft => {
            (peering("two", "MicrosoftPeering"), fault(microsoft(200, "131.107.250.16/30", "131.107.250.20/30")))
        }
        Ask::Public if faulty => (peering("one", "AzurePublicPeering"), private()),
        Ask::Public => (peering("one", "AzurePrivatePeering"), private()),
    };
    rig.call(Verb::Put, &path, body).await
}

async fn service() -> Rig {
    let rig = Rig::new().await;
    for name in ["one", "two", "early"] {
        let path = rig.circuit(name).await;
        if name != "early" {
            rig.provision(&path, "Provisioned").await.is(200);
        }
    }
    let other = network("expressRouteCircuits/one/peerings/MicrosoftPeering");
    rig.call(Verb::Put, &other, microsoft(300, "131.107.250.8/30", "131.107.250.12/30")).await.is(201);
    rig
}

/// What the checker says of the fault.
fn judge(refusal: &Refusal) -> bool {
    let ordered = refusal.design.starts_with("ordered:");
    let (layers, stage) = if ordered { (2, Stage::Ordered) } else { (1, Stage::Design) };
    let design = Layers::contoso(layers).patch(refusal.design).design();
    let facts = Facts::new(&design, Catalog::builtin(), TODAY, Profile::default(), stage);
    matches!(rules::check(facts).verdict(refusal.rule), Some(Verdict::Fail { .. }))
}

#[tokio::test]
async fn what_check_refuses_the_service_refuses() {
    for refusal in REFUSALS {
        assert!(judge(refusal), "the checker lets pass: {}", refusal.fault);
        let rig = service().await;
        let reply = ask(&rig, refusal, true).await.refused(refusal.code);
        let error = &reply.body["error"];
        assert!(error["message"].as_str().unwrap().len() > 20, "{error:#}");
        let fine = ask(&service().await, refusal, false).await;
        assert!(fine.status < 300, "{}: without the fault {:#}", refusal.fault, fine.body);
    }
}

/// The page of the book.
fn page() -> String {
    let mut page = String::from(
        "<!-- Made by the test `refusals` of `crates/control`: UPDATE_EXPECT=1 cargo nextest run -p control refusals -->\n\
         # Refusals\n\n\
         What `twinpath check` finds in a design before the order is what the service refuses at the order: both ask the same\n\
         catalogue. Each line is a test that gives one fault to both.\n\n\
         | fault | rule | in a design | in a request | the service answers |\n| --- | --- | --- | --- | --- |\n",
    );
    for refusal in REFUSALS {
        let body = match refusal.ask {
            Ask::Public => "peering `AzurePublicPeering`".to_owned(),
            Ask::OneMore => "one circuit more".to_owned(),
            Ask::TooEarly => "a peering too early".to_owned(),
            Ask::Circuit | Ask::Private | Ask::Microsoft => format!("`{}`: `{}`", refusal.field, refusal.value),
        };
        let (fault, rule, design, code) = (refusal.fault, refusal.rule, refusal.design, refusal.code);
        let _ = writeln!(page, "| {fault} | [{rule}](rules/{rule}.md) | `{design}` | {body} | `{code}` |");
    }
    page
}

#[test]
fn the_page_is_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/refusals.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), page(), "UPDATE_EXPECT=1 writes it");
}
