//! Bodies as clients send them, and as they are answered and kept.

use arm_api::body::{self, Circuit, Peering, ProvisioningState, Secret, SkuTier, Stamp};
use arm_api::{ArmError, ResourceId};
use serde_json::{Value, json};
use uuid::Uuid;

fn refused<T: serde::de::DeserializeOwned + std::fmt::Debug>(body: &Value) -> ArmError {
    body::read::<T>(body).expect_err("it does not fit")
}

#[test]
fn a_circuit_as_az_sends_it_is_read() {
    let body: Circuit = body::read(&json!({
        "location": "westus",
        "tags": null,
        "sku": {"family": "MeteredData", "name": "premium_MeteredData", "tier": "premium"},
        "properties": {
            "allowClassicOperations": "false",
            "globalReachEnabled": null,
            "authorizationKey": "",
            "bandwidthInGbps": "10",
            "serviceProviderProperties": {
                "bandwidthInMbps": "50", "peeringLocation": "Silicon Valley", "serviceProviderName": "Equinix",
            },
            "nobodyKnows": {"this": []},
        },
    }))
    .unwrap();
    assert_eq!(body.sku.unwrap().tier, Some(SkuTier::Premium));
    assert_eq!(body.tags, None);
    assert_eq!(body.properties.allow_classic_operations, Some(false));
    assert_eq!(body.properties.authorization_key, None);
    assert_eq!(body.properties.bandwidth_in_gbps, Some(10.0));
    assert_eq!(body.properties.service_provider_properties.unwrap().bandwidth_in_mbps, Some(50));
    assert_eq!(body.properties.peerings, None);
}

#[test]
fn service_fields_are_passed_over_in_requests_whatever_they_hold() {
    let sent = json!({
        "id": 5, "name": [], "etag": {}, "type": true,
        "properties": {
            "serviceKey": {"a": 1}, "stag": "x", "provisioningState": "Nonsense", "circuitProvisioningState": 1,
            "peerings": [{"name": "p", "id": 7, "properties": {"azureASN": "none", "vlanId": 100.0, "stats": 3}}],
        },
    });
    let body: Circuit = body::read(&sent).unwrap();
    assert_eq!(body.id, None);
    assert_eq!(body.properties.service_key, None);
    let peering = &body.properties.peerings.unwrap()[0];
    assert_eq!((peering.name.as_deref(), peering.properties.vlan_id), (Some("p"), Some(100)));
    assert_eq!(peering.properties.stats, None);
}

#[test]
fn documents_keep_service_fields_and_no_secrets() {
    let mut body: Peering = body::read(&json!({"properties": {"vlanId": 100, "sharedKey": "hunter2"}})).unwrap();
    assert_eq!(body.properties.shared_key.as_ref().map(Secret::reveal), Some("hunter2"));
    assert!(!format!("{body:?}").contains("hunter2"));
    let id = ResourceId::parse(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/expressRouteCircuits/c/peerings/AzurePrivatePeering",
    )
    .unwrap();
    body.stamp(&id, &Uuid::nil());
    body.properties.azure_asn = Some(12076);
    body.properties.provisioning_state = Some(ProvisioningState::Succeeded);
    let kept = serde_json::to_value(&body).unwrap();
    assert!(!kept.to_string().contains("hunter2"));
    assert_eq!(kept["etag"], "W/\"00000000-0000-0000-0000-000000000000\"");
    assert_eq!(kept["type"], "Microsoft.Network/expressRouteCircuits/peerings");
    let again: Peering = serde_json::from_value(kept).unwrap();
    body.properties.shared_key = None;
    assert_eq!(again, body);
}

#[test]
fn what_does_not_fit_is_said_with_its_field() {
    let error = refused::<Circuit>(&json!({"properties": {"peerings": [{"properties": {"vlanId": "abc"}}]}}));
    assert_eq!((error.status, error.code.as_str()), (400, "InvalidRequestFormat"));
    assert_eq!(error.target.as_deref(), Some("properties.peerings[0].properties.vlanId"));
    assert_eq!(error.message, "properties.peerings[0].properties.vlanId is `abc`, wanted an integer");
    let error = refused::<Circuit>(&json!({"sku": {"tier": "gold"}}));
    assert_eq!(error.message, "sku.tier is `gold`, wanted one of Standard Premium Basic Local MultiCloud");
    let error = refused::<Circuit>(&json!({"properties": {"serviceProviderProperties": [1]}}));
    assert_eq!(error.target.as_deref(), Some("properties.serviceProviderProperties"));
    let error = refused::<Peering>(&json!({"properties": {"sharedKey": ["hunter2"]}}));
    assert!(!error.message.contains("hunter2"), "{error}");
    let error = refused::<Peering>(&json!({"properties": {"vlanId": 1e300}}));
    assert!(error.message.contains("properties.vlanId is"), "{error}");
}

#[test]
fn what_is_no_object_is_refused() {
    for body in [json!(null), json!([]), json!("x"), json!(1), json!(true)] {
        assert_eq!(refused::<Circuit>(&body).code, "InvalidRequestContent");
    }
    assert_eq!(body::parse(b"  ").unwrap(), Value::Null);
    assert_eq!(body::parse(b"\xef\xbb\xbf{}").unwrap(), json!({}));
    for bytes in [&b"{"[..], b"{}{}", b"\xff", &b"[".repeat(100_000)] {
        assert_eq!(body::parse(bytes).unwrap_err().code, "InvalidRequestContent");
    }
    assert!(body::read::<Circuit>(&json!({"properties": null})).is_ok());
}
