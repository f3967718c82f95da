//! Evidence from a service that runs: what was ordered, and what its edges say.
//!
//! Resources are read as a customer reads them, and handed to the import as exports are: one text a resource, named by
//! its id and etag. Tables of links are asked for link by link and come in the envelope that says what they are of,
//! named by the peering, the table and the time.

use anyhow::Context;
use client::{Client, Refused};
use design::Input;
use jiff::Timestamp;
use model::Design;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;
use ureq::http::Method;

/// Tables of a link: the action, and the key of the envelope that holds its rows.
const TABLES: [(&str, &str); 3] =
    [("arpTables", "arpTable"), ("routeTables", "routeTable"), ("routeTablesSummary", "routeTableSummary")];

/// How long an edge may take to answer.
pub(crate) const LONGEST: Duration = Duration::from_secs(15);

/// The paths of a circuit.
const PATHS: [&str; 2] = ["primary", "secondary"];

/// Reads the customer's resources and asks the edges. When the design names circuits, those; else all. Sessions that are
/// up for at least as long as `observed` count as up throughout.
///
/// # Errors
///
/// The service cannot be reached, or refuses a list. A table that no edge answers for is told, and its facts stay
/// unknown.
pub(crate) fn read(client: &Client, design: &Design, observed: Duration) -> anyhow::Result<Vec<Input>> {
    let subscription =
        client.subscription.clone().context("the credentials name no subscription; set TWINPATH_SUBSCRIPTION")?;
    let scope = format!("/subscriptions/{subscription}");
    let network = format!("{scope}/providers/Microsoft.Network");
    let mut inputs = vec![input(&scope, &client.get(&scope)?), input(&network, &client.get(&network)?)];
    let circuits = client.list(&format!("{network}/expressRouteCircuits"))?;
    let circuits: Vec<Value> = circuits.into_iter().filter(|circuit| is_asked(design, circuit)).collect();
    inputs.extend(circuits.iter().map(resource));
    for list in ["routeFilters", "virtualNetworks", "expressRoutePorts"] {
        inputs.extend(client.list(&format!("{network}/{list}"))?.iter().map(resource));
    }
    // Gateways and connections have no list of a whole subscription.
    for group in client.list(&format!("{scope}/resourcegroups"))? {
        let group = group["id"].as_str().context("a resource group without id")?;
        for list in ["virtualNetworkGateways", "connections"] {
            let path = format!("{group}/providers/Microsoft.Network/{list}");
            inputs.extend(client.list(&path)?.iter().map(resource));
        }
    }
    for circuit in &circuits {
        tables(client, circuit, observed, &mut inputs)?;
    }
    Ok(inputs)
}

/// Whether a circuit is one of the design; every circuit is when the design names none.
fn is_asked(design: &Design, circuit: &Value) -> bool {
    let text = |key: &str| circuit[key].as_str().unwrap_or_default();
    let named = |name: &str| name.eq_ignore_ascii_case(text("name"));
    let known = |circuit: &model::Circuit| circuit.id.statements().any(|id| id.value.eq_ignore_ascii_case(text("id")));
    design.circuits.is_empty() || design.circuits.iter().any(|(name, circuit)| named(name.as_str()) || known(circuit))
}

/// Asks the edges for the tables of every peering of a circuit.
fn tables(client: &Client, circuit: &Value, observed: Duration, inputs: &mut Vec<Input>) -> anyhow::Result<()> {
    for peering in circuit["properties"]["peerings"].as_array().into_iter().flatten() {
        let (Some(id), Some(kind)) = (peering["id"].as_str(), peering["name"].as_str()) else { continue };
        for path in PATHS {
            for (action, key) in TABLES {
                let asked = format!("{id}/{action}/{path}");
                let rows = match client.finish(&Method::POST, &asked, None, &format!("{kind} {path}: {action}")) {
                    Ok(mut answer) => match answer.get("properties") {
                        Some(_) => answer["properties"]["value"].take(),
                        None => answer["value"].take(),
                    },
                    Err(error) if error.is::<Refused>() => {
                        writeln!(anstream::stderr(), "{asked}: {error:#}; unknown")?;
                        continue;
                    }
                    Err(error) => return Err(error),
                };
                let envelope = json!({ "circuit": circuit["name"], "peering": kind, "path": path,
                    "observedSeconds": observed.as_secs(), key: rows });
                #[expect(clippy::disallowed_methods, reason = "the rim reads the clock")]
                let now = Timestamp::now().strftime("%FT%TZ");
                inputs.push(input(&format!("{asked} at {now}"), &envelope));
            }
        }
    }
    Ok(())
}

/// A resource as a text, named by its id and etag.
fn resource(resource: &Value) -> Input {
    let text = |key: &str| resource[key].as_str().unwrap_or_default();
    match text("etag") {
        "" => input(text("id"), resource),
        etag => input(&format!("{} etag {etag}", text("id")), resource),
    }
}

fn input(name: &str, value: &Value) -> Input {
    Input { name: name.to_owned(), text: format!("{value:#}\n").into() }
}
