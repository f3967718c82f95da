//! Global Reach: which circuits may be connected, what each sees, and what goes with what.

use crate::app::operator::subscription_of;
use crate::app::{Verb, observe};
use crate::rig::{OTHER, Rig, SUBSCRIPTION, caller, order};
use crate::{Role, Tx};
use edge_api::{DomainReport, Family, RouteRow, SessionReport, SessionState, Side};
use serde_json::{Value, json};

const PRIVATE: &str = "peerings/AzurePrivatePeering";

/// A circuit of a subscription at a place, provisioned, with a private peering whose subnets begin with `10.{net}`.
async fn circuit(rig: &Rig, subscription: &str, name: &str, place: &str, tier: &str, net: u8) -> String {
    let path = format!(
        "/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.Network/expressRouteCircuits/{name}"
    );
    let mut body = order(tier, 200);
    body["properties"]["serviceProviderProperties"]["peeringLocation"] = json!(place);
    let made = rig.put_to(&path, body).await.is(201).body;
    let (key, carrier) = (made["properties"]["serviceKey"].as_str().unwrap(), subscription_of("Equinix"));
    let group = format!("CrossConnection-{}", place.replace(' ', ""));
    let cross = format!(
        "/subscriptions/{carrier}/resourceGroups/{group}/providers/Microsoft.Network/expressRouteCrossConnections/{key}"
    );
    let body = json!({ "location": "westeurope", "properties": { "serviceProviderProvisioningState": "Provisioned" } });
    rig.provider("Equinix").put_to(&cross, body).await.is(200);
    let peering = json!({ "properties": {
        "peeringType": "AzurePrivatePeering", "peerASN": 65020, "vlanId": 100,
        "primaryPeerAddressPrefix": format!("10.{net}.0.0/30"), "secondaryPeerAddressPrefix": format!("10.{net}.0.4/30"),
    } });
    rig.put_to(&format!("{path}/{PRIVATE}"), peering).await.is(201);
    path
}

/// The body of a connection to a circuit.
fn to(circuit: &str, prefix: &str) -> Value {
    json!({ "properties": {
        "peerExpressRouteCircuitPeering": { "id": format!("{circuit}/{PRIVATE}") }, "addressPrefix": prefix,
    } })
}

#[tokio::test]
async fn two_circuits_see_one_connection() {
    let rig = Rig::new().await;
    let one = circuit(&rig, SUBSCRIPTION, "one", "Amsterdam", "Standard", 1).await;
    let two = circuit(&rig, SUBSCRIPTION, "two", "London", "Standard", 2).await;
    let at = format!("{one}/{PRIVATE}/connections/reach");
    let made = rig.put_to(&at, to(&two, "192.168.8.0/29")).await.is(201).body;
    assert_eq!(made["properties"]["circuitConnectionStatus"], "Connected");
    assert_eq!(made["properties"]["provisioningState"], "Succeeded");
    assert_eq!(made["properties"]["expressRouteCircuitPeering"]["id"], format!("{one}/{PRIVATE}"));
    assert!(made.get("plant").is_none());
    let circuit = rig.get(&one).await.body;
    assert_eq!(circuit["etag"], made["etag"]);
    assert_eq!(circuit["properties"]["peerings"][0]["properties"]["connections"][0], made);

    let peers = rig.get(&format!("{two}/{PRIVATE}/peerConnections")).await.is(200).body;
    let seen = &peers["value"][0];
    assert_eq!(seen["properties"]["connectionName"], "reach");
    assert_eq!(seen["properties"]["peerExpressRouteCircuitPeering"]["id"], format!("{one}/{PRIVATE}"));
    assert_eq!(seen["properties"]["circuitConnectionStatus"], "Connected");
    assert_eq!(rig.get(seen["id"].as_str().unwrap()).await.is(200).body, *seen);
    let peered = rig.get(&two).await.body["properties"]["peerings"][0]["properties"]["peeredConnections"].clone();
    assert_eq!(peered[0], *seen);

    // Another /29, and IPv6 beside; the circuit it goes to is for ever.
    let mut wider = to(&two, "192.168.8.8/29");
    wider["properties"]["ipv6CircuitConnectionConfig"] = json!({ "addressPrefix": "fd00:8::/125" });
    let wider = rig.put_to(&at, wider).await.is(200).body;
    assert_eq!(wider["properties"]["ipv6CircuitConnectionConfig"]["circuitConnectionStatus"], "Connected");
    assert_eq!(rig.get(seen["id"].as_str().unwrap()).await.body["properties"]["addressPrefix"], "192.168.8.8/29");
    rig.put_to(&at, to(&one, "192.168.8.8/29")).await.refused("ConnectionPeerCannotBeChanged");
    rig.put_to(&format!("{two}/{PRIVATE}/connections/back"), to(&one, "192.168.9.0/29"))
        .await
        .refused("GlobalReachExists");

    for path in [&one, &two] {
        rig.delete(&format!("{path}/{PRIVATE}")).await.refused("InUsePeeringCannotBeDeleted");
        assert!(!crate::app::circuit::Plant::of(&stored(&rig, path).await).links.is_empty());
    }
    rig.delete(&at).await.is(200);
    rig.delete(&at).await.is(204);
    rig.get(&at).await.refused("NotFound");
    assert_eq!(rig.get(&format!("{two}/{PRIVATE}/peerConnections")).await.body["value"], json!([]));
    for path in [&one, &two] {
        assert!(crate::app::circuit::Plant::of(&stored(&rig, path).await).links.is_empty());
        rig.delete(&format!("{path}/{PRIVATE}")).await.is(200);
    }
}

