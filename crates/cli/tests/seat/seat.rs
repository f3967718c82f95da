//! Who plays Microsoft's edge: BIRD, FRR, or the program itself. Each has a session with the customer, which BFD
//! watches, and one with the gateway, and its kernel forwards by what they say.

use crate::world::{HOME, configure};
use lab::drill::bird::Bird;
use lab::drill::hear::{Log, Teller};
use lab::{Error, node};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Who plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seat {
    Edge,
    Bird,
    Frr,
}

impl Seat {
    pub(crate) fn named(name: &str) -> Option<Self> {
        [("twinpath", Self::Edge), ("bird", Self::Bird), ("frr", Self::Frr)]
            .into_iter()
            .find(|(own, _)| *own == name)
            .map(|(_, seat)| seat)
    }

    /// Starts one in a node.
    pub(crate) fn start(self, node: &str, number: u8, interval: u32) -> Seated {
        let folder = Path::new(HOME).join(format!("{node}.seat"));
        std::fs::create_dir_all(&folder).unwrap();
        let (mut bird, mut processes) = (None, Vec::new());
        match self {
            Self::Bird => {
                let (told, process) = crate::world::bird(node, interval, &bird_sessions(number, false));
                configure(&format!("{node}-drained"), node, interval, &bird_sessions(number, true));
                processes.push(process);
                bird = Some(told);
            }
            Self::Frr => processes = frr(&folder, node, number, interval),
            Self::Edge => processes.push(edge(&folder, node, number, interval)),
        }
        Seated { node: node.to_owned(), folder, bird, seat: self, processes }
    }
}

/// One that plays.
pub(crate) struct Seated {
    node: String,
    folder: PathBuf,
    seat: Seat,
    bird: Option<Bird>,
    processes: Vec<Child>,
}

impl Seated {
    /// Makes what it announces unattractive before maintenance, or takes that back.
    pub(crate) fn drain(&self, on: bool) -> Result<(), Error> {
        match (self.seat, &self.bird) {
            (Seat::Bird, Some(bird)) => {
                let file = format!("{HOME}/{}{}.conf", self.node, if on { "-drained" } else { "" });
                bird.ask(&format!("configure \"{file}\"")).map(drop)
            }
            (Seat::Edge, _) => {
                let socket = self.folder.join("edge.sock").display().to_string();
                let off = if on { None } else { Some("--off") };
                let args: Vec<&str> = ["edge", "drain", "--socket", &socket].into_iter().chain(off).collect();
                node::run(None, env!("CARGO_BIN_EXE_twinpath"), &args, None).map(drop)
            }
            _ => {
                let line = if on { "set as-path prepend 12076 12076 12076 12076" } else { "no set as-path prepend" };
                let lines = format!("configure terminal\nroute-map out permit 10\n{line}\n");
                let folder = self.folder.display().to_string();
                node::run(Some(&self.node), "vtysh", &["--vty_socket", &folder], Some(&lines)).map(drop)
            }
        }
    }

