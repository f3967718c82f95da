//! The binary is upgraded under running sessions, and two BIRDs beside it lose no route (RFC 4724).

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod common;

use common::{folder, twinpath};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody has now.
fn free_port(address: &str) -> u16 {
    TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port()
}

fn bird(folder: &Path, octet: u8, edge: u16, port: u16, routes: &str) -> Running {
    let path = |end: &str| folder.join(format!("bird-{octet}.{end}"));
    let config = format!(
        "router id 10.0.0.{octet};\nprotocol device {{}}\nprotocol static {{ ipv4; {routes} }}\nprotocol bgp edge {{\n\
         local 127.0.0.{octet} port {port} as 6500{octet}; neighbor 127.0.0.1 port {edge} as 65000; multihop 2; strict bind;\n\
         graceful restart; connect delay time 1; ipv4 {{ import all; export all; }}; }}\n"
    );
    fs::write(path("conf"), config).unwrap();
    let mut bird = Command::new("/usr/sbin/bird");
    bird.arg("-f").arg("-c").arg(path("conf")).arg("-s").arg(path("ctl")).arg("-P").arg(path("pid"));
    Running(bird.stderr(Stdio::null()).spawn().expect("bird is installed; scripts/test sees to it"))
}

/// How many routes a BIRD has.
fn routes(folder: &Path, octet: u8) -> String {
    let socket = folder.join(format!("bird-{octet}.ctl"));
    let output =
        Command::new("/usr/sbin/birdc").arg("-s").arg(socket).args(["show", "route", "count"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find(|line| line.ends_with("table master4")).unwrap_or_default().to_owned()
}

fn eventually(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} did not come about");
}

#[test]
fn no_route_is_lost_while_the_binary_is_replaced() {
    let folder = folder();
    let (edge_port, port2, port4) = (free_port("127.0.0.1"), free_port("127.0.0.2"), free_port("127.0.0.4"));
    let peer = |octet: u8, port: u16| {
        format!(
            "[[domain.peer]]\nname = 'p{octet}'\naddress = '127.0.0.{octet}'\nlocal-address = '127.0.0.1'\nport = {port}\n\
             asn = 6500{octet}\nhold-time = 30\nconnect-retry = 1\ngraceful-restart = true\n"
        )
    };
    let config = format!(
        "name = 'e'\nasn = 65000\nrouter-id = '10.0.0.1'\nlisten = ['127.0.0.1:{edge_port}']\nstate = 'state'\nworkers = 1\n\
         [[domain]]\nname = 'd'\npeering = 'open'\n{}{}[[domain.route]]\nprefix = '10.99.0.0/16'\n",
        peer(2, port2),
        peer(4, port4)
    );
    let file = folder.path().join("edge.toml");
    fs::write(&file, config).unwrap();
    let source = "route 192.0.2.0/24 blackhole; route 198.51.100.0/24 blackhole;";
    let _birds = [bird(folder.path(), 2, edge_port, port2, ""), bird(folder.path(), 4, edge_port, port4, source)];
    let mut edge = Command::new(env!("CARGO_BIN_EXE_twinpath"));
    let edge = edge.args(["edge", "--config"]).arg(&file).stderr(Stdio::piped()).spawn().unwrap();
    let mut edge = Running(edge);
    let mut log = BufReader::new(edge.0.stderr.take().unwrap()).lines();

    const ALL: &str = "3 of 3 routes for 3 networks in table master4";
    eventually("that BIRD has all routes", || routes(folder.path(), 2) == ALL);

    let socket = folder.path().join("edge.sock");
    let socket = socket.to_str().unwrap();
    let said = twinpath(&["edge", "restart", "--socket", socket]);
    assert_eq!(said.stdout, "restarting\n", "{said:?}");
    let back = log.find(|line| line.as_ref().is_ok_and(|line| line.contains("back from a restart")));
    assert!(back.is_some());
    // The new process has both sessions and all routes again, and BIRD has had them all the while.
    let is_whole = || {
        assert_eq!(routes(folder.path(), 2), ALL);
        let shown = twinpath(&["edge", "show", "summary", "--socket", socket]);
        let rows: Vec<Vec<&str>> = shown.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
        rows.iter().any(|row| row.first() == Some(&"127.0.0.4") && row.get(4) == Some(&"2"))
    };
    eventually("that the edge has all routes again", is_whole);
    for _ in 0..20 {
        assert!(is_whole());
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(twinpath(&["edge", "stop", "--socket", socket]).code, 0);
    assert_eq!(edge.0.wait().unwrap().code(), Some(0));
}