async fn stored(rig: &Rig, path: &str) -> store::Resource {
    rig.store.get(&path.to_lowercase()).await.unwrap().unwrap()
}

#[tokio::test]
async fn only_circuits_that_may_are_connected() {
    let rig = Rig::new().await;
    let one = circuit(&rig, SUBSCRIPTION, "one", "Amsterdam", "Standard", 1).await;
    let two = circuit(&rig, SUBSCRIPTION, "two", "London", "Standard", 2).await;
    let here = circuit(&rig, SUBSCRIPTION, "here", "Amsterdam", "Standard", 3).await;
    let far = circuit(&rig, SUBSCRIPTION, "far", "New York", "Premium", 4).await;
    let at = format!("{one}/{PRIVATE}/connections/reach");
    let none = one.replace("/one", "/none");
    for (body, code) in [
        (json!({}), "InvalidRequestFormat"),
        (to(&one, "192.168.8.0/29"), "InvalidResourceReference"),
        (to(&none, "192.168.8.0/29"), "InvalidResourceReference"),
        (to(&two, ""), "AddressPrefixRequired"),
        (to(&two, "192.168.8.0/28"), "AddressPrefixInvalid"),
        (to(&two, "fd00::/29"), "AddressPrefixInvalid"),
        (to(&two, "192.168.8.1/29"), "AddressPrefixInvalid"),
        (to(&two, "10.2.0.0/29"), "AddressPrefixOverlap"),
        (to(&two, "10.1.0.0/29"), "AddressPrefixOverlap"),
        (to(&here, "192.168.8.0/29"), "GlobalReachNotSupported"),
        (to(&far, "192.168.8.0/29"), "GlobalReachNeedsPremium"),
    ] {
        rig.put_to(&at, body).await.refused(code);
    }
    let microsoft = at.replace("AzurePrivatePeering", "MicrosoftPeering");
    rig.put_to(&microsoft, to(&two, "192.168.8.0/29")).await.refused("ParentResourceNotFound");
    rig.get(&at).await.refused("NotFound");

    // With Premium at both ends it reaches over, and then Premium has to stay.
    let mut premium = rig.get(&one).await.body;
    premium["sku"] = json!({ "tier": "Premium", "family": "MeteredData" });
    rig.put_to(&one, premium.clone()).await.is(200);
    rig.put_to(&at, to(&far, "192.168.8.0/29")).await.is(201);
    premium["sku"] = json!({ "tier": "Standard", "family": "MeteredData" });
    premium["properties"].as_object_mut().unwrap().remove("peerings");
    rig.put_to(&one, premium).await.refused("SkuTierChangeNotAllowed");
}

