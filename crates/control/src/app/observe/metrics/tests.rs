//! Metrics as a client asks for them.

use crate::rig::{Rig, network};
use edge_api::{DomainReport, Family, SessionReport, SessionState, Side};
use serde_json::json;
use std::time::Duration;

/// A circuit whose edges reported for ten minutes: the secondary went down after five.
async fn reported() -> (Rig, String) {
    let rig = Rig::new().await;
    let path = rig.circuit("c1").await;
    rig.provision(&path, "Provisioned").await.is(200);
    let peering = json!({ "properties": {
        "peerASN": 65010, "vlanId": 100,
        "primaryPeerAddressPrefix": "10.0.0.0/30", "secondaryPeerAddressPrefix": "10.0.0.4/30",
    } });
    rig.put_to(&format!("{path}/peerings/AzurePrivatePeering"), peering).await.is(201);
    let key = format!("{path}/peerings/azureprivatepeering").to_lowercase();
    for minute in 0..10_u64 {
        let at = rig.now + jiff::SignedDuration::from_mins(i64::try_from(minute).unwrap() - 10);
        for (side, name) in [(Side::Primary, "primary"), (Side::Secondary, "secondary")] {
            let up = side == Side::Primary || minute < 5;
            let session = SessionReport {
                family: Family::Ipv4,
                state: if up { SessionState::Established } else { SessionState::Active },
                since_seconds: None,
                received: 3,
                sent: 1,
                last_error: None,
                bfd_up: None,
                bytes_in: minute * 6000,
                bytes_out: 0,
            };
            let report = DomainReport {
                key: key.clone(),
                revision: 1,
                side,
                refused: None,
                sessions: vec![session],
                counters: None,
            };
            let rows = [(format!("{key}/{name}"), serde_json::to_value(report).unwrap())];
            rig.store.sample(at, &rows, Duration::from_secs(86_400)).await.unwrap();
        }
    }
    (rig, path)
}

fn url(path: &str, query: &str) -> String {
    format!("{path}/providers/Microsoft.Insights/metrics?timespan=2026-06-01T11:50:00Z/2026-06-01T12:00:00Z&{query}")
}

#[tokio::test]
async fn availability_is_what_both_edges_reported_and_splits_by_peer() {
    let (rig, path) = reported().await;
    let whole =
        rig.get(&url(&path, "metricnames=BgpAvailability&interval=PT5M&aggregation=Average,count")).await.is(200);
    let series = &whole.body["value"][0]["timeseries"];
    assert_eq!(series[0]["metadatavalues"], json!([]));
    let points = json!([
        { "timeStamp": "2026-06-01T11:50:00Z", "average": 100.0, "count": 10.0 },
        { "timeStamp": "2026-06-01T11:55:00Z", "average": 50.0, "count": 10.0 },
    ]);
    assert_eq!(series[0]["data"], points);
    let split = rig.get(&url(&path, "metricnames=BgpAvailability&interval=PT5M&$filter=Peer eq '*'")).await.is(200);
    let series = split.body["value"][0]["timeseries"].as_array().unwrap();
    assert_eq!(series.len(), 2);
    assert_eq!(series[1]["metadatavalues"][0]["value"], "Secondary");
    assert_eq!(series[1]["data"][1], json!({ "timeStamp": "2026-06-01T11:55:00Z", "average": 0.0 }));
    let none = rig.get(&url(&path, "metricnames=BgpAvailability&$filter=PeeringType eq 'Microsoft'")).await.is(200);
    assert_eq!(none.body["value"][0]["timeseries"], json!([]));
}

#[tokio::test]
async fn rates_follow_from_counters_and_what_nobody_counts_is_empty() {
    let (rig, path) = reported().await;
    let rates = rig.get(&url(&path, "metricnames=BitsInPerSecond,FastPathRoutesCountForCircuit")).await.is(200);
    let data = &rates.body["value"][0]["timeseries"][0]["data"];
    assert_eq!(data[0], json!({ "timeStamp": "2026-06-01T11:50:00Z" }), "before the first report nothing is known");
    assert_eq!(data[1]["average"], 800.0);
    assert_eq!(rates.body["value"][1]["timeseries"], json!([]));
    assert_eq!(rates.body["interval"], "PT1M");
    assert_eq!(rates.body["resourceregion"], "westeurope");
    let of_peering = rig.get(&url(&format!("{path}/peerings/AzurePrivatePeering"), "")).await.is(200);
    assert_eq!(of_peering.body["value"][0]["timeseries"][0]["data"][1]["average"], 800.0);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_what_can() {
    let (rig, path) = reported().await;
    for wrong in ["metricnames=Bits", "interval=PT2M", "aggregation=median", "$filter=Link eq '*'", "top=0"] {
        rig.get(&url(&path, wrong)).await.refused("BadRequest");
    }
    let years =
        format!("{path}/providers/Microsoft.Insights/metrics?timespan=2000-01-01T00:00:00Z/2026-01-01T00:00:00Z");
    rig.get(&years).await.refused("BadRequest");
    rig.get(&url(&network("expressRouteCircuits/none"), "")).await.refused("ResourceNotFound");
    let listed = rig.get(&format!("{path}/providers/Microsoft.Insights/metricDefinitions")).await.is(200);
    let names: Vec<&str> =
        listed.body["value"].as_array().unwrap().iter().map(|one| one["name"]["value"].as_str().unwrap()).collect();
    assert!(names.contains(&"BgpAvailability") && names.contains(&"QosDropBitsInPerSecond"), "{names:?}");
}
