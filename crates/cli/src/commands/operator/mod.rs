//! `twinpath operator`: what Microsoft does, done by whoever runs the service.

mod accounts;
mod gateways;
pub(crate) mod show;

use crate::Outcome;
use crate::args::Operator;
use crate::args::service::{Mode, OnOff, OperatorCommand, Prefixes, UpDown, Verdict, When};
use client::{Client, Who};
use serde_json::{Map, Value, json};
use show::{Page, text};
use ureq::http::Method;

/// Does what is asked of the operator.
pub(crate) fn run(args: &Operator) -> anyhow::Result<Outcome> {
    let client = Client::open(&args.at.at(), Who::Operator)?;
    let page = Page { json: args.at.json };
    match &args.command {
        OperatorCommand::Circuits => circuits(&client, page)?,
        OperatorCommand::Edges => page.edges(&client.list("/operator/v1/edges")?)?,
        OperatorCommand::Gateways { place: Some(id), underlay, .. } => {
            let body = json!({ "id": id, "underlay": underlay });
            let placed = client.send(&Method::PUT, "/operator/v1/gateways", Some(&body))?.body;
            page.either(&placed, std::slice::from_ref(&placed), &["Gateway", "Address"], |row| {
                vec![text(&row["id"]), text(&row["underlay"])]
            })?;
        }
        OperatorCommand::Gateways { config: Some(name), namespace: Some(namespace), .. } => {
            gateways::configuration(&client.list("/operator/v1/gateways")?, name, namespace)?;
        }
        OperatorCommand::Gateways { .. } => gateways::list(&client.list("/operator/v1/gateways")?, page)?,
        OperatorCommand::Prefix { verdict } => prefixes(&client, page, verdict)?,
        OperatorCommand::Maintenance { edge, when } => {
            order(&client, page, edge, "maintenance", &json!({ "drain": *when == When::Start }))?;
        }
        OperatorCommand::Port { edge, state } => {
            order(&client, page, edge, "port", &json!({ "down": *state == UpDown::Down }))?;
        }
        OperatorCommand::Delays { mode, seconds } => delays(&client, page, *mode, *seconds)?,
        OperatorCommand::Quirks { name: Some(name), switch } => {
            let body = json!({ "on": *switch == Some(OnOff::On) });
            let quirk = client.send(&Method::PUT, &format!("/operator/v1/quirks/{name}"), Some(&body))?.body;
            page.quirks(&[quirk])?;
        }
        OperatorCommand::Quirks { name: None, .. } => page.quirks(&client.list("/operator/v1/quirks")?)?,
        OperatorCommand::Tenant { command } => accounts::tenant(&client, page, command)?,
        OperatorCommand::Subscription { command } => accounts::subscription(&client, page, command)?,
        OperatorCommand::Principal { command } => accounts::principal(&client, page, command)?,
        OperatorCommand::Provider { command } => accounts::provider(&client, page, command)?,
        OperatorCommand::Audit { resource, top } => audit(&client, page, resource.as_deref(), *top)?,
    }
    Ok(Outcome::Ready)
}

fn circuits(client: &Client, page: Page) -> anyhow::Result<()> {
    let circuits = client.list("/operator/v1/circuits")?;
    let heading = ["Circuit", "Service key", "Provider", "Location", "Mbit/s", "Provider state", "Peerings"];
    page.table(&circuits, &heading, |circuit| {
        let peerings = circuit["peerings"].as_array().into_iter().flatten().filter_map(Value::as_str);
        vec![
            text(&circuit["id"]).rsplit('/').next().unwrap_or_default().to_owned(),
            text(&circuit["serviceKey"]),
            text(&circuit["provider"]),
            text(&circuit["peeringLocation"]),
            text(&circuit["bandwidthInMbps"]),
            text(&circuit["serviceProviderProvisioningState"]),
            peerings.collect::<Vec<_>>().join(", "),
        ]
    })
}

/// Says what is thought of prefixes.
fn prefixes(client: &Client, page: Page, verdict: &Verdict) -> anyhow::Result<()> {
    let (Prefixes { service_key, prefixes }, word) = match verdict {
        Verdict::Validate(prefixes) => (prefixes, json!("validated")),
        Verdict::Question(prefixes) => (prefixes, json!("questioned")),
        Verdict::Clear(prefixes) => (prefixes, Value::Null),
    };
    let verdicts: Map<String, Value> = prefixes.iter().map(|prefix| (prefix.clone(), word.clone())).collect();
    let path = format!("/operator/v1/circuits/{service_key}/prefixes");
    let answer = client.send(&Method::PUT, &path, Some(&json!({ "verdicts": verdicts })))?.body;
    let verdicts = answer["verdicts"].as_object().cloned().unwrap_or_default();
    let rows: Vec<Value> = verdicts.iter().map(|(prefix, verdict)| json!([prefix, verdict])).collect();
    page.either(&answer, &rows, &["Prefix", "Verdict"], |row| vec![text(&row[0]), text(&row[1])])
}

/// Orders something of an edge.
fn order(client: &Client, page: Page, edge: &str, what: &str, body: &Value) -> anyhow::Result<()> {
    let edge = client.send(&Method::PUT, &format!("/operator/v1/edges/{edge}/{what}"), Some(body))?.body;
    page.edges(&[edge])
}

fn delays(client: &Client, page: Page, mode: Option<Mode>, seconds: Option<u32>) -> anyhow::Result<()> {
    let path = "/operator/v1/delays";
    let delays = match mode {
        None => client.get(path)?,
        Some(mode) => {
            let mode = match mode {
                Mode::Instant => "instant",
                Mode::Realistic => "realistic",
                Mode::Fixed => "fixed",
            };
            let mut body = json!({ "mode": mode });
            if let Some(seconds) = seconds {
                body["seconds"] = json!(seconds);
            }
            client.send(&Method::PUT, path, Some(&body))?.body
        }
    };
    page.either(&delays, std::slice::from_ref(&delays), &["Delays", "Seconds"], |row| {
        vec![text(&row["mode"]), text(&row["seconds"])]
    })
}

fn audit(client: &Client, page: Page, resource: Option<&str>, top: u32) -> anyhow::Result<()> {
    let mut path = format!("/operator/v1/audit?top={top}");
    if let Some(resource) = resource {
        path = format!("{path}&resource={}", show::escaped(resource));
    }
    // One page is what was asked for.
    let entries = client.get(&path)?["value"].as_array().cloned().unwrap_or_default();
    page.table(&entries, &["When", "Who", "What", "Resource"], |entry| {
        let what = match (entry["before"].is_null(), entry["after"].is_null()) {
            (true, false) => "made",
            (false, true) => "deleted",
            _ => "changed",
        };
        vec![text(&entry["at"]), text(&entry["who"]), what.to_owned(), text(&entry["resource"])]
    })
}