#[tokio::test]
async fn another_subscription_gives_a_key() {
    let rig = Rig::new().await;
    let other = rig.with(caller(OTHER, Role::Owner));
    let one = circuit(&rig, SUBSCRIPTION, "one", "Amsterdam", "Standard", 1).await;
    let two = circuit(&other, OTHER, "two", "London", "Standard", 2).await;
    let at = format!("{one}/{PRIVATE}/connections/reach");
    let authorization = format!("{two}/authorizations/guest");
    let key = other.put_to(&authorization, json!({})).await.is(201).body["properties"]["authorizationKey"].clone();
    let listed = other.call(Verb::Post, &format!("{authorization}/listKeys"), Value::Null).await.is(200);
    assert_eq!(listed.body, json!({ "value": key }));
    let with = |circuit: &str, key: &Value| {
        let mut body = to(circuit, "192.168.8.0/29");
        body["properties"]["authorizationKey"] = key.clone();
        body
    };
    let wrong = json!("00000000-0000-4000-8000-000000000000");
    let absent = rig.put_to(&at, with(&two.replace("/two", "/none"), &wrong)).await.is(403);
    let refused = rig.put_to(&at, with(&two, &wrong)).await.is(403);
    assert_eq!(absent.code(), refused.code(), "a stranger does not learn what there is");
    rig.put_to(&at, to(&two, "192.168.8.0/29")).await.refused("LinkedAuthorizationFailed");

    let made = rig.put_to(&at, with(&two, &key)).await.is(201).body;
    assert!(!made.to_string().contains(key.as_str().unwrap()), "the key is not given back");
    let used = other.get(&authorization).await.body;
    assert_eq!(used["properties"]["authorizationUseStatus"], "InUse");
    other.delete(&two).await.is(409);

    // Whoever takes the key back ends the connection, on both circuits.
    other.delete(&authorization).await.is(200);
    rig.get(&at).await.refused("NotFound");
    assert_eq!(other.get(&format!("{two}/{PRIVATE}/peerConnections")).await.body["value"], json!([]));
    rig.delete(&format!("{one}/{PRIVATE}")).await.is(200);
}

/// An edge reports its private peering, and answers what it is asked with the routes that it learned.
async fn learned(rig: &Rig, circuit: &str, edge: &str, side: Side, routes: &[(&str, &str)]) {
    let key = format!("{circuit}/peerings/azureprivatepeering").to_lowercase();
    let session = SessionReport {
        family: Family::Ipv4,
        state: SessionState::Established,
        since_seconds: Some(1),
        received: routes.len() as u64,
        sent: 0,
        last_error: None,
        bfd_up: None,
        bytes_in: 0,
        bytes_out: 0,
    };
    let report =
        DomainReport { key: key.clone(), revision: 1, side, refused: None, sessions: vec![session], counters: None };
    rig.store.report(edge, rig.now, &[(key, serde_json::to_value(report).unwrap())]).await.unwrap();
    let mut tx = Tx::new(&*rig.store, &rig.settings, rig.now, edge, String::new());
    super::relay(&mut tx, &circuit.to_lowercase(), true).await.unwrap();
    tx.commit().await.unwrap();
    rig.settle().await;
    let own = ("10.100.0.0/16", "0.0.0.0", "");
    let all = routes.iter().map(|(network, path)| (*network, "10.1.0.1", *path)).chain([own]);
    let row = |(network, next_hop, path): (&str, &str, &str)| RouteRow {
        network: network.to_owned(),
        next_hop: next_hop.to_owned(),
        loc_prf: "100".to_owned(),
        weight: 0,
        path: path.to_owned(),
    };
    let rows: Vec<RouteRow> = all.map(row).collect();
    for question in rig.store.questions(edge).await.unwrap() {
        let mut tx = Tx::new(&*rig.store, &rig.settings, rig.now, edge, String::new());
        observe::answered(&mut tx, question, edge_api::Answer::Routes(rows.clone()));
        tx.commit().await.unwrap();
    }
    // Other edges that are asked owe their answers; the operation waits for them.
    Rig { now: rig.now + jiff::SignedDuration::from_secs(1), ..rig.clone() }.settle().await;
}

