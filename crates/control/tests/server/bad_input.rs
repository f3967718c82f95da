//! Input of any shape gets an error in the shape of ARM, 4xx, never 5xx.

use crate::client::{Answer, Rig, read, request};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

fn assert_refused(answer: &Answer, status: u16, what: &str) {
    assert_eq!(answer.status, status, "{what}: {answer:?}");
    assert!(!answer.code().is_empty(), "{what}: {answer:?}");
    assert!(answer.header("x-ms-request-id").is_some(), "{what}: {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_and_paths_of_any_shape_are_refused_in_the_shape_of_arm() {
    let rig = Rig::start().await;
    let (token, subscription) = (rig.customer().await, rig.credentials.subscription.clone());
    let group = format!("/subscriptions/{subscription}/resourcegroups/rg?api-version=2024-11-01");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nul = "{\"location\":\"west\\u0000us\"}";
    for body in [
        "{",
        "[]",
        "1",
        "\"x\"",
        "{\"location\":1e999}",
        "{\"location\":{}}",
        "\u{0}",
        "{\"a\":\"\\ud800\"}",
        nul,
        &deep,
    ] {
        let answer = rig.ask("PUT", &group, &token, Some(body)).await;
        assert_refused(&answer, 400, &body.chars().take(40).collect::<String>());
    }
    for kind in
        ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
    {
        let answer = rig.raw(request("PUT", &group, &token, kind, Some("{}")).as_bytes()).await;
        assert_refused(&answer, 415, kind);
    }
    for path in [
        "/subscriptions/../../etc/passwd?api-version=2024-01-01",
        "/subscriptions/%2e%2e/x?api-version=2024-01-01",
        "/subscriptions/a%2fb?api-version=2024-01-01",
        "/subscriptions/%00?api-version=2024-01-01",
        "/subscriptions/%ff%fe?api-version=2024-01-01",
        "/subscriptions/%c4%b0?api-version=2024-01-01",
        "/subscriptions?api-version=2024-01-01&$skipToken=%00",
        "/subscriptions?api-version=yesterday",
        "/subscriptions",
    ] {
        assert_refused(&rig.ask("GET", path, &token, None).await, 400, path);
    }
    let long = format!("/subscriptions/{}?api-version=2024-01-01", "x".repeat(5000));
    assert_refused(&rig.ask("GET", &long, &token, None).await, 400, "a long path");
    assert_refused(&rig.ask("GET", "/nothing?api-version=2024-01-01", &token, None).await, 404, "no such path");
    assert_refused(&rig.ask("BREW", "/subscriptions?api-version=2024-01-01", &token, None).await, 405, "no such verb");
    // A base address that ends in a slash.
    let doubled = rig.ask("GET", "//metadata/endpoints?api-version=2022-09-01", "", None).await;
    assert_eq!((doubled.status, doubled.json()["resourceManager"].as_str()), (200, Some(rig.base.as_str())));
    // The service still works.
    let made = rig.ask("PUT", &group, &token, Some("{\"location\":\"westeurope\"}")).await;
    assert!(made.status < 300, "{made:?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_of_50_mb_is_refused_and_the_client_reads_why() {
    let rig = Rig::start().await;
    let token = rig.customer().await;
    let group = format!("/subscriptions/{}/resourcegroups/rg?api-version=2024-11-01", rig.credentials.subscription);
    let body = "x".repeat(50 << 20);
    assert_refused(&rig.ask("PUT", &group, &token, Some(&body)).await, 413, "50 MB");
    assert_refused(&rig.ask("PUT", &group, "", Some(&body)).await, 401, "50 MB of nobody");
    // It is refused by what it says it is, before it comes; what says nothing, when it is too much.
    let head = format!("PUT {group} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n");
    let said = format!("{head}Content-Length: 52428800\r\n\r\n{{");
    assert_refused(&rig.raw(said.as_bytes()).await, 413, "50 MB to come");
    let chunk = format!("100000\r\n{}\r\n", " ".repeat(1 << 20));
    let chunks = format!("{head}Transfer-Encoding: chunked\r\n\r\n{}", chunk.repeat(5));
    assert_refused(&rig.raw(chunks.as_bytes()).await, 413, "chunks without end");
    let both = format!("{head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n");
    let answer = rig.raw(both.as_bytes()).await;
    assert!((200..500).contains(&answer.status), "a length and chunks: {answer:?}");
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_one_wins_and_a_stale_tag_is_told() {
    let rig = Rig::start().await;
    let token = rig.customer().await;
    let group = format!("/subscriptions/{}/resourceGroups/rg", rig.credentials.subscription);
    let address = format!("{group}?api-version=2024-11-01");
    let made = rig.ask("PUT", &address, &token, Some("{\"location\":\"westeurope\"}")).await;
    assert!(made.status < 300, "{made:?}");
    let path = format!("{group}/providers/Microsoft.Network/virtualNetworks/net?api-version=2024-05-01");
    let body = |last: u8| {
        let space = serde_json::json!({ "addressPrefixes": [format!("10.{last}.0.0/16")] });
        serde_json::json!({ "location": "westeurope", "properties": { "addressSpace": space } }).to_string()
    };
    let put = |body: String, tag: String| {
        let length = body.len();
        let text = format!(
            "PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nIf-Match: {tag}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let rig = &rig;
        async move { rig.raw(text.as_bytes()).await }
    };
    assert_refused(&put(body(0), "*".to_owned()).await, 412, "a tag, and nothing there");
    let first = rig.ask("PUT", &path, &token, Some(&body(0))).await;
    assert_eq!(first.status, 201, "{first:?}");
    // The operation that goes on after the answer gives the resource another tag.
    let settled = |old: String| {
        let (rig, path, token) = (&rig, &path, &token);
        async move {
            let waited = tokio::time::timeout(Duration::from_secs(20), async {
                loop {
                    let json = rig.ask("GET", path, token, None).await.json();
                    if json["properties"]["provisioningState"] == "Succeeded" && json["etag"] != old.as_str() {
                        return json["etag"].as_str().unwrap().to_owned();
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            });
            waited.await.expect("the network is made within 20 s")
        }
    };
    let tag = settled(String::new()).await;
    for stale in ["W/\"00000000-0000-0000-0000-000000000000\"", "x", "\"", ""] {
        assert_refused(&put(body(1), stale.to_owned()).await, 412, stale);
    }
    let (one, two) = tokio::join!(put(body(1), tag.clone()), put(body(2), tag.clone()));
    let mut answers = [one, two];
    answers.sort_by_key(|answer| answer.status);
    assert_eq!(answers[0].status, 200, "{answers:?}");
    assert!([409, 412, 429].contains(&answers[1].status), "{answers:?}");
    assert_refused(&answers[1], answers[1].status, "the second");
    // Sixteen at once, without tags: each is answered, none with a fault of the service.
    settled(tag).await;
    let rig = Arc::new(rig);
    let mut writers = JoinSet::new();
    for last in 3..19 {
        let (rig, path, token, body) = (rig.clone(), path.clone(), token.clone(), body(last));
        writers.spawn(async move { rig.ask("PUT", &path, &token, Some(&body)).await });
    }
    while let Some(answer) = writers.join_next().await {
        let answer = answer.unwrap();
        assert!(answer.status == 200 || [409, 412, 429].contains(&answer.status), "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_that_do_not_end_starve_nobody() {
    let rig = Rig::start().await;
    let token = rig.customer().await;
    let mut waiting = Vec::new();
    // Each has said that a body comes, and waits.
    let group = format!("/subscriptions/{}/resourcegroups/rg?api-version=2024-11-01", rig.credentials.subscription);
    let head = format!(
        "PUT {group} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Length: 9\r\n\r\n{{"
    );
    for _ in 0..1000 {
        let mut stream = rig.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        waiting.push(stream);
    }
    let asked = rig.ask("GET", "/subscriptions?api-version=2022-12-01", &token, None);
    let answer =
        tokio::time::timeout(Duration::from_secs(10), asked).await.expect("an answer beside a thousand that wait");
    assert_eq!(answer.status, 200, "{answer:?}");
    let health = rig.ask("GET", "/readyz", "", None).await;
    assert_eq!(health.status, 200, "{health:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_and_no_tls_ends_the_connection_and_nothing_else() {
    let rig = Rig::start().await;
    let mut plain = tokio::net::TcpStream::connect(rig.address).await.unwrap();
    plain.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(Duration::from_secs(10), plain.read_to_end(&mut rest)).await.unwrap();
    let mut stream = rig.connect().await;
    stream.write_all(b"\x00\x01\x02 nonsense\r\n\r\n").await.unwrap();
    let answer = read(&mut stream).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(rig.ask("GET", "/healthz", "", None).await.status, 200);
    rig.stop().await;
}
