//! Peerings: rules, children inside of circuits, secrets, prefixes.

use crate::app::Verb;
use crate::rig::{Rig, network, order};
use crate::{Role, rig};
use serde_json::{Value, json};

const PRIVATE: &str = "AzurePrivatePeering";
const MICROSOFT: &str = "MicrosoftPeering";

/// A service with a circuit that its provider has provisioned.
async fn provisioned() -> (Rig, String) {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    rig.provision(&path, "Provisioned").await.is(200);
    (rig, path)
}

fn private(vlan: u32) -> Value {
    json!({ "properties": {
        "peeringType": PRIVATE, "peerASN": 65020, "vlanId": vlan,
        "primaryPeerAddressPrefix": "10.0.0.0/30", "secondaryPeerAddressPrefix": "10.0.0.4/30",
    } })
}

fn microsoft(asn: u32) -> Value {
    json!({ "properties": {
        "peeringType": MICROSOFT, "peerASN": asn, "vlanId": 200,
        "primaryPeerAddressPrefix": "131.107.250.0/30", "secondaryPeerAddressPrefix": "131.107.250.4/30",
        "microsoftPeeringConfig": { "advertisedPublicPrefixes": ["131.107.0.0/24"] },
    } })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body["properties"][field] = value;
    body
}

#[tokio::test]
async fn a_peering_waits_for_the_provider_and_then_lives() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    let at = format!("{path}/peerings/{PRIVATE}");
    rig.put_to(&at, private(100)).await.refused("CircuitNotProvisionedByServiceProvider");
    rig.provision(&path, "Provisioned").await.is(200);
    let made = rig.put_to(&at.to_lowercase().replace("/rg/", "/RG/"), private(100)).await.is(201).body;
    let properties = &made["properties"];
    assert_eq!(made["name"], PRIVATE);
    assert_eq!(properties["azureASN"], 12076);
    assert_eq!(properties["state"], "Enabled");
    assert_eq!(properties["provisioningState"], "Succeeded");
    assert_eq!(properties["lastModifiedBy"], "Customer");
    assert_eq!(properties["connections"], json!([]));
    let circuit = rig.get(&path).await.body;
    assert_eq!(circuit["properties"]["peerings"][0], made);
    assert_eq!(circuit["etag"], made["etag"]);
    rig.put_to(&at, private(101)).await.is(200);
    rig.put_to(&at, private(100)).await.is(200);
    rig.delete(&at).await.is(200);
    rig.get(&at).await.refused("NotFound");
    rig.delete(&at).await.is(204);
}

#[tokio::test]
async fn what_a_peering_may_not_be() {
    let (rig, path) = provisioned().await;
    let (four, six) = (format!("{path}/peerings/{PRIVATE}"), format!("{path}/peerings/{MICROSOFT}"));
    for (at, body, code) in [
        (&four, private(0), "VlanIdInvalid"),
        (&four, private(4095), "VlanIdInvalid"),
        (&four, with(private(1), "peerASN", json!(12076)), "PeerAsnNotAllowed"),
        (&four, with(private(1), "primaryPeerAddressPrefix", json!("10.0.0.0/29")), "PeerAddressPrefixInvalid"),
        (&four, with(private(1), "primaryPeerAddressPrefix", json!("10.0.0.4/30")), "PeerAddressPrefixOverlap"),
        (&four, with(private(1), "peeringType", json!(MICROSOFT)), "PeeringTypeInvalid"),
        (&four, with(private(1), "sharedKey", json!("x".repeat(26))), "SharedKeyInvalid"),
        (&four, with(private(1), "routeFilter", json!({ "id": network("routeFilters/f") })), "RouteFilterNotAllowed"),
        (
            &six,
            with(microsoft(3333), "routeFilter", json!({ "id": network("routeFilters/f") })),
            "InvalidResourceReference",
        ),
        (&six, with(microsoft(3333), "routeFilter", json!({ "id": "nonsense" })), "InvalidResourceReference"),
        (&six, with(microsoft(3333), "microsoftPeeringConfig", Value::Null), "AdvertisedPublicPrefixesRequired"),
        (&six, with(microsoft(3333), "primaryPeerAddressPrefix", json!("10.0.0.0/30")), "PeerAddressPrefixNotPublic"),
        (&format!("{path}/peerings/AzurePublicPeering"), json!({}), "PublicPeeringRetired"),
        (&format!("{path}/peerings/mine"), json!({}), "InvalidPeeringName"),
    ] {
        rig.put_to(at, body).await.refused(code);
    }
    assert_eq!(rig.get(&path).await.body["properties"]["peerings"], json!([]), "nothing was half written");
    rig.put_to(&four, private(100)).await.is(201);
    rig.put_to(&six, with(microsoft(3333), "vlanId", json!(100))).await.refused("VlanIdInUse");
    rig.put_to(&six, microsoft(3333)).await.is(201);
    rig.put_to(&four, with(private(100), "primaryPeerAddressPrefix", json!("131.107.250.0/30")))
        .await
        .refused("PeerAddressPrefixOverlap");
    // Elsewhere the private ones may be the same; public ones are of one customer.
    let other = rig.circuit("c2").await;
    rig.provision(&other, "Provisioned").await.is(200);
    rig.put_to(&format!("{other}/peerings/{PRIVATE}"), private(100)).await.is(201);
    rig.put_to(&format!("{other}/peerings/{MICROSOFT}"), microsoft(3333)).await.refused("PeerAddressPrefixOverlap");
}

