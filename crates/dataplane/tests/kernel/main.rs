//! What the data plane does to a real kernel, in namespaces of the test's own: as root, or as a plain user inside user
//! namespaces, where each test starts itself again. What holds of every data plane is in [`conformance`].

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod conformance;
mod plane;
mod primitives;
mod services;

use dataplane::linux::{Net, probe};
use dataplane::{Capability, QinqBackend};
use ipnet::IpNet;
use std::io::Write;
use std::net::{IpAddr, UdpSocket};
use std::time::Duration;
use testkit::rights::with_rights;

/// Says that a machine is meant to have programs in the kernel: that it has none is then a failure.
const NEEDS_BPF: &str = "TWINPATH_TEST_NEEDS_BPF";

/// Runs the body with each way of tagging, as far as the machine has it. `test` is the path of the calling test.
fn with_each_way(test: &str, body: impl Fn(QinqBackend)) {
    with_rights(test, || {
        for way in [QinqBackend::Packet, QinqBackend::Bpf] {
            if has_way(way) {
                body(way);
            }
        }
    });
}

/// Whether the machine has a way of tagging. One without programs is told of, since its tests show nothing.
fn has_way(way: QinqBackend) -> bool {
    let caps = probe().unwrap();
    let has = way != QinqBackend::Bpf || caps.bpf;
    if !has {
        let words = format!("skipped: tags by programs: {}\n", caps.why(Capability::Bpf));
        std::io::stderr().write_all(words.as_bytes()).unwrap();
        assert!(std::env::var_os(NEEDS_BPF).is_none(), "{NEEDS_BPF} is set, and programs cannot be had");
    }
    has
}

/// Waits for what the kernel does in its own time.
fn eventually(mut is_so: impl FnMut() -> bool) {
    for _ in 0..5_000 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    panic!("it never came");
}

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A datagram arrives at the address, sent from one namespace and received in the other.
fn reaches(from: &Net, to: &Net, address: &str) -> bool {
    let receiver = to.namespace().enter(|| UdpSocket::bind((ip(address), 0))).unwrap();
    receiver.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let any = if ip(address).is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let sender = from.namespace().enter(|| UdpSocket::bind(any)).unwrap();
    let mut buffer = [0; 16];
    (0..10).any(|_| {
        let _ = sender.send_to(b"here", receiver.local_addr().unwrap());
        receiver.recv(&mut buffer).is_ok()
    })
}
