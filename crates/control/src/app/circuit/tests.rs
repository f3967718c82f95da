//! Circuits, from order to end.

use crate::app::Verb;
use crate::app::circuit::{link, unlink};
use crate::rig::{OTHER, Rig, SUBSCRIPTION, network, order};
use crate::{Role, Tx};
use serde_json::{Value, json};

#[tokio::test]
async fn a_circuit_lives_from_order_to_end() {
    let rig = Rig::new().await;
    let path = network("expressRouteCircuits/c1");
    let first = rig.send(Verb::Put, &path, None, order("Standard", 200)).await.is(201);
    assert_eq!(first.body["properties"]["provisioningState"], "Updating");
    let busy = rig.send(Verb::Put, &path, None, order("Standard", 500)).await.refused("AnotherOperationInProgress");
    assert!(busy.body["error"]["message"].as_str().unwrap().contains(&first.operation.unwrap().to_string()));
    rig.settle().await;

    let circuit = rig.get(&path).await.is(200).body;
    let properties = &circuit["properties"];
    assert_eq!(circuit["sku"]["name"], "Standard_MeteredData");
    assert_eq!(properties["provisioningState"], "Succeeded");
    assert_eq!(properties["circuitProvisioningState"], "Enabled");
    assert_eq!(properties["serviceProviderProvisioningState"], "NotProvisioned");
    assert_eq!(properties["peerings"], json!([]));
    assert_eq!(properties["authorizations"], json!([]));
    assert!(properties["stag"].as_i64().is_some_and(|tag| (1..=4094).contains(&tag)));
    assert!(circuit.get("plant").is_none());

    let bigger = rig.put_to(&path, order("Premium", 500)).await.is(200);
    assert_eq!(bigger.body["properties"]["serviceKey"], properties["serviceKey"]);
    assert_ne!(bigger.body["etag"], circuit["etag"]);
    rig.put_to(&path, order("Premium", 200)).await.refused("BandwidthDowngradeNotAllowed");

    assert_eq!(rig.get(&network("expressRouteCircuits")).await.body["value"].as_array().unwrap().len(), 1);
    let tagged = rig.call(Verb::Patch, &path, json!({ "tags": { "a": "b" } })).await.is(200);
    assert_eq!(tagged.body["tags"], json!({ "a": "b" }));
    rig.delete(&path).await.is(200);
    rig.get(&path).await.refused("ResourceNotFound");
    rig.delete(&path).await.is(204);
    let all = rig.store.list(&store::Query { subscription: String::new(), ..store::Query::default() }).await.unwrap();
    assert!(all.iter().all(|row| !row.kind.contains("expressroute")), "the cross connection is gone as well");
}

#[tokio::test]
async fn an_order_is_judged_before_anything_is_written() {
    let rig = Rig::new().await;
    let path = network("expressRouteCircuits/c1");
    let with = |pointer: &str, value: Value| {
        let mut body = order("Standard", 200);
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    let provider = "/properties/serviceProviderProperties";
    for (body, code) in [
        (with("/location", Value::Null), "LocationRequired"),
        (with("/sku/tier", json!("Golden")), "InvalidRequestFormat"),
        (with("/sku/tier", json!("Local")), "InvalidSku"),
        (with(provider, Value::Null), "InvalidRequestFormat"),
        (with(&format!("{provider}/serviceProviderName"), json!("Umbrella")), "ServiceProviderUnknown"),
        (with(&format!("{provider}/peeringLocation"), json!("Atlantis")), "PeeringLocationUnknown"),
        (with(&format!("{provider}/bandwidthInMbps"), json!(3)), "BandwidthNotOffered"),
        (json!([]), "LocationRequired"),
    ] {
        let refused = rig.put_to(&path, body).await.refused(code);
        assert!(!refused.body["error"]["message"].as_str().unwrap().is_empty());
    }
    rig.put_to(&network("expressRouteCircuits/_c"), order("Standard", 50)).await.refused("InvalidResourceName");
    rig.put_to(&path.replace("/rg/", "/none/"), order("Standard", 50)).await.refused("ResourceGroupNotFound");
    rig.get(&path).await.refused("ResourceNotFound");
}

#[tokio::test]
async fn what_is_fixed_stays() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    let mut body = rig.get(&path).await.body;
    body["properties"]["serviceKey"] = json!("stolen");
    body["properties"]["serviceProviderProvisioningState"] = json!("Provisioned");
    body["properties"]["stag"] = json!(1);
    let before = rig.get(&path).await.body;
    let after = rig.put_to(&path, body.clone()).await.is(200).body;
    for field in ["serviceKey", "serviceProviderProvisioningState", "stag", "resourceGuid"] {
        assert_eq!(after["properties"][field], before["properties"][field], "{field}");
    }
    let provider = "/properties/serviceProviderProperties";
    for (pointer, value, code) in [
        ("/location".to_owned(), "westus", "InvalidResourceLocation"),
        (format!("{provider}/serviceProviderName"), "Colt", "ServiceProviderCannotBeModified"),
        (format!("{provider}/peeringLocation"), "London", "PeeringLocationCannotBeModified"),
    ] {
        let mut changed = body.clone();
        *changed.pointer_mut(&pointer).unwrap() = json!(value);
        rig.put_to(&path, changed).await.refused(code);
    }
    let mut local = body.clone();
    local["sku"] = json!({ "tier": "Local", "family": "UnlimitedData" });
    rig.put_to(&path, local).await.refused("SkuTierChangeNotAllowed");
    let mut unlimited = body.clone();
    unlimited["sku"] = json!({ "tier": "Premium", "family": "UnlimitedData" });
    rig.put_to(&path, unlimited).await.is(200);
    rig.put_to(&path, body).await.refused("SkuFamilyChangeNotAllowed");
}