#[tokio::test]
async fn six_alone_and_beside_four() {
    let (rig, path) = provisioned().await;
    let at = format!("{path}/peerings/{PRIVATE}");
    let six = json!({ "primaryPeerAddressPrefix": "fd00::/126", "secondaryPeerAddressPrefix": "fd00::4/126", "state": "Enabled" });
    let alone = json!({ "properties": { "peerASN": 65020, "vlanId": 100, "ipv6PeeringConfig": six } });
    rig.put_to(&at, alone).await.is(201);
    let both = rig.put_to(&at, with(private(100), "ipv6PeeringConfig", six.clone())).await.is(200).body;
    assert_eq!(both["properties"]["ipv6PeeringConfig"]["primaryPeerAddressPrefix"], "fd00::/126");
    let four = rig.put_to(&at, private(100)).await.is(200).body;
    assert!(four["properties"].get("ipv6PeeringConfig").is_none(), "PUT replaces");
}

#[tokio::test]
async fn a_key_is_kept_and_never_told() {
    let (rig, path) = provisioned().await;
    let at = format!("{path}/peerings/{PRIVATE}");
    let secret = "S3cret-of-the-session";
    let key = async || rig.store.get(&at.to_lowercase()).await.unwrap().unwrap().secrets.0["sharedKey"].clone();
    let first = rig.send(Verb::Put, &at, None, with(private(100), "sharedKey", json!(secret))).await.is(201);
    assert!(!first.body.to_string().contains(secret));
    rig.settle().await;
    assert!(!rig.get(&path).await.body.to_string().contains(secret));
    let operation = rig.operation(&first).await;
    assert!(!format!("{operation:?}").contains(secret));
    rig.put_to(&at, private(101)).await.is(200);
    assert_eq!(key().await, json!(secret), "left out, it stays");
    let circuit = rig.get(&path).await.body;
    rig.put_to(&path, circuit).await.is(200);
    assert_eq!(key().await, json!(secret), "a circuit that is written back keeps it");
    rig.put_to(&at, with(private(101), "sharedKey", json!(""))).await.is(200);
    assert_eq!(key().await, Value::Null, "an empty one takes it away");
    let audit = rig.store.audit("", None, 1000).await.unwrap();
    assert!(!format!("{audit:?}").contains(secret));
}