    /// What it notices.
    pub(crate) fn log(&self) -> Log {
        let (file, teller) = match self.seat {
            Seat::Bird => (Path::new(HOME).join(format!("{}.log", self.node)), Teller::Bird),
            Seat::Frr => (self.folder.join("bgpd.log"), Teller::Frr),
            Seat::Edge => (self.folder.join("edge.log"), Teller::Edge),
        };
        Log { node: self.node.clone(), path: file, teller }
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn bird_sessions(number: u8, drained: bool) -> String {
    let longer = if drained { "bgp_path.prepend(12076); ".repeat(8) } else { String::new() };
    let session = |name: &str, net: u8, own: u8, far: u8, asn: u32, bfd: &str| {
        format!(
            "protocol bgp {name} {{ local 10.{net}.{number}.{own} as 12076; neighbor 10.{net}.{number}.{far} as {asn}; direct; \
             {bfd} connect delay time 1; connect retry time 1; error wait time 1, 2; ipv4 {{ next hop self; import all; \
             export filter {{ if source = RTS_BGP then {{ {longer}accept; }} reject; }}; }}; }}\n"
        )
    };
    session("to_customer", 0, 2, 1, 65010, "bfd on;") + &session("to_gateway", 9, 1, 2, 65515, "")
}

fn frr(folder: &Path, node: &str, number: u8, interval: u32) -> Vec<Child> {
    let neighbor = |address: String, asn: u32, more: &str| {
        format!(
            " neighbor {address} remote-as {asn}\n neighbor {address} advertisement-interval 0\n neighbor {address} timers connect 1\n{}\
             address-family ipv4 unicast\n neighbor {address} activate\n neighbor {address} route-map out out\n exit-address-family\n",
            more.replace('X', &address)
        )
    };
    let bgp = format!(
        "frr defaults datacenter\nroute-map out permit 10\nexit\nrouter bgp 12076\n bgp router-id 192.0.2.{number}\n \
         no bgp ebgp-requires-policy\n no bgp default ipv4-unicast\n{}{}exit\n",
        neighbor(format!("10.0.{number}.1"), 65010, " neighbor X bfd\n neighbor X bfd profile seat\n"),
        neighbor(format!("10.9.{number}.2"), 65515, "")
    );
    let bfd = format!(
        "bfd\n profile seat\n  detect-multiplier 3\n  receive-interval {interval}\n  transmit-interval {interval}\n exit\nexit\n"
    );
    for (daemon, text) in [("zebra", String::new()), ("bfdd", bfd), ("bgpd", bgp)] {
        std::fs::write(folder.join(format!("{daemon}.conf")), text).unwrap();
    }
    let here = folder.display().to_string();
    node::run(None, "chown", &["-R", "frr:frr", &here], None).unwrap();
    let start = |daemon: &str| {
        let mut command = Command::new(format!("/usr/lib/frr/{daemon}"));
        command.args(["-i", &format!("{here}/{daemon}.pid"), "-z", &format!("{here}/zserv.api")]);
        command.args(["--vty_socket", &here, "-P", "0", "-f", &format!("{here}/{daemon}.conf")]);
        command.args(["--log", &format!("file:{here}/{daemon}.log")]);
        if daemon == "bfdd" {
            command.args(["--bfdctl", &format!("{here}/bfdd.sock")]);
        }
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = node::spawn(Some(node), &mut command).unwrap();
        let ready = folder.join(if daemon == "zebra" { "zserv.api".to_owned() } else { format!("{daemon}.vty") });
        while !ready.exists() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        child
    };
    ["zebra", "bfdd", "bgpd"].map(start).into()
}

fn edge(folder: &Path, node: &str, number: u8, interval: u32) -> Child {
    let text = format!(
        "name = '{node}'\nrouter-id = '192.0.2.{number}'\nlisten = ['127.0.0.1:1790']\n[dataplane]\n[[domain]]\nname = 'd'\n\
         peering = 'private'\nnamespace = '{node}'\nkernel-routes = true\nlisten = ['0.0.0.0:179']\n\
         [[domain.peer]]\nname = 'customer'\naddress = '10.0.{number}.1'\nlocal-address = '10.0.{number}.2'\nasn = '65010'\n\
         connect-retry = 1\nbfd = {{ interval-ms = {interval}, multiplier = 3 }}\n\
         [[domain.peer]]\nname = 'gateway'\nrole = 'gateway'\naddress = '10.9.{number}.2'\nlocal-address = '10.9.{number}.1'\n\
         asn = '65515'\nconnect-retry = 1\n"
    );
    std::fs::write(folder.join("edge.toml"), text).unwrap();
    let log = std::fs::File::create(folder.join("edge.log")).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_twinpath"));
    command.args(["edge", "--config", "edge.toml"]).current_dir(folder);
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
    node::spawn(Some(node), &mut command).unwrap()
}
