//! What `twinpath serve --demo` leaves in a service: a circuit half way, and lines to paste that take it further.
//!
//! It is ordered through the API as a customer would, so that the demo shows nothing but what the service does. A second
//! start finds what the first one made.

use crate::args::Instance;
use anyhow::Context;
use client::{Client, Refused, Who};
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;
use ureq::http::Method;

/// The resource group and the circuit of the demo.
const GROUP: &str = "demo";
const CIRCUIT: &str = "contoso-ams";

/// The design of the demo's firm: what the circuit is for.
const DESIGN: &str = include_str!("seed.design.yaml");

/// Orders the circuit, unless it is there, and gives what to print.
///
/// # Errors
///
/// The service refuses, or does not answer.
pub(crate) fn run(data: &Path, base: &str) -> anyhow::Result<String> {
    let at = Instance { data: Some(data.to_owned()), url: Some(base.to_owned()), json: false };
    let client = Client::open(&at.at(), Who::Customer)?;
    let subscription = client.subscription.clone().context("the credentials name no subscription")?;
    let group = format!("/subscriptions/{subscription}/resourcegroups/{GROUP}");
    client.send(&Method::PUT, &group, Some(&json!({ "location": "westeurope" })))?;
    let path = format!(
        "/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network/expressRouteCircuits/{CIRCUIT}"
    );
    let circuit = match client.get(&path) {
        Ok(circuit) => circuit,
        Err(error) if error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == 404) => {
            client.finish(&Method::PUT, &path, Some(&order()), "ordering the circuit")?
        }
        Err(error) => return Err(error),
    };
    let design = data.join("contoso.design.yaml");
    if !design.exists() {
        std::fs::write(&design, DESIGN).with_context(|| design.display().to_string())?;
    }
    let key = circuit["properties"]["serviceKey"].as_str().context("the circuit has no service key")?;
    Ok(page(data, base, key, &circuit["properties"], &design)?)
}

fn order() -> Value {
    json!({
        "location": "westeurope",
        "tags": { "demo": "twinpath" },
        "sku": { "name": "Premium_MeteredData", "tier": "Premium", "family": "MeteredData" },
        "properties": {
            "serviceProviderProperties": {
                "serviceProviderName": "Equinix", "peeringLocation": "Amsterdam", "bandwidthInMbps": 1000,
            },
        },
    })
}

/// Where the circuit stands, and the lines that take it further; each works as it stands.
fn page(data: &Path, base: &str, key: &str, circuit: &Value, design: &Path) -> Result<String, std::fmt::Error> {
    let state = circuit["serviceProviderProvisioningState"].as_str().unwrap_or("unknown");
    let (quoted, design) = (super::login::quoted(data), super::login::quoted(design));
    let mut page = String::new();
    writeln!(page, "  demo     circuit {CIRCUIT}: Equinix, Amsterdam, 1 Gbps, {state}\n")?;
    let lines = [
        ("the carrier hands it over", format!("twinpath provider provision {key} --data {quoted}")),
        (
            "a private peering",
            format!(
                "twinpath provider peering set {key} private --vlan 100 --asn 65010 --primary 192.168.15.16/30 \
                 --secondary 192.168.15.20/30 --data {quoted}"
            ),
        ),
        ("who sees what", format!("twinpath operator circuits --data {quoted}")),
        ("are we ready?", format!("twinpath check {design} --live {base} --data {quoted}")),
    ];
    for (what, line) in lines {
        writeln!(page, "  # {what}\n  {line}")?;
    }
    writeln!(page)?;
    Ok(page)
}
