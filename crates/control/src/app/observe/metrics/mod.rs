//! `Microsoft.Insights/metrics`: the metrics of circuits, peerings, port pairs, gateways and connections (spec 06, 7).
//!
//! The store keeps one report of each edge and peering a minute for 31 days ([`crate::server`]). A request reads the
//! reports of its time ([`gather`]), makes readings of them, and puts these together as it asks ([`query`]).

mod definition;
mod gather;
mod query;
#[cfg(test)]
mod tests;

use self::definition::Metric;
use self::gather::Link;
use self::query::{Asked, INTERVALS};
use crate::app::network::{connection, gateway};
use crate::app::{Handled, Route, circuit, port, route, row};
use crate::{Answer, Call, Tx};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use store::Resource;

pub(in crate::app) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/providers/Microsoft.Insights/metrics"
        Metrics_List Read => metrics),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/providers/Microsoft.Insights/metricDefinitions"
        MetricDefinitions_List Read => definitions),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/providers/Microsoft.Insights/metrics"
        Metrics_List Read => metrics),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRouteCircuits/{circuitName}/peerings/{peeringName}/providers/Microsoft.Insights/metricDefinitions"
        MetricDefinitions_List Read => definitions),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/providers/Microsoft.Insights/metrics"
        Metrics_List Read => metrics),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/expressRoutePorts/{expressRoutePortName}/providers/Microsoft.Insights/metricDefinitions"
        MetricDefinitions_List Read => definitions),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/providers/Microsoft.Insights/metrics"
        Metrics_List Read => metrics),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/virtualNetworkGateways/{virtualNetworkGatewayName}/providers/Microsoft.Insights/metricDefinitions"
        MetricDefinitions_List Read => definitions),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections/{virtualNetworkGatewayConnectionName}/providers/Microsoft.Insights/metrics"
        Metrics_List Read => metrics),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Network/connections/{virtualNetworkGatewayConnectionName}/providers/Microsoft.Insights/metricDefinitions"
        MetricDefinitions_List Read => definitions),
];

/// The metrics of a resource's type.
fn all(of: &Resource) -> &'static [Metric] {
    match of.kind.as_str() {
        circuit::KIND => definition::CIRCUIT,
        port::KIND => definition::PORT,
        gateway::KIND => definition::GATEWAY,
        connection::KIND => definition::CONNECTION,
        _ => definition::PEERING,
    }
}

/// Readings, by the number of the point that they are in.
type Points = BTreeMap<i64, Vec<f64>>;

/// The type of a resource, as it is written.
fn namespace(call: &Call) -> String {
    call.id.kind().to_owned()
}

async fn definitions(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let of = row::found(tx, &call.id).await?;
    let grains: Vec<Value> =
        INTERVALS.iter().map(|(grain, _)| json!({ "timeGrain": grain, "retention": "P31D" })).collect();
    let supported: Vec<String> = definition::Aggregation::ALL.iter().map(|one| format!("{one:?}")).collect();
    let item = |metric: &Metric| {
        json!({
            "id": format!("{}/providers/Microsoft.Insights/metricDefinitions/{}", of.id, metric.name),
            "resourceId": of.id,
            "namespace": namespace(call),
            "category": metric.category,
            "name": localized(metric.name, metric.shown),
            "displayDescription": metric.shown,
            "isDimensionRequired": false,
            "unit": metric.unit,
            "primaryAggregationType": format!("{:?}", metric.primary),
            "supportedAggregationTypes": supported,
            "metricAvailabilities": grains,
            "dimensions": metric.dimensions.iter().map(|name| localized(name, name)).collect::<Vec<_>>(),
        })
    };
    Ok(Answer::List { items: all(&of).iter().map(item).collect(), next: None })
}

async fn metrics(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let of = row::found(tx, &call.id).await?;
    let asked = query::asked(call, all(&of), tx.now)?;
    let links = gather::links(tx, &of, asked.from, asked.to).await?;
    let root = row::existing(tx, &call.id).await?;
    let item = |metric: &&Metric| {
        json!({
            "id": format!("{}/providers/Microsoft.Insights/metrics/{}", of.id, metric.name),
            "type": "Microsoft.Insights/metrics",
            "name": localized(metric.name, metric.shown),
            "displayDescription": metric.shown,
            "unit": metric.unit,
            "timeseries": series(metric, &links, &asked),
            "errorCode": "Success",
        })
    };
    Ok(Answer::Ok(json!({
        "cost": 0,
        "timespan": format!("{:.0}/{:.0}", asked.from, asked.to),
        "interval": asked.interval,
        "namespace": namespace(call),
        "resourceregion": root.document["location"],
        "value": asked.metrics.iter().map(item).collect::<Vec<_>>(),
    })))
}

fn localized(name: &str, shown: &str) -> Value {
    json!({ "value": name, "localizedValue": shown })
}

/// The series of a metric: one, or one for each value of the dimensions by which it is split. Without any reading there
/// is none.
fn series(metric: &Metric, links: &[Link], asked: &Asked) -> Vec<Value> {
    let mut split: BTreeMap<Vec<(&str, &str)>, Points> = BTreeMap::new();
    for link in links {
        // A link that has no name in a dimension is in none of its series.
        let values = asked.filter.iter().map(|(name, wanted)| {
            let value = link.named.get(name).map(String::as_str)?;
            (wanted.is_empty() || wanted.iter().any(|one| one.eq_ignore_ascii_case(value))).then_some((*name, value))
        });
        let Some(values) = values.collect::<Option<Vec<_>>>() else { continue };
        for (at, value) in link.readings(metric.reads, asked.from) {
            split.entry(values.clone()).or_default().entry(point(at, asked)).or_default().push(value);
        }
    }
    let series = split.into_iter().take(asked.top).map(|(values, points)| {
        let name = |(name, value): &(&str, &str)| {
            let name = name.to_lowercase();
            json!({ "name": localized(&name, &name), "value": value })
        };
        let data = if asked.bare { Vec::new() } else { data(&points, asked) };
        json!({ "metadatavalues": values.iter().map(name).collect::<Vec<_>>(), "data": data })
    });
    series.collect()
}

/// The number of the point that a time is in.
fn point(at: Timestamp, asked: &Asked) -> i64 {
    (at.as_second() - asked.from.as_second()).div_euclid(asked.grain.as_secs())
}

/// All points of a time; one without readings says when it is, and no value.
fn data(points: &Points, asked: &Asked) -> Vec<Value> {
    let length = asked.to.as_second() - asked.from.as_second();
    let count = length.div_euclid(asked.grain.as_secs()) + i64::from(length % asked.grain.as_secs() != 0);
    let point = |number: i64| {
        let mut point = Map::new();
        let at = asked.from.as_second() + number * asked.grain.as_secs();
        point.insert(
            "timeStamp".to_owned(),
            json!(Timestamp::from_second(at).map(|at| at.to_string()).unwrap_or_default()),
        );
        if let Some(values) = points.get(&number) {
            for aggregation in &asked.aggregations {
                point.insert(aggregation.field().to_owned(), json!(aggregation.of(values)));
            }
        }
        Value::Object(point)
    };
    (0..count).map(point).collect()
}