/// What an edge announces of other circuits: prefix and path behind ours.
async fn announced(rig: &Rig, circuit: &str, edge: &str) -> Vec<(String, Vec<u32>)> {
    let key = format!("{circuit}/peerings/azureprivatepeering").to_lowercase();
    let row = rig.store.intent(edge, &key).await.unwrap().unwrap();
    let intent = crate::intent::join(&row).unwrap();
    intent.own.into_iter().map(|own| (own.prefix, own.as_path)).collect()
}

#[tokio::test]
async fn what_a_customer_announces_is_carried_to_the_other_circuit_and_withdrawn_with_it() {
    let rig = Rig::new().await;
    let one = circuit(&rig, SUBSCRIPTION, "one", "Amsterdam", "Standard", 1).await;
    let two = circuit(&rig, SUBSCRIPTION, "two", "London", "Standard", 2).await;
    let at = format!("{one}/{PRIVATE}/connections/reach");
    rig.put_to(&at, to(&two, "192.168.8.0/29")).await.is(201);
    learned(&rig, &one, "amsterdam-a", Side::Primary, &[("172.16.0.0/16", "65020"), ("172.17.0.0/16", "65020 65021")])
        .await;
    let wanted = vec![("172.16.0.0/16".to_owned(), vec![65020]), ("172.17.0.0/16".to_owned(), vec![65020, 65021])];
    for edge in ["london-a", "london-b"] {
        assert_eq!(announced(&rig, &two, edge).await, wanted);
    }
    assert_eq!(announced(&rig, &one, "amsterdam-a").await, [], "never back to where they came from");

    // What the other customer announces itself it is not told of; its own goes the other way, once.
    let later = |seconds| Rig { now: rig.now + jiff::SignedDuration::from_secs(seconds), ..rig.clone() };
    learned(&later(2), &two, "london-b", Side::Secondary, &[("172.17.0.0/16", "65030"), ("192.168.0.0/16", "65030")])
        .await;
    assert_eq!(announced(&rig, &two, "london-a").await, wanted[..1]);
    assert_eq!(announced(&rig, &one, "amsterdam-b").await, [("192.168.0.0/16".to_owned(), vec![65030])]);

    // The session goes down: the edge has learned nothing any more.
    learned(&later(4), &one, "amsterdam-a", Side::Primary, &[]).await;
    assert_eq!(announced(&rig, &two, "london-a").await, []);
    assert_eq!(announced(&rig, &one, "amsterdam-a").await.len(), 2);

    // An edge that says nothing for a minute has no say, and the other end's reports find that out.
    let much_later = later(200);
    let mut tx = Tx::new(&*rig.store, &rig.settings, much_later.now, "amsterdam-a", String::new());
    super::relay(&mut tx, &one.to_lowercase(), true).await.unwrap();
    tx.commit().await.unwrap();
    much_later.settle().await;
    assert_eq!(announced(&rig, &one, "amsterdam-a").await, []);

    // Disconnected, nothing is carried, and nothing is kept.
    learned(&later(300), &one, "amsterdam-a", Side::Primary, &[("172.16.0.0/16", "65020")]).await;
    assert_eq!(announced(&rig, &two, "london-b").await.len(), 1);
    later(302).delete(&at).await;
    later(304).settle().await;
    assert_eq!(announced(&rig, &two, "london-b").await, []);
    assert_eq!(rig.store.get(&format!("/twinpath/reach{}", one.to_lowercase())).await.unwrap(), None);
}