#[tokio::test]
async fn children_inside_of_a_circuit() {
    let (rig, path) = provisioned().await;
    let mut circuit = rig.get(&path).await.body;
    let mut inside = with(private(100), "sharedKey", json!("k"));
    inside["name"] = json!(PRIVATE);
    circuit["properties"]["peerings"] = json!([inside]);
    let circuit = rig.put_to(&path, circuit).await.is(200).body;
    assert_eq!(circuit["properties"]["peerings"][0]["properties"]["vlanId"], 100);

    let left_out = rig.put_to(&path, order("Premium", 200)).await.is(200).body;
    assert_eq!(left_out["properties"]["peerings"].as_array().unwrap().len(), 1, "absent leaves them alone");

    let mut changed = circuit.clone();
    changed["properties"]["peerings"] = json!([{ "name": PRIVATE, "properties": { "vlanId": 300 } }]);
    let changed = rig.put_to(&path, changed).await.is(200).body;
    let peering = &changed["properties"]["peerings"][0]["properties"];
    assert_eq!((&peering["vlanId"], &peering["peerASN"]), (&json!(300), &json!(65020)), "what is left out stays");

    let mut twice = circuit.clone();
    twice["properties"]["peerings"] = json!([{ "name": PRIVATE }, { "name": "azureprivatepeering" }]);
    rig.put_to(&path, twice).await.refused("InvalidRequestFormat");
    let mut nameless = circuit.clone();
    nameless["properties"]["peerings"] = json!([{ "properties": {} }]);
    rig.put_to(&path, nameless).await.refused("InvalidRequestFormat");
    let mut bad = circuit.clone();
    bad["properties"]["peerings"][0]["properties"]["vlanId"] = json!(9999);
    rig.put_to(&path, bad).await.refused("VlanIdInvalid");

    let mut none = circuit;
    none["properties"]["peerings"] = json!([]);
    assert_eq!(rig.put_to(&path, none).await.is(200).body["properties"]["peerings"], json!([]));
    // What went gave its VLAN and subnets back.
    rig.put_to(&format!("{path}/peerings/{PRIVATE}"), private(300)).await.is(201);
}

#[tokio::test]
async fn a_circuit_with_peerings_is_written_back_also_when_it_lost_its_provider() {
    let (rig, path) = provisioned().await;
    rig.put_to(&format!("{path}/peerings/{PRIVATE}"), private(100)).await.is(201);
    rig.provision(&path, "Deprovisioning").await.is(200);
    let circuit = rig.get(&path).await.body;
    rig.put_to(&path, circuit).await.is(200);
}

#[tokio::test]
async fn prefixes_are_proven_by_number_or_by_verdict() {
    let (rig, path) = provisioned().await;
    let at = format!("{path}/peerings/{MICROSOFT}");
    let state = |body: &Value| body["properties"]["microsoftPeeringConfig"]["advertisedPublicPrefixesState"].clone();
    let first = rig.send(Verb::Put, &at, None, microsoft(3333)).await.is(201);
    assert_eq!(state(&first.body), "Configuring");
    rig.settle().await;
    let done = rig.get(&at).await.body;
    assert_eq!(state(&done), "Configured");
    assert_eq!(done["properties"]["microsoftPeeringConfig"]["routingRegistryName"], "NONE");
    assert_eq!(state(&rig.put_to(&at, microsoft(65020)).await.is(200).body), "ValidationNeeded");
    let key = rig.get(&path).await.body["properties"]["serviceKey"].as_str().unwrap().to_owned();
    let operator = rig.with(rig::caller("*", Role::Operator));
    let say = async |verdict: Value| {
        let route =
            crate::app::ROUTES.iter().flat_map(|routes| routes.iter()).find(|route| route.path.ends_with("/prefixes"));
        let path = route.unwrap().path.replace("{serviceKey}", &key);
        let verb = route.unwrap().verb;
        operator.send(verb, &path, None, json!({ "verdicts": { "131.107.0.0/24": verdict } })).await.is(200);
    };
    say(json!("validated")).await;
    assert_eq!(state(&rig.get(&at).await.body), "Configured");
    say(json!("questioned")).await;
    assert_eq!(state(&rig.get(&at).await.body), "ValidationNeeded");
    say(Value::Null).await;
    assert_eq!(state(&rig.put_to(&at, microsoft(3333)).await.is(200).body), "Configured");
}

#[tokio::test]
async fn a_provider_writes_the_same_peering() {
    let (rig, path) = provisioned().await;
    let provider = rig.provider("Equinix");
    let subscription = crate::app::operator::subscription_of("Equinix");
    let list = format!("/subscriptions/{subscription}/providers/Microsoft.Network/expressRouteCrossConnections");
    let cross = provider.get(&list).await.body["value"][0]["id"].as_str().unwrap().to_owned();
    let at = format!("{cross}/peerings/{PRIVATE}");
    provider.get(&at).await.refused("NotFound");
    let made = provider.put_to(&at, private(100)).await.is(201).body;
    assert_eq!(made["id"], json!(at));
    assert_eq!(made["properties"]["lastModifiedBy"], "Provider");
    let seen = rig.get(&format!("{path}/peerings/{PRIVATE}")).await.is(200).body;
    assert_eq!(seen["properties"]["lastModifiedBy"], "Provider");
    assert_eq!(provider.get(&cross).await.body["properties"]["peerings"][0]["name"], PRIVATE);
    provider.delete(&at).await.is(200);
    rig.get(&format!("{path}/peerings/{PRIVATE}")).await.refused("NotFound");
}

