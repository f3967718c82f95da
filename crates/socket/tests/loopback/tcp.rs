//! Listening and connecting on the loopback of a namespace, with each option of a router.

use crate::place::{Place, within_reason};
use socket::tcp::CommonOptions;
use socket::{ConnectOptions, Key, ListenOptions, Namespace, Peers, StepError, connect, listen, set_md5};
use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

fn inside(place: &Place) -> CommonOptions {
    CommonOptions { namespace: Some(place.namespace.clone()), ..CommonOptions::default() }
}

fn listener(common: CommonOptions, address: IpAddr) -> TcpListener {
    listen(&ListenOptions { common, ..ListenOptions::new((address, 0).into()) }).unwrap()
}

fn dial(common: CommonOptions, listener: &TcpListener, md5: Option<Key>) -> TcpStream {
    connect(&ConnectOptions { common, md5, ..ConnectOptions::new(listener.local_addr().unwrap()) }).unwrap()
}

/// Accepts the connection that `stream` began, and sees a byte go each way. Gives the accepted end first.
#[track_caller]
fn stands(listener: &TcpListener, mut stream: TcpStream) -> (TcpStream, TcpStream) {
    let accept = || {
        assert!(stream.take_error().unwrap().is_none(), "the connection failed");
        listener.accept().ok()
    };
    let (mut accepted, _) = within_reason(accept, "the connection");
    within_reason(|| stream.write(b"?").ok(), "the way out");
    accepted.set_nonblocking(false).unwrap();
    stream.set_nonblocking(false).unwrap();
    let mut byte = [0];
    accepted.read_exact(&mut byte).unwrap();
    accepted.write_all(b"!").unwrap();
    stream.read_exact(&mut byte).unwrap();
    assert_eq!(&byte, b"!");
    (accepted, stream)
}