#[tokio::test]
async fn if_match_is_held() {
    let rig = Rig::new().await;
    let path = network("expressRouteCircuits/c1");
    rig.send(Verb::Put, &path, Some("*"), order("Standard", 50)).await.refused("PreconditionFailed").is(412);
    let path = rig.circuit("c1").await;
    let tag = rig.get(&path).await.body["etag"].as_str().unwrap().to_owned();
    rig.send(Verb::Put, &path, Some("W/\"x\""), order("Premium", 200)).await.is(412);
    rig.send(Verb::Delete, &path, Some("W/\"x\""), Value::Null).await.is(412);
    rig.send(Verb::Put, &path, Some(&tag), order("Premium", 200)).await.is(200);
    rig.settle().await;
    rig.send(Verb::Put, &path, Some(&tag), order("Premium", 200)).await.is(412);
}

#[tokio::test]
async fn a_circuit_that_is_used_is_not_deleted() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    for state in ["Provisioning", "Provisioned", "Deprovisioning"] {
        rig.provision(&path, state).await.is(200);
        rig.delete(&path).await.refused("ConflictError");
        assert_eq!(rig.get(&path).await.body["properties"]["provisioningState"], "Succeeded");
    }
    rig.provision(&path, "NotProvisioned").await.is(200);
    let change = async |on: bool| {
        let mut tx = Tx::new(&*rig.store, &rig.settings, rig.now, "test", String::new());
        match on {
            true => link(&mut tx, &path.to_lowercase(), "/connection").await.unwrap(),
            false => unlink(&mut tx, &path.to_lowercase(), "/connection").await.unwrap(),
        }
        tx.commit().await.unwrap();
    };
    change(true).await;
    rig.delete(&path).await.refused("InUseExpressRouteCircuitCannotBeDeleted");
    change(false).await;
    rig.delete(&path).await.is(200);
}

#[tokio::test]
async fn a_quota_holds_and_is_raised() {
    let rig = Rig::new().await;
    for number in 0..10 {
        rig.circuit(&format!("c{number}")).await;
    }
    let path = network("expressRouteCircuits/c10");
    rig.put_to(&path, order("Standard", 50)).await.refused("CircuitQuotaExceeded");
    let mut elsewhere = order("Standard", 50);
    elsewhere["location"] = json!("northeurope");
    rig.put_to(&path, elsewhere).await.is(201);
    rig.delete(&network("expressRouteCircuits/c3")).await.is(200);
    rig.put_to(&network("expressRouteCircuits/c3"), order("Standard", 50)).await.is(201);
    let mut row = rig.store.get(&format!("/subscriptions/{SUBSCRIPTION}")).await.unwrap().unwrap();
    row.document["limits"] = json!({ "circuits": 100, "circuitsPerRegion": 100 });
    rig.put(row).await;
    rig.put_to(&network("expressRouteCircuits/c11"), order("Standard", 50)).await.is(201);
}

#[tokio::test]
async fn authorizations_have_keys_of_their_own() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    let body = json!({ "name": "a1", "properties": { "authorizationKey": "mine" } });
    let made = rig.put_to(&format!("{path}/authorizations/a1"), body).await.is(201);
    let key = made.body["properties"]["authorizationKey"].as_str().unwrap().to_owned();
    assert_eq!(key.len(), 36);
    assert_eq!(made.body["properties"]["authorizationUseStatus"], "Available");
    assert_eq!(made.body["etag"], rig.get(&path).await.body["etag"], "a child has the tag of its circuit");
    let again = rig.put_to(&format!("{path}/authorizations/A1"), json!({})).await.is(200);
    assert_eq!(again.body["properties"]["authorizationKey"], json!(key));

    let mut circuit = rig.get(&path).await.body;
    assert_eq!(circuit["properties"]["authorizations"].as_array().unwrap().len(), 1);
    circuit["properties"]["authorizations"].as_array_mut().unwrap().push(json!({ "name": "a2" }));
    let circuit = rig.put_to(&path, circuit).await.is(200).body;
    assert_eq!(circuit["properties"]["authorizations"][0]["properties"]["authorizationKey"], json!(key));
    assert_eq!(circuit["properties"]["authorizations"][1]["name"], "a2");
    let left_out = rig.put_to(&path, order("Premium", 200)).await.is(200).body;
    assert_eq!(left_out["properties"]["authorizations"].as_array().unwrap().len(), 2, "absent leaves them alone");
    let mut none = order("Premium", 200);
    none["properties"]["authorizations"] = json!([]);
    assert_eq!(rig.put_to(&path, none).await.is(200).body["properties"]["authorizations"], json!([]));
    rig.get(&format!("{path}/authorizations/a1")).await.refused("NotFound");
    rig.put_to(&network("expressRouteCircuits/no/authorizations/a"), json!({})).await.refused("ParentResourceNotFound");
}