#[tokio::test]
async fn a_filter_is_the_customers_on_a_peering_of_the_provider() {
    let (rig, path) = provisioned().await;
    let provider = rig.provider("Equinix");
    let subscription = crate::app::operator::subscription_of("Equinix");
    let list = format!("/subscriptions/{subscription}/providers/Microsoft.Network/expressRouteCrossConnections");
    let cross = provider.get(&list).await.body["value"][0]["id"].as_str().unwrap().to_owned();
    let (at, own) = (format!("{cross}/peerings/{MICROSOFT}"), format!("{path}/peerings/{MICROSOFT}"));
    provider.put_to(&at, microsoft(3333)).await.is(201);
    let filter = network("routeFilters/f1");
    rig.put_to(&filter, json!({ "location": "westeurope", "properties": { "rules": [] } })).await.is(201);
    let state = async || {
        let seen = rig.get(&own).await.is(200).body["properties"].take();
        (seen["lastModifiedBy"].clone(), seen["routeFilter"]["id"].is_string())
    };

    let mut seen = rig.get(&own).await.body;
    seen["properties"]["routeFilter"] = json!({ "id": filter });
    rig.put_to(&own, seen).await.is(200);
    assert_eq!(state().await, (json!("Provider"), true), "only a filter was put on");
    provider.put_to(&at, with(microsoft(3333), "vlanId", json!(301))).await.is(200);
    assert_eq!(state().await, (json!("Provider"), true), "what the provider writes takes no filter off");
    let mut seen = rig.get(&own).await.body;
    seen["properties"]["routeFilter"].take();
    rig.put_to(&own, seen).await.is(200);
    assert_eq!(state().await, (json!("Provider"), false), "only the filter was taken off");

    let seen = rig.get(&own).await.body;
    rig.put_to(&own, with(seen, "sharedKey", json!("another"))).await.is(200);
    assert_eq!(state().await, (json!("Customer"), false), "a key is the provider's");
    provider.put_to(&at, microsoft(3333)).await.is(200);
    assert_eq!(state().await, (json!("Provider"), false), "and restored by it");
    rig.put_to(&own, with(microsoft(3333), "vlanId", json!(302))).await.is(200);
    assert_eq!(state().await, (json!("Customer"), false), "so is a tag");
}

#[tokio::test]
async fn a_filter_knows_the_peerings_that_refer_to_it() {
    let (rig, path) = provisioned().await;
    let filter = network("routeFilters/f1");
    rig.put_to(&filter, json!({ "location": "westeurope", "properties": { "rules": [] } })).await.is(201);
    let at = format!("{path}/peerings/{MICROSOFT}");
    rig.put_to(&at, with(microsoft(3333), "routeFilter", json!({ "id": filter }))).await.is(201);
    assert_eq!(rig.get(&filter).await.body["properties"]["peerings"].as_array().unwrap().len(), 1);
    assert!(!rig.delete(&filter).await.code().is_empty());
    rig.put_to(&at, microsoft(3333)).await.is(200);
    assert_eq!(rig.get(&filter).await.body["properties"]["peerings"], json!([]));
    rig.put_to(&at, with(microsoft(3333), "routeFilter", json!({ "id": filter }))).await.is(200);
    rig.delete(&at).await.is(200);
    assert_eq!(rig.get(&filter).await.body["properties"]["peerings"], json!([]));
    rig.delete(&filter).await.is(200);
}

#[tokio::test]
async fn two_peerings_at_once_do_not_share_a_vlan() {
    let (rig, path) = provisioned().await;
    let (one, two) = (format!("{path}/peerings/{PRIVATE}"), format!("{path}/peerings/{MICROSOFT}"));
    let (a, b) =
        tokio::join!(rig.send(Verb::Put, &one, None, private(200)), rig.send(Verb::Put, &two, None, microsoft(3333)),);
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201, "{:#} {:#}", a.body, b.body);
    assert!(statuses[1] >= 400);
}
