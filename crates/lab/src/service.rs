//! The service and Microsoft's edges.

use crate::routers::run;
use crate::topology::ProcessKind;
use crate::{Error, Lab, build, gateways, wait};
use client::Who;
use planner::Plan;
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The port on which the service listens for edges.
const DOOR: u16 = 8444;

/// What only the program that is the service can do.
pub trait Own {
    /// Writes the certificate of an edge and its key into a folder: `edge.pem` and `edge.key`.
    ///
    /// # Errors
    ///
    /// The authority of the service cannot be read, or the files cannot be written.
    fn enrol(&self, service: &Path, edge: &str, folder: &Path) -> anyhow::Result<()>;
}

/// The path of this program.
pub(crate) fn own() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(Error::io("this program has no path"))
}

/// Starts the service and waits until it answers.
pub(crate) fn start(lab: &mut Lab) -> Result<(), Error> {
    let folder = lab.folder_of("service");
    std::fs::create_dir_all(&folder).map_err(Error::io(folder.display().to_string()))?;
    let port = lab.state().port();
    let mut args: Vec<String> =
        ["serve", "--no-edges", "--carriers", "namespaces", "--data"].map(str::to_owned).to_vec();
    args.push(folder.display().to_string());
    args.extend(["--listen".to_owned(), format!("127.0.0.1:{port}"), "--base".to_owned(), lab.state().base.clone()]);
    args.extend(["--edge-listen".to_owned(), format!("{}:{DOOR}", build::DOOR)]);
    run(lab, "service", None, own()?, args, &folder)?;
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    wait::until("the service answers", || {
        if lab.pid("service").is_none() {
            return Err(ended(&folder.join("service.log")));
        }
        let answers = TcpStream::connect_timeout(&listen, Duration::from_secs(1)).is_ok();
        Ok((answers && folder.join("credentials.json").exists()).then_some(()))
    })
}

/// Starts Microsoft's edges, each in its node with a certificate of the service.
pub(crate) fn edges(lab: &mut Lab, own_part: &dyn Own) -> Result<(), Error> {
    let service = lab.folder_of("service");
    for process in lab.topology().processes.clone() {
        let (ProcessKind::Edge { edge }, Some(node)) = (&process.kind, &process.node) else { continue };
        let folder = lab.folder_of(node);
        std::fs::create_dir_all(&folder).map_err(Error::io(folder.display().to_string()))?;
        if !folder.join("edge.pem").exists() {
            own_part.enrol(&service, edge, &folder)?;
        }
        let path = |file: &str| folder.join(file).display().to_string();
        let mut args: Vec<String> = ["edge", "--name", edge, "--control"].map(str::to_owned).to_vec();
        args.push(format!("https://{}:{DOOR}", build::DOOR));
        args.extend(["--ca".to_owned(), service.join("ca.pem").display().to_string()]);
        args.extend(["--cert".to_owned(), path("edge.pem"), "--key".to_owned(), path("edge.key")]);
        args.extend(["--state".to_owned(), folder.display().to_string()]);
        args.extend(["--listen".to_owned(), "127.0.0.1:1790".to_owned()]);
        if let Some(cloud) = gateways::underlay(lab, node) {
            args.extend(["--port", "port0", "--encapsulation", "qinq", "--cloud"].map(str::to_owned));
            args.push(cloud.to_string());
            if let Some(way) = lab.state().tagging {
                args.extend(["--tagging".to_owned(), way.word().to_owned()]);
            }
        }
        if let Some(bfd) = &lab.state().bfd {
            args.extend(["--bfd".to_owned(), bfd.clone()]);
        }
        run(lab, &process.name, Some(node), own()?, args, &folder)?;
    }
    Ok(())
}

fn ended(log: &Path) -> Error {
    let said = std::fs::read_to_string(log).unwrap_or_default();
    let last = said.lines().last().unwrap_or("it said nothing").to_owned();
    Error::io(format!("the service ended: {}", log.display()))(io::Error::other(last))
}

/// How many sessions of the edges are up, and how many there are to be.
pub(crate) fn sessions(lab: &Lab) -> Result<(u64, u64), Error> {
    let edges = lab.client(Who::Operator)?.list("/operator/v1/edges")?;
    let sum = |key: &str| edges.iter().filter_map(|edge| edge[key].as_u64()).sum();
    Ok((sum("established"), sum("sessions")))
}

/// The tag that Microsoft gave each circuit that was ordered, by the circuit's name.
pub(crate) fn outer_tags(lab: &Lab, plan: &Plan) -> Result<BTreeMap<String, u16>, Error> {
    let client = lab.client(Who::Customer)?;
    let subscription = client.subscription.clone().unwrap_or_default();
    let ordered =
        client.list(&format!("/subscriptions/{subscription}/providers/Microsoft.Network/expressRouteCircuits"))?;
    let tag = |name: &str| {
        let seen =
            ordered.iter().find(|seen| seen["name"].as_str().is_some_and(|seen| seen.eq_ignore_ascii_case(name)));
        seen?["properties"]["stag"].as_u64().and_then(|tag| u16::try_from(tag).ok())
    };
    let tags = plan.circuits.iter().filter_map(|circuit| Some((circuit.name.to_string(), tag(circuit.name.as_str())?)));
    Ok(tags.collect())
}
