//! `twinpath login-help` and `twinpath env`: how clients reach a service.

use crate::Outcome;
use crate::args::{Account, Client, Env, LoginHelp};
use anyhow::Context;
use control::auth::Credentials;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The service of a folder, as a client needs to know it.
struct Instance {
    url: String,
    /// Host and port.
    host: String,
    tenant: String,
    subscription: String,
    client: String,
    secret: String,
    ca: PathBuf,
    dir: PathBuf,
}

impl Instance {
    fn of(data: &Path, account: Account) -> anyhow::Result<Self> {
        let path = data.join("credentials.json");
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "{} cannot be read; `twinpath serve --data {}` writes it at its first start",
                path.display(),
                data.display()
            )
        })?;
        let read: Credentials =
            serde_json::from_str(&text).with_context(|| format!("{} holds no credentials", path.display()))?;
        let dir = data.canonicalize().with_context(|| format!("{} cannot be found", data.display()))?;
        let account = match account {
            Account::Customer => read.customer,
            Account::Operator => read.operator,
        };
        Ok(Self {
            host: read.url.trim_start_matches("https://").to_owned(),
            url: read.url,
            tenant: read.tenant,
            subscription: read.subscription,
            client: account.client_id,
            secret: account.client_secret,
            ca: dir.join("ca.pem"),
            dir,
        })
    }

    /// The variables of a client.
    fn variables(&self, client: Client) -> Vec<(&'static str, String)> {
        let ca = || self.ca.display().to_string();
        let to = |text: &str| text.to_owned();
        match client {
            Client::Az => vec![
                ("REQUESTS_CA_BUNDLE", ca()),
                ("AZURE_CONFIG_DIR", self.dir.join("az").display().to_string()),
                ("AZURE_CORE_INSTANCE_DISCOVERY", to("false")),
                ("AZURE_CORE_COLLECT_TELEMETRY", to("no")),
                ("AZURE_CORE_LOGIN_EXPERIENCE_V2", to("off")),
                ("TWINPATH_AZ_LOGIN", self.az_login().join(" && ")),
            ],
            Client::Sdk => vec![
                ("REQUESTS_CA_BUNDLE", ca()),
                ("AZURE_AUTHORITY_HOST", self.url.clone()),
                ("AZURE_TENANT_ID", self.tenant.clone()),
                ("AZURE_CLIENT_ID", self.client.clone()),
                ("AZURE_CLIENT_SECRET", self.secret.clone()),
                ("AZURE_SUBSCRIPTION_ID", self.subscription.clone()),
                ("TWINPATH_URL", self.url.clone()),
            ],
            Client::Terraform => vec![
                ("SSL_CERT_FILE", ca()),
                ("ARM_METADATA_HOSTNAME", self.host.clone()),
                ("ARM_ENVIRONMENT", to("Twinpath")),
                ("ARM_TENANT_ID", self.tenant.clone()),
                ("ARM_CLIENT_ID", self.client.clone()),
                ("ARM_CLIENT_SECRET", self.secret.clone()),
                ("ARM_SUBSCRIPTION_ID", self.subscription.clone()),
                ("ARM_RESOURCE_PROVIDER_REGISTRATIONS", to("none")),
            ],
        }
    }

    /// What makes az know the service and sign in there; also a second time.
    fn az_login(&self) -> Vec<String> {
        vec![
            format!(
                "{{ az cloud register -n Twinpath --endpoint-resource-manager {0} --only-show-errors || az cloud update -n Twinpath --endpoint-resource-manager {0} --only-show-errors; }}",
                self.url
            ),
            "az cloud set -n Twinpath --only-show-errors".to_owned(),
            format!(
                "az login --service-principal -u {} -p {} --tenant {} -o none",
                self.client, self.secret, self.tenant
            ),
        ]
    }
}

/// Prints variables as a shell reads them.
pub(crate) fn env(env: &Env) -> anyhow::Result<Outcome> {
    let instance = Instance::of(&env.data, env.account)?;
    let mut out = anstream::stdout();
    for (name, value) in instance.variables(env.client) {
        writeln!(out, "export {name}={}", quote(&value))?;
    }
    Ok(Outcome::Ready)
}

/// Prints what to paste for each client.
pub(crate) fn help(help: &LoginHelp) -> anyhow::Result<Outcome> {
    let instance = Instance::of(&help.data, help.account)?;
    let Instance { url, host, tenant, subscription, client, secret, ca, .. } = &instance;
    let mut out = anstream::stdout();
    writeln!(out, "# az\n")?;
    for (name, value) in instance.variables(Client::Az) {
        if name != "TWINPATH_AZ_LOGIN" {
            writeln!(out, "export {name}={}", quote(&value))?;
        }
    }
    writeln!(out, "az cloud register -n Twinpath --endpoint-resource-manager {url}")?;
    for line in instance.az_login().iter().skip(1) {
        writeln!(out, "{line}")?;
    }
    writeln!(
        out,
        "
# Python SDK: azure-identity, azure-mgmt-network

export REQUESTS_CA_BUNDLE={ca}

from azure.identity import ClientSecretCredential
from azure.mgmt.network import NetworkManagementClient
credential = ClientSecretCredential(
    \"{tenant}\", \"{client}\", \"{secret}\",
    authority=\"{url}\", disable_instance_discovery=True)
network = NetworkManagementClient(
    credential, \"{subscription}\", base_url=\"{url}\",
    credential_scopes=[\"{url}/.default\"], polling_interval=1)

# Terraform: azurerm

export SSL_CERT_FILE={ca}

provider \"azurerm\" {{
  features {{}}
  metadata_host                   = \"{host}\"
  environment                     = \"Twinpath\"
  tenant_id                       = \"{tenant}\"
  subscription_id                 = \"{subscription}\"
  client_id                       = \"{client}\"
  client_secret                   = \"{secret}\"
  resource_provider_registrations = \"none\"
}}",
        ca = quote(&ca.display().to_string())
    )?;
    Ok(Outcome::Ready)
}

/// A path as a shell reads it.
pub(crate) fn quoted(path: &Path) -> String {
    quote(&path.display().to_string())
}

/// A text as a shell reads it.
fn quote(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
