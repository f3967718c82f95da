//! VNet gateways: a table of them, and the configuration with which an edge is one.

use super::show::{Page, text};
use anyhow::Context;
use serde_json::Value;
use std::fmt::Write as _;
use std::io::Write as _;

/// A row a tunnel.
pub(super) fn list(gateways: &[Value], page: Page) -> anyhow::Result<()> {
    let mut rows = Vec::new();
    for gateway in gateways {
        for tunnel in gateway["tunnels"].as_array().into_iter().flatten() {
            let mut row = tunnel.clone();
            row["gateway"] = gateway["name"].clone();
            row["at"] = gateway["underlay"].clone();
            rows.push(row);
        }
    }
    let heading = ["Gateway", "Address", "Edge", "Address", "Circuit", "VNI", "Subnets"];
    page.either(&Value::from(gateways.to_vec()), &rows, &heading, |row| {
        let subnets = row["sessions"].as_array().into_iter().flatten().filter_map(|session| session["subnet"].as_str());
        vec![
            text(&row["gateway"]),
            text(&row["at"]),
            text(&row["edge"]),
            text(&row["underlay"]),
            text(&row["circuit"]),
            text(&row["vni"]),
            subnets.collect::<Vec<_>>().join(", "),
        ]
    })
}

/// Prints the configuration of a gateway: a plain router of AS 65515 with a tunnel and sessions to each edge.
pub(super) fn configuration(gateways: &[Value], name: &str, namespace: &str) -> anyhow::Result<()> {
    let gateway = gateways.iter().find(|gateway| {
        gateway["name"] == *name || gateway["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case(name))
    });
    let gateway = gateway.with_context(|| {
        let known: Vec<_> = gateways.iter().filter_map(|gateway| gateway["name"].as_str()).collect();
        format!("no edge has a tunnel to a gateway `{name}`; those with one: {}", known.join(", "))
    })?;
    let text = toml(gateway, namespace).context("an edge has not said yet where it is; is it started with --cloud?")?;
    write!(anstream::stdout(), "{text}")?;
    Ok(())
}

/// `None` while the address of an edge is not known.
fn toml(gateway: &Value, namespace: &str) -> Option<String> {
    let name = gateway["name"].as_str()?;
    let (asn, underlay) = (&gateway["asn"], gateway["underlay"].as_str()?);
    let mut out = format!(
        "name = {name:?}\nasn = \"{asn}\"\nrouter-id = \"{underlay}\"\nlisten = []\ncontrol = \"{name}.sock\"\n\n\
         [dataplane]\ncloud = \"{underlay}\"\n\n\
         [[domain]]\nname = \"vnet\"\npeering = \"open\"\nnamespace = {namespace:?}\nkernel-routes = true\n\
         listen = [\"0.0.0.0:179\", \"[::]:179\"]\n"
    );
    for prefix in gateway["prefixes"].as_array()?.iter().filter_map(Value::as_str) {
        let _ = write!(out, "\n[[domain.route]]\nprefix = {prefix:?}\n");
    }
    for tunnel in gateway["tunnels"].as_array()? {
        let (vni, remote) = (&tunnel["vni"], tunnel["underlay"].as_str()?);
        let sessions = tunnel["sessions"].as_array()?;
        let addresses = sessions.iter().filter_map(|session| {
            let length = session["subnet"].as_str()?.rsplit('/').next()?;
            Some(format!("\"{}/{length}\"", session["gateway"].as_str()?))
        });
        let addresses = addresses.collect::<Vec<_>>().join(", ");
        let _ = write!(out, "\n[[domain.tunnel]]\nvni = {vni}\nremote = {remote:?}\naddresses = [{addresses}]\n");
        for session in sessions {
            let (edge, ours) = (session["edge"].as_str()?, session["gateway"].as_str()?);
            let family = session["family"].as_str()?;
            let _ = write!(
                out,
                "\n[[domain.peer]]\nname = \"{}-{vni}-{family}\"\naddress = {edge:?}\nlocal-address = {ours:?}\n\
                 asn = \"12076\"\nrole = \"open\"\nconnect-retry = 2\nbfd = {{}}\n",
                tunnel["edge"].as_str()?,
            );
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn gateway() -> Value {
        json!({
            "id": "/g/hub", "name": "hub", "asn": 65515, "underlay": "192.0.2.20", "prefixes": ["10.1.0.0/16"],
            "tunnels": [
                { "edge": "amsterdam-a", "underlay": "192.0.2.1", "circuit": "c", "vni": 8, "sessions": [
                    { "family": "ipv4", "subnet": "100.64.0.32/30", "edge": "100.64.0.33", "gateway": "100.64.0.34" },
                    { "family": "ipv6", "subnet": "fd64::20/126", "edge": "fd64::21", "gateway": "fd64::22" },
                ] },
                { "edge": "amsterdam-b", "underlay": "192.0.2.2", "circuit": "c", "vni": 9, "sessions": [
                    { "family": "ipv4", "subnet": "100.64.0.36/30", "edge": "100.64.0.37", "gateway": "100.64.0.38" },
                ] },
            ],
        })
    }

    #[test]
    fn the_configuration_of_a_gateway_is_one_that_an_edge_reads() {
        let text = toml(&gateway(), "gw-hub").unwrap();
        let mut no_files = |_: &std::path::Path| Err(std::io::Error::other("no files"));
        let config = edge::config::Config::parse("gateway", &text, catalog::Catalog::builtin(), &mut no_files);
        let config = config.unwrap_or_else(|refused| panic!("{refused}\n{text}"));
        let [domain] = &config.domains[..] else { panic!("one domain") };
        assert!(domain.kernel_routes);
        assert_eq!((domain.tunnels.len(), domain.peers.len(), domain.routes.len()), (2, 3, 1));
        assert_eq!(domain.tunnels[0].addresses[1].to_string(), "fd64::22/126");
        assert_eq!(config.asn.0, 65515);
    }

    #[test]
    fn an_edge_that_has_not_said_where_it_is_is_waited_for() {
        let mut gateway = gateway();
        gateway["tunnels"][1]["underlay"] = Value::Null;
        assert_eq!(toml(&gateway, "gw-hub"), None);
    }
}
