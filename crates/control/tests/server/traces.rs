//! What a collector of OpenTelemetry is told of a request and of the operation that it promised.

use crate::client::{Rig, request};
use control::trace::Traces;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A collector, and the messages it gets.
fn collector() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, (tell, told)) = (format!("http://{}", listener.local_addr().unwrap()), channel());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut stream, tell) = (stream.unwrap(), tell.clone());
            std::thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                loop {
                    let (mut head, mut length) = (String::new(), 0);
                    while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
                    for line in head.to_lowercase().lines() {
                        length = line.strip_prefix("content-length: ").map_or(length, |text| text.parse().unwrap());
                    }
                    if head.is_empty() {
                        return;
                    }
                    assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
                    assert!(head.to_lowercase().contains("content-type: application/json"), "{head}");
                    let mut body = vec![0; length];
                    reader.read_exact(&mut body).unwrap();
                    _ = tell.send(serde_json::from_slice(&body).unwrap());
                    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").unwrap();
                }
            });
        }
    });
    (address, told)
}

/// An attribute of a span.
fn attribute<'s>(span: &'s Value, key: &str) -> &'s str {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == key).map(|attribute| &attribute["value"]);
    found.and_then(|value| value["stringValue"].as_str().or(value["intValue"].as_str())).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_and_its_operation_are_told() {
    let (address, told) = collector();
    let traces = Traces::to(&address).unwrap();
    let rig = Rig::start_with(Vec::new(), traces.clone()).await;
    let account = rig.credentials.customer.clone();
    let token = rig.customer().await;
    let group = format!("/subscriptions/{}/resourceGroups/rg", rig.credentials.subscription);
    let location = Some(r#"{"location":"westeurope"}"#);
    rig.ask("PUT", &format!("{group}?api-version=2024-03-01"), &token, location).await;
    let circuit = format!("{group}/providers/Microsoft.Network/expressRouteCircuits/c1?api-version=2024-01-01");
    let order = r#"{"location":"westeurope","sku":{"tier":"Standard","family":"MeteredData"},"properties":{
        "serviceProviderProperties":{"serviceProviderName":"Equinix","peeringLocation":"Amsterdam","bandwidthInMbps":50}}}"#;
    let asked = request("PUT", &circuit, &token, "application/json", Some(order));
    let parent = "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n";
    let answer = rig.raw(asked.replacen("\r\n\r\n", &format!("\r\n{parent}\r\n"), 1).as_bytes()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    // Who called says that nothing is to be kept of this one.
    let asked = request("GET", &circuit, &token, "application/json", None);
    let unsampled = parent.replace("-01", "-00").replace("4bf9", "0000");
    rig.raw(asked.replacen("\r\n\r\n", &format!("\r\n{unsampled}\r\n"), 1).as_bytes()).await;
    let get = rig.ask("GET", &circuit, &token, None).await;
    let number = get.header("x-ms-request-id").unwrap().replace('-', "");

    let (mut spans, mut said): (Vec<Value>, String) = Default::default();
    let is_whole = |spans: &[Value]| {
        spans.iter().any(|span| span["name"] == "put-circuit finish")
            && spans.iter().any(|span| span["name"] == "ExpressRouteCircuits_Get")
    };
    while !is_whole(&spans) {
        let message = told.recv_timeout(Duration::from_secs(30)).unwrap();
        said += &message.to_string();
        let resource = &message["resourceSpans"][0];
        assert_eq!(resource["resource"]["attributes"][0]["value"]["stringValue"], "twinpath");
        spans.extend(resource["scopeSpans"][0]["spans"].as_array().unwrap().iter().cloned());
    }
    let find = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap();
    let put = find("ExpressRouteCircuits_CreateOrUpdate");
    assert_eq!(put["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!((&put["parentSpanId"], &put["kind"]), (&"00f067aa0ba902b7".into(), &2.into()));
    assert_eq!((attribute(put, "http.response.status_code"), attribute(put, "http.request.method")), ("201", "PUT"));
    let time = |span: &Value, key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
    let commit =
        spans.iter().find(|span| span["name"] == "store commit" && span["parentSpanId"] == put["spanId"]).unwrap();
    assert_eq!(commit["traceId"], put["traceId"]);
    assert!(time(put, "startTimeUnixNano") <= time(commit, "startTimeUnixNano"));
    assert!(time(commit, "endTimeUnixNano") <= time(put, "endTimeUnixNano"));

    let step = find("put-circuit finish");
    assert_eq!(step["traceId"].as_str().unwrap(), attribute(commit, "twinpath.operation").replace('-', ""));
    assert!(step.get("parentSpanId").is_none());
    let gets: Vec<&Value> = spans.iter().filter(|span| span["name"] == "ExpressRouteCircuits_Get").collect();
    assert_eq!(gets.len(), 1, "one was not to be kept");
    assert_eq!(gets[0]["traceId"], number);
    assert!(!said.contains(&account.client_secret) && !said.contains(&token));
    traces.flush(Duration::from_secs(5));
    rig.stop().await;
}

#[tokio::test]
async fn a_collector_that_is_away_harms_nobody() {
    // Nothing listens at a port that was given back.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let traces = Traces::to(&format!("http://127.0.0.1:{port}")).unwrap();
    let rig = Rig::start_with(Vec::new(), traces.clone()).await;
    let token = rig.customer().await;
    assert_eq!(rig.ask("GET", "/subscriptions?api-version=2022-12-01", &token, None).await.status, 200);
    traces.flush(Duration::from_secs(5));
    rig.stop().await;
    for bad in ["", "localhost:4318", "ftp://localhost", "http://"] {
        assert!(Traces::to(bad).is_err(), "{bad}");
    }
}
