//! The nearest emulator that others have: moto's records of AWS Direct Connect, from the registry of Python packages.

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What is installed.
pub(super) const MOTO: &str = "moto[server]==5.2.5";

/// A moto that runs.
pub(super) struct Moto {
    child: Child,
    base: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// One client's connection to it.
pub(super) struct Client {
    agent: ureq::Agent,
    base: String,
}

impl Moto {
    /// Installs it in `target/moto` where it is missing, and starts it.
    pub(super) fn start(port: u16) -> anyhow::Result<Self> {
        let environment = crate::root().join("target/moto");
        if !environment.join("bin/moto_server").exists() {
            crate::chores::run("python3", &["-m", "venv", "--clear", &environment.to_string_lossy()])?;
            crate::chores::run(&environment.join("bin/pip").to_string_lossy(), &["install", "--quiet", MOTO])?;
        }
        let mut command = Command::new(environment.join("bin/moto_server"));
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().context("moto_server")?;
        let moto = Self { child, base: format!("http://127.0.0.1:{port}/") };
        for _ in 0..300 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Ok(moto);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        anyhow::bail!("moto does not start")
    }

    pub(super) fn client(&self) -> Client {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        Client { agent: config.new_agent(), base: self.base.clone() }
    }

    /// Its memory, in KiB.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Client {
    fn ask(&self, action: &str, body: &Value) -> anyhow::Result<Value> {
        let mut answer = self
            .agent
            .post(&self.base)
            .header("x-amz-target", format!("OvertureService.{action}"))
            .header("content-type", "application/x-amz-json-1.1")
            .header("authorization", "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/directconnect/aws4_request")
            .send(body.to_string())?;
        let text = answer.body_mut().read_to_string()?;
        ensure!(answer.status().is_success(), "{action}: {} {text}", answer.status());
        Ok(serde_json::from_str(&text)?)
    }

    /// Makes a connection, and gives its id.
    pub(super) fn create(&self, name: &str) -> anyhow::Result<String> {
        let made = self
            .ask("CreateConnection", &json!({ "location": "EqDC2", "bandwidth": "1Gbps", "connectionName": name }))?;
        Ok(made["connectionId"].as_str().context("no id")?.to_owned())
    }

    /// Reads one.
    pub(super) fn describe(&self, id: &str) -> anyhow::Result<()> {
        let seen = self.ask("DescribeConnections", &json!({ "connectionId": id }))?;
        ensure!(seen["connections"].as_array().is_some_and(|all| all.len() == 1), "{id}: {seen}");
        Ok(())
    }
}