/// The connection that `stream` began has not come to stand.
#[track_caller]
fn stands_not(listener: &TcpListener, stream: &TcpStream) {
    assert!(stream.peer_addr().is_err());
    assert_eq!(listener.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
}

#[test]
fn a_connection_stands_in_either_family() {
    for address in [V4, V6] {
        let listener = listener(CommonOptions::default(), address);
        let (accepted, _) = stands(&listener, dial(CommonOptions::default(), &listener, None));
        assert!(accepted.nodelay().unwrap(), "the listener's option is inherited");
    }
}

#[test]
fn the_right_key_connects_and_wrong_missing_and_unwanted_keys_do_not() {
    let Some(place) = Place::new() else { return };
    for address in [V4, V6] {
        let signed = listener(inside(&place), address);
        set_md5(&signed, address, Some(&key("right"))).unwrap();
        let plain = listener(inside(&place), address);
        for (listener, dialled, counter) in [
            (&signed, Some("wrong"), "TCPMD5Failure"),
            (&signed, None, "TCPMD5NotFound"),
            (&plain, Some("right"), "TCPMD5Unexpected"),
        ] {
            let before = place.counter(counter);
            let stream = dial(inside(&place), listener, dialled.map(key));
            place.await_counter(counter, before);
            stands_not(listener, &stream);
        }
        stands(&signed, dial(inside(&place), &signed, Some(key("right"))));
        stands(&plain, dial(inside(&place), &plain, None));
    }
}

#[test]
fn a_key_of_a_prefix_serves_its_addresses_and_no_others() {
    let Some(place) = Place::new() else { return };
    place.add_address_v6("2001:db8::1");
    place.add_address_v6("2001:db8:0:1::1");
    let cases: [(IpAddr, u8, &str, &str); 2] = [
        (Ipv4Addr::new(127, 1, 2, 3).into(), 16, "127.1.9.9", "127.2.0.1"),
        ("2001:db8::77".parse().unwrap(), 64, "2001:db8::1", "2001:db8:0:1::1"),
    ];
    for (address, length, near, far) in cases {
        let any: IpAddr = if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let listener = listener(inside(&place), any);
        let peers = Peers { address, length };
        set_md5(&listener, peers, Some(&key("shared"))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let from = |source: &str, md5: Option<Key>| {
            let source: IpAddr = source.parse().unwrap();
            let remote: IpAddr = if source.is_ipv4() { V4 } else { near.parse().unwrap() };
            let local = Some(SocketAddr::new(source, 0));
            let common = inside(&place);
            connect(&ConnectOptions { common, local, md5, remote: SocketAddr::new(remote, port) }).unwrap()
        };
        stands(&listener, from(near, Some(key("shared"))));
        let before = place.counter("TCPMD5NotFound");
        let unsigned = from(near, None);
        place.await_counter("TCPMD5NotFound", before);
        stands_not(&listener, &unsigned);
        drop(unsigned);
        stands(&listener, from(far, None));
        // Taken away, it asks for nothing any more, and there is nothing left to take away.
        set_md5(&listener, peers, None).unwrap();
        stands(&listener, from(near, None));
        assert_eq!(set_md5(&listener, peers, None).unwrap_err().kind(), ErrorKind::NotFound);
    }
}

#[test]
fn a_prefix_longer_than_an_address_has_no_key() {
    let listener = listener(CommonOptions::default(), V4);
    let fault = set_md5(&listener, Peers { address: V4, length: 33 }, Some(&key("k"))).unwrap_err();
    assert_eq!(fault.kind(), ErrorKind::InvalidInput);
    assert_eq!(fault.to_string(), "prefix length 33 is beyond 32 bits");
}

#[test]
fn generalized_ttl_security_refuses_a_ttl_of_254() {
    let Some(place) = Place::new() else { return };
    for address in [V4, V6] {
        let listener = listener(CommonOptions { ttl: Some(255), min_ttl: Some(255), ..inside(&place) }, address);
        let before = place.counter("TCPMinTTLDrop");
        let stream = dial(CommonOptions { ttl: Some(254), ..inside(&place) }, &listener, None);
        place.await_counter("TCPMinTTLDrop", before);
        stands_not(&listener, &stream);
        // The accepted end sends with 255 as well, or the dialling end would not take it.
        let near = CommonOptions { ttl: Some(255), min_ttl: Some(255), ..inside(&place) };
        stands(&listener, dial(near, &listener, None));
    }
}

#[test]
fn a_device_is_bound_or_named_in_the_error() {
    let Some(place) = Place::new() else { return };
    let lo = |place: &Place| CommonOptions { device: Some("lo".into()), ..inside(place) };
    let listener = listener(lo(&place), V4);
    stands(&listener, dial(lo(&place), &listener, None));
    let nowhere = CommonOptions { device: Some("nowhere0".into()), ..inside(&place) };
    let fault = listen(&ListenOptions { common: nowhere, ..ListenOptions::new((V4, 0).into()) }).unwrap_err();
    let step = fault.get_ref().unwrap().downcast_ref::<StepError>().unwrap();
    assert_eq!(step.step(), "SO_BINDTODEVICE");
    assert!(fault.to_string().starts_with("SO_BINDTODEVICE: No such device"), "{fault}");
}

#[test]
fn an_address_that_is_not_there_is_bound_only_when_asked() {
    for address in ["192.0.2.1", "2001:db8::1"] {
        let mut options = ListenOptions::new(SocketAddr::new(address.parse().unwrap(), 0));
        assert_eq!(listen(&options).unwrap_err().kind(), ErrorKind::AddrNotAvailable);
        options.common.freebind = true;
        listen(&options).unwrap();
    }
}

#[test]
fn a_listener_comes_back_at_once_on_its_port() {
    let first = listener(CommonOptions::default(), V4);
    let address = first.local_addr().unwrap();
    let (accepted, dialled) = stands(&first, dial(CommonOptions::default(), &first, None));
    // The end that closes first lingers in TIME-WAIT with the port.
    drop(accepted);
    drop((dialled, first));
    listen(&ListenOptions::new(address)).unwrap();
}

#[test]
fn a_namespace_has_ports_of_its_own_and_the_caller_stays_at_home() {
    let Some(place) = Place::new() else { return };
    let home = || std::fs::read_link("/proc/thread-self/ns/net").unwrap();
    let before = home();
    let there = listener(inside(&place), V4);
    let address = there.local_addr().unwrap();
    // The same port is free at home: two namespaces, two worlds.
    let here = listen(&ListenOptions::new(address)).unwrap();
    stands(&there, dial(inside(&place), &there, None));
    stands(&here, dial(CommonOptions::default(), &here, None));
    assert_eq!(before, home());
}

#[test]
fn what_is_no_namespace_is_refused() {
    for name in ["", "..", "a/b"] {
        assert_eq!(Namespace::named(name).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
    assert_eq!(Namespace::named("no-such-namespace").unwrap_err().kind(), ErrorKind::NotFound);
    let namespace = Some(Namespace::at(std::path::Path::new("/dev/null")).unwrap());
    let common = CommonOptions { namespace, ..CommonOptions::default() };
    let fault = listen(&ListenOptions { common, ..ListenOptions::new((V4, 0).into()) }).unwrap_err();
    assert!(fault.to_string().starts_with("setns: "), "{fault}");
}

#[test]
fn tcp_ao_is_there_or_says_that_it_is_not() {
    use socket::ao::{Algorithm, MasterKey, add_key, is_supported, remove_key};
    let listener = listener(CommonOptions::default(), V4);
    let tuple = MasterKey { key: key("master"), algorithm: Algorithm::HmacSha1, send_id: 1, receive_id: 2 };
    let (added, removed) = (add_key(&listener, V4, &tuple), remove_key(&listener, V4, 1, 2));
    if is_supported(&listener) {
        added.unwrap();
        removed.unwrap();
    } else {
        for answer in [added, removed] {
            assert_eq!(answer.unwrap_err().kind(), ErrorKind::Unsupported);
        }
    }
}
