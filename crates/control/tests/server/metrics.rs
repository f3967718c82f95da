//! `/metrics`: what was asked, how long it took, what was promised; for whoever watches, and without secrets.

use crate::client::Rig;

/// The value of a line that begins with a name and has all of the labels.
fn value(page: &str, name: &str, labels: &[&str]) -> Option<f64> {
    let line = page.lines().find(|line| line.starts_with(name) && labels.iter().all(|label| line.contains(label)))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[tokio::test]
async fn requests_operations_and_the_store_are_counted() {
    let rig = Rig::start().await;
    let customer = &rig.credentials.customer;
    let token = rig.token_for(&customer.client_id, &customer.client_secret).await;
    let subscription = &rig.credentials.subscription;
    let group = format!("/subscriptions/{subscription}/resourceGroups/rg?api-version=2024-03-01");
    let made = rig.ask("PUT", &group, &token, Some(r#"{"location":"westeurope"}"#)).await;
    assert!(made.status < 300, "{made:?}");
    let circuits =
        format!("/subscriptions/{subscription}/resourceGroups/rg/providers/Microsoft.Network/expressRouteCircuits");
    let circuit = format!("{circuits}/c1?api-version=2024-01-01");
    let order = r#"{"location":"westeurope","sku":{"tier":"Standard","family":"MeteredData"},"properties":{
        "serviceProviderProperties":{"serviceProviderName":"Equinix","peeringLocation":"Amsterdam","bandwidthInMbps":50}}}"#;
    assert_eq!(rig.ask("PUT", &circuit, &token, Some(order)).await.status, 201);
    for _ in 0..3 {
        assert_eq!(rig.ask("GET", &format!("{circuits}/none?api-version=2024-01-01"), &token, None).await.status, 404);
    }
    let page = rig.ask("GET", "/metrics", "", None).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").is_some_and(|kind| kind.contains("openmetrics-text")), "{}", page.head);
    let page = page.text;
    let requests = |route: &str, status: &str| {
        let labels = [format!("route=\"{route}\""), format!("status=\"{status}\"")];
        value(&page, "twinpath_requests_total", &labels.each_ref().map(String::as_str))
    };
    assert_eq!(requests("ExpressRouteCircuits_Get", "404"), Some(3.0), "{page}");
    assert_eq!(requests("ExpressRouteCircuits_CreateOrUpdate", "201"), Some(1.0), "{page}");
    let timed = value(&page, "twinpath_request_duration_seconds_count", &["route=\"ExpressRouteCircuits_Get\""]);
    assert_eq!(timed, Some(3.0), "{page}");
    assert!(
        value(&page, "twinpath_store_duration_seconds_count", &["call=\"commit\""]).is_some_and(|count| count >= 2.0)
    );
    assert!(value(&page, "twinpath_operations_begun_total", &["kind="]).is_some_and(|count| count >= 1.0), "{page}");
    assert!(page.trim_end().ends_with("# EOF"));
    assert!(!page.contains(&customer.client_secret) && !page.contains(&token));
    rig.stop().await;
}
