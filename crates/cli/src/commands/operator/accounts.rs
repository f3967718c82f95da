//! Tenants, subscriptions, principals, providers.

use super::show::{Page, escaped, text};
use crate::args::service::{EnrollCommand, PrincipalCommand, Role, SubscriptionCommand, TenantCommand};
use clap::ValueEnum;
use client::Client;
use serde_json::{Value, json};
use ureq::http::Method;
use uuid::Uuid;

pub(super) fn tenant(client: &Client, page: Page, command: &TenantCommand) -> anyhow::Result<()> {
    let tenants = match command {
        TenantCommand::List => client.list("/operator/v1/tenants")?,
        TenantCommand::Name { tenant, name } => {
            let path = format!("/operator/v1/tenants/{}", escaped(tenant));
            vec![client.send(&Method::PUT, &path, Some(&json!({ "displayName": name })))?.body]
        }
    };
    page.table(&tenants, &["Tenant", "Name"], |tenant| vec![text(&tenant["tenantId"]), text(&tenant["displayName"])])
}

pub(super) fn subscription(client: &Client, page: Page, command: &SubscriptionCommand) -> anyhow::Result<()> {
    let put = |id: &str, body: Value| -> anyhow::Result<Vec<Value>> {
        let path = format!("/operator/v1/subscriptions/{}", escaped(id));
        Ok(vec![client.send(&Method::PUT, &path, Some(&body))?.body])
    };
    let subscriptions = match command {
        SubscriptionCommand::List => client.list("/operator/v1/subscriptions")?,
        SubscriptionCommand::Create { name, id, tenant } => {
            let id = id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
            put(&id, json!({ "displayName": name, "tenant": tenant.as_ref().unwrap_or(&client.tenant) }))?
        }
        SubscriptionCommand::Enable { id } => put(id, json!({ "state": "Enabled" }))?,
        SubscriptionCommand::Disable { id } => put(id, json!({ "state": "Disabled" }))?,
        SubscriptionCommand::PermitM365 { id, off } => put(id, json!({ "office365": !off }))?,
    };
    page.table(&subscriptions, &["Subscription", "Name", "State", "Microsoft 365", "Tenant"], |row| {
        let m365 = if row["office365"] == true { "permitted" } else { "–" };
        let of = |key: &str| text(&row[key]);
        vec![of("subscriptionId"), of("displayName"), of("state"), m365.to_owned(), of("tenant")]
    })
}

pub(super) fn principal(client: &Client, page: Page, command: &PrincipalCommand) -> anyhow::Result<()> {
    let path = |id: &str| format!("/operator/v1/principals/{}", escaped(id));
    let principals = match command {
        PrincipalCommand::List => client.list("/operator/v1/principals")?,
        PrincipalCommand::Create { name, role, subscription, tenant } => {
            let tenant = tenant.as_ref().unwrap_or(&client.tenant);
            let scope = scope(*role, subscription.as_deref());
            let body = json!({ "name": name, "tenant": tenant, "roles": { scope: word(*role) } });
            let made = client.send(&Method::PUT, &path(&Uuid::new_v4().to_string()), Some(&body))?.body;
            return secret(page, &made);
        }
        PrincipalCommand::Role { client: id, role, subscription } => {
            let mut roles = client.get(&path(id))?["roles"].take();
            roles[scope(*role, subscription.as_deref())] = json!(word(*role));
            vec![client.send(&Method::PUT, &path(id), Some(&json!({ "roles": roles })))?.body]
        }
        PrincipalCommand::NewSecret { client: id } => {
            let drawn = client.send(&Method::POST, &format!("{}/newSecret", path(id)), None)?.body;
            return secret(page, &drawn);
        }
        PrincipalCommand::Delete { client: id } => {
            client.send(&Method::DELETE, &path(id), None)?;
            return Ok(());
        }
    };
    page.table(&principals, &["Client id", "Name", "Roles"], |row| {
        let roles = row["roles"].as_object().into_iter().flatten();
        let roles: Vec<String> = roles.map(|(scope, role)| format!("{} in {scope}", text(role))).collect();
        vec![text(&row["clientId"]), text(&row["name"]), roles.join(", ")]
    })
}

pub(super) fn provider(client: &Client, page: Page, command: &EnrollCommand) -> anyhow::Result<()> {
    match command {
        EnrollCommand::List => {
            let providers = client.list("/operator/v1/providers")?;
            page.table(&providers, &["Provider", "Enrolled", "Locations", "Subscription"], |row| {
                let enrolled = if row["enrolled"] == true { "yes" } else { "–" };
                let locations = row["locations"].as_array().map_or(0, Vec::len).to_string();
                vec![text(&row["name"]), enrolled.to_owned(), locations, text(&row["subscriptionId"])]
            })
        }
        EnrollCommand::Enroll { name } => {
            let path = format!("/operator/v1/providers/{}/enroll", escaped(name).replace('/', "%2F"));
            secret(page, &client.send(&Method::POST, &path, Some(&json!({})))?.body)
        }
    }
}

/// Shows a secret, once.
fn secret(page: Page, made: &Value) -> anyhow::Result<()> {
    let rows: Vec<Value> = ["name", "tenant", "subscriptionId", "clientId", "secret"]
        .iter()
        .filter(|key| !made[**key].is_null())
        .map(|key| json!([key, made[*key]]))
        .collect();
    page.either(made, &rows, &["", "shown once"], |row| vec![text(&row[0]), text(&row[1])])
}

fn scope(role: Role, subscription: Option<&str>) -> &str {
    match role {
        Role::Operator => "*",
        Role::Owner | Role::NetworkContributor | Role::Reader | Role::Provider => subscription.unwrap_or_default(),
    }
}

fn word(role: Role) -> String {
    role.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