#[tokio::test]
async fn two_orders_at_once_make_one_circuit() {
    let rig = Rig::new().await;
    let path = network("expressRouteCircuits/c1");
    let both = tokio::join!(
        rig.send(Verb::Put, &path, None, order("Standard", 50)),
        rig.send(Verb::Put, &path, None, order("Premium", 100)),
    );
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409]);
    rig.settle().await;
    assert_eq!(rig.get(&network("expressRouteCircuits")).await.body["value"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_provider_moves_its_circuit_and_nothing_else() {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    let provider = rig.provider("Equinix");
    let subscription = crate::app::operator::subscription_of("Equinix");
    let list = format!("/subscriptions/{subscription}/providers/Microsoft.Network/expressRouteCrossConnections");
    let cross = provider.get(&list).await.is(200).body["value"][0].clone();
    let at = cross["id"].as_str().unwrap();
    assert_eq!(cross["name"], rig.get(&path).await.body["properties"]["serviceKey"]);
    assert_eq!(cross["properties"]["peeringLocation"], "Amsterdam");
    assert_eq!(cross["properties"]["primaryAzurePort"], "amsterdam-a-equinix");
    let with = |properties: Value| json!({ "location": "westeurope", "properties": properties });
    let refused = [
        (json!({ "serviceProviderProvisioningState": "Gone" }), "InvalidRequestFormat"),
        (json!({ "serviceProviderProvisioningState": "Deprovisioning" }), "ServiceProviderProvisioningStateInvalid"),
        (json!({ "peeringLocation": "London" }), "PeeringLocationCannotBeModified"),
        (json!({ "bandwidthInMbps": 500 }), "BandwidthCannotBeModified"),
        (
            json!({ "expressRouteCircuit": { "id": "/subscriptions/x" } }),
            "ExpressRouteCircuitReferenceInCrossConnectionCannotBeModified",
        ),
    ];
    for (properties, code) in refused {
        provider.put_to(at, with(properties)).await.refused(code);
    }
    provider.put_to(at, json!({ "properties": {} })).await.refused("LocationRequired");
    let notes = json!({ "serviceProviderProvisioningState": "Provisioned", "serviceProviderNotes": "rack 7" });
    let done = provider.put_to(at, with(notes)).await.is(200);
    assert_eq!(done.body["properties"]["serviceProviderProvisioningState"], "Provisioned");
    let circuit = rig.get(&path).await.body;
    assert_eq!(circuit["properties"]["serviceProviderProvisioningState"], "Provisioned");
    assert_eq!(circuit["properties"]["serviceProviderNotes"], "rack 7");
    let missing = at.replace(cross["name"].as_str().unwrap(), "00000000-0000-0000-0000-000000000000");
    provider.put_to(&missing, with(json!({}))).await.refused("ResourceNotFound");
    let tagged = provider.call(Verb::Patch, at, json!({ "tags": { "x": "y" } })).await.is(200);
    assert_eq!(tagged.body["tags"], json!({ "x": "y" }));
}

#[tokio::test]
async fn operations_are_the_callers_own() {
    let rig = Rig::new().await;
    let path = network("expressRouteCircuits/c1");
    let first = rig.send(Verb::Put, &path, None, order("Standard", 50)).await.is(201);
    let operation = first.operation.unwrap();
    let at = |subscription: &str, what: &str| {
        format!("/subscriptions/{subscription}/providers/Microsoft.Network/locations/westeurope/{what}/{operation}")
    };
    let running = rig.get(&at(SUBSCRIPTION, "operations")).await.is(200);
    assert_eq!(running.body["status"], "InProgress");
    assert_eq!(running.headers["retry-after"], "1");
    let result = rig.get(&at(SUBSCRIPTION, "operationResults")).await.is(202);
    assert!(result.headers["location"].starts_with("https://"));
    let other = rig.with(crate::rig::caller(OTHER, Role::Owner));
    other.get(&at(OTHER, "operations")).await.refused("OperationNotFound");
    rig.settle().await;
    assert_eq!(rig.get(&at(SUBSCRIPTION, "operations")).await.body["status"], "Succeeded");
    rig.get(&at(SUBSCRIPTION, "operationResults")).await.is(200);
}
