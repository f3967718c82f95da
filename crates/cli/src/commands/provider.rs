//! `twinpath provider`: plays the carrier over the cross connection API (spec 07, 9).

use super::operator::show::{Page, escaped, text};
use crate::Outcome;
use crate::args::Provider;
use crate::args::service::{Kind, PeeringCommand, ProviderCommand, SetPeering};
use anyhow::Context;
use client::{Client, Refused, Who};
use serde_json::{Value, json};
use ureq::http::Method;

/// Does what is asked of the provider.
pub(crate) fn run(args: &Provider) -> anyhow::Result<Outcome> {
    let client = Client::open(&args.at.at(), Who::Operator)?;
    let page = Page { json: args.at.json };
    let carrier = Carrier { client: &client, page };
    match &args.command {
        ProviderCommand::List => carrier.list()?,
        ProviderCommand::Show { service_key } => carrier.show(&[carrier.find(service_key)?])?,
        ProviderCommand::Provision { service_key, begin } => {
            carrier.states(service_key, if *begin { &["Provisioning"] } else { &["Provisioned"] })?;
        }
        ProviderCommand::Deprovision { service_key, begin } => {
            carrier.states(
                service_key,
                if *begin { &["Deprovisioning"] } else { &["Deprovisioning", "NotProvisioned"] },
            )?;
        }
        ProviderCommand::Note { service_key, text } => {
            let found = carrier.find(service_key)?;
            let written = carrier.put(found, "serviceProviderNotes", text)?;
            carrier.show(&[written])?;
        }
        ProviderCommand::Peering { command } => carrier.peering(command)?,
    }
    Ok(Outcome::Ready)
}

/// The carrier at a service.
struct Carrier<'c> {
    client: &'c Client,
    page: Page,
}

impl Carrier<'_> {
    /// Lists what was ordered: all of it for the operator, its own for a provider.
    fn list(&self) -> anyhow::Result<()> {
        let found = match self.client.list("/operator/v1/circuits") {
            Ok(circuits) => {
                let ids = circuits.iter().filter_map(|circuit| circuit["crossConnection"].as_str());
                ids.map(|id| self.client.get(id)).collect::<anyhow::Result<Vec<_>>>()?
            }
            Err(error) if is_forbidden(&error) => self.own()?,
            Err(error) => return Err(error),
        };
        self.show(&found)
    }

    /// The cross connections in the subscriptions of whoever signed in.
    fn own(&self) -> anyhow::Result<Vec<Value>> {
        let mut found = Vec::new();
        for subscription in self.client.list("/subscriptions")? {
            let id = text(&subscription["id"]);
            let path = format!("{id}/providers/Microsoft.Network/expressRouteCrossConnections");
            found.extend(self.client.list(&path)?);
        }
        Ok(found)
    }

    /// The cross connection of a service key.
    fn find(&self, service_key: &str) -> anyhow::Result<Value> {
        match self.client.get(&format!("/operator/v1/circuits/{}", escaped(service_key))) {
            Ok(circuit) => {
                let id = circuit["crossConnection"].as_str();
                self.client.get(id.context("a circuit on ports of ExpressRoute Direct has no provider")?)
            }
            Err(error) if is_forbidden(&error) => {
                let own = self.own()?.into_iter().find(|row| text(&row["name"]).eq_ignore_ascii_case(service_key));
                own.with_context(|| format!("no circuit of this provider has the service key `{service_key}`"))
            }
            Err(error) => Err(error),
        }
    }

    /// Takes a cross connection through states.
    fn states(&self, service_key: &str, states: &[&str]) -> anyhow::Result<()> {
        let mut found = self.find(service_key)?;
        for state in states {
            found = self.put(found, "serviceProviderProvisioningState", state)?;
        }
        self.show(&[found])
    }

    /// Writes a cross connection with one property changed.
    fn put(&self, mut connection: Value, property: &str, value: &str) -> anyhow::Result<Value> {
        let id = text(&connection["id"]);
        connection["properties"][property] = json!(value);
        self.client.finish(&Method::PUT, &id, Some(&connection), &format!("{property}: {value}"))
    }

    fn show(&self, connections: &[Value]) -> anyhow::Result<()> {
        let heading = ["Service key", "Location", "Mbit/s", "State", "Ports", "S-tag", "Notes"];
        self.page.table(connections, &heading, |connection| {
            let of = |key: &str| text(&connection["properties"][key]);
            let ports = format!("{} {}", of("primaryAzurePort"), of("secondaryAzurePort"));
            let (location, speed) = (of("peeringLocation"), of("bandwidthInMbps"));
            let state = of("serviceProviderProvisioningState");
            vec![text(&connection["name"]), location, speed, state, ports, of("sTag"), of("serviceProviderNotes")]
        })
    }

    fn peering(&self, command: &PeeringCommand) -> anyhow::Result<()> {
        let path = |connection: &Value, kind: Kind| format!("{}/peerings/{}", text(&connection["id"]), name(kind));
        let peerings = match command {
            PeeringCommand::List { service_key } => {
                let connection = self.find(service_key)?;
                self.client.list(&format!("{}/peerings", text(&connection["id"])))?
            }
            PeeringCommand::Set(set) => {
                let connection = self.find(&set.service_key)?;
                let (path, body) = (path(&connection, set.kind), body(set)?);
                vec![self.client.finish(&Method::PUT, &path, Some(&body), "peering")?]
            }
            PeeringCommand::Delete { service_key, kind } => {
                let connection = self.find(service_key)?;
                self.client.finish(&Method::DELETE, &path(&connection, *kind), None, "deleting the peering")?;
                return Ok(());
            }
        };
        let heading = ["Peering", "VLAN", "AS", "Primary", "Secondary", "State"];
        self.page.table(&peerings, &heading, |peering| {
            let of = |key: &str| text(&peering["properties"][key]);
            let (primary, secondary) = (of("primaryPeerAddressPrefix"), of("secondaryPeerAddressPrefix"));
            vec![text(&peering["name"]), of("vlanId"), of("peerASN"), primary, secondary, of("state")]
        })
    }
}

/// A peering as ARM takes it.
fn body(set: &SetPeering) -> anyhow::Result<Value> {
    let mut properties = json!({
        "peeringType": name(set.kind),
        "peerASN": set.asn,
        "vlanId": set.vlan,
        "primaryPeerAddressPrefix": set.primary,
        "secondaryPeerAddressPrefix": set.secondary,
    });
    if !set.advertise.is_empty() {
        properties["microsoftPeeringConfig"] = json!({ "advertisedPublicPrefixes": set.advertise });
    }
    if let Some(file) = &set.key_file {
        let key = std::fs::read_to_string(file).with_context(|| file.display().to_string())?;
        properties["sharedKey"] = json!(key.trim_end());
    }
    Ok(json!({ "name": name(set.kind), "properties": properties }))
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Private => "AzurePrivatePeering",
        Kind::Microsoft => "MicrosoftPeering",
    }
}

/// Whether the operator's API is not for whoever signed in.
fn is_forbidden(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Refused>().is_some_and(|refused| refused.status == 403)
}
