//! Datagrams on the loopback of a namespace.

use crate::place::{Place, within_reason};
use socket::tcp::CommonOptions;
use socket::udp::{self, Datagrams, Inbox, MAX_PAYLOAD, Outbox, interface_index};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime};

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);
const ANY: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED)];
const PORTS: std::ops::RangeInclusive<u16> = 49152..=65535;

fn options() -> CommonOptions {
    CommonOptions { ttl: Some(255), ..CommonOptions::default() }
}

fn pair(any: IpAddr, options: &CommonOptions) -> (Datagrams, Datagrams) {
    let receiver = Datagrams::receiving((any, 0).into(), 1 << 20, options).unwrap();
    (Datagrams::sending(any, PORTS, 50_000, options).unwrap(), receiver)
}

/// Waits for that many datagrams and gives payload, hop limit, sender, and interface of each.
fn read(receiver: &Datagrams, count: usize) -> Vec<(Vec<u8>, Option<u8>, SocketAddr, u32)> {
    let mut inbox = Inbox::new();
    let mut all = Vec::new();
    while all.len() < count {
        within_reason(|| (receiver.receive(&mut inbox).unwrap() > 0).then_some(()), "a datagram");
        all.extend(inbox.datagrams().map(|d| (d.payload.to_vec(), d.hop_limit, d.from, d.interface)));
    }
    all
}

#[test]
fn a_datagram_tells_its_hop_limit_interface_addresses_and_time() {
    for (loopback, any) in [V4, V6].into_iter().zip(ANY) {
        let (sender, receiver) = pair(any, &options());
        let to = SocketAddr::new(loopback, receiver.local_addr().unwrap().port());
        let before = SystemTime::now();
        let mut outbox = Outbox::new();
        outbox.push(b"hello", to, Some(loopback), 0).unwrap();
        let sent = sender.send(&mut outbox);
        assert_eq!((sent.sent, sent.failed, outbox.len()), (1, 0, 0), "{sent:?}");
        let mut inbox = Inbox::new();
        within_reason(|| (receiver.receive(&mut inbox).unwrap() > 0).then_some(()), "the datagram");
        let datagrams: Vec<_> = inbox.datagrams().collect();
        let [datagram] = datagrams[..] else { panic!("{datagrams:?}") };
        assert_eq!((datagram.payload, datagram.hop_limit), (&b"hello"[..], Some(255)));
        assert_eq!(datagram.from, SocketAddr::new(loopback, sender.local_addr().unwrap().port()));
        assert!(PORTS.contains(&datagram.from.port()));
        assert_eq!(datagram.to, Some(loopback));
        assert_eq!(datagram.interface, interface_index("lo", None).unwrap());
        let at = datagram.at.unwrap();
        assert!(at + Duration::from_millis(1) >= before && at <= SystemTime::now(), "{at:?} {before:?}");
        assert_eq!(receiver.receive(&mut inbox).unwrap(), 0);
        assert_eq!(inbox.datagrams().count(), 0);
    }
}

#[test]
fn the_hop_limit_of_each_sender_is_told() {
    let (_, receiver) = pair(ANY[1], &options());
    let to = SocketAddr::new(V6, receiver.local_addr().unwrap().port());
    for ttl in [1, 254, 255] {
        let far = Datagrams::sending(V6, PORTS, 0, &CommonOptions { ttl: Some(ttl), ..options() }).unwrap();
        let mut outbox = Outbox::new();
        outbox.push(b"x", to, None, 0).unwrap();
        assert_eq!(far.send(&mut outbox).sent, 1);
        assert_eq!(read(&receiver, 1)[0].1, Some(ttl));
    }
}

#[test]
fn many_datagrams_keep_their_order_and_their_bytes() {
    for (loopback, any) in [V4, V6].into_iter().zip(ANY) {
        let (sender, receiver) = pair(any, &options());
        let to = SocketAddr::new(loopback, receiver.local_addr().unwrap().port());
        let mut outbox = Outbox::new();
        let payloads: Vec<Vec<u8>> = (0..200_u8).map(|n| vec![n; usize::from(n) % (MAX_PAYLOAD + 1)]).collect();
        for payload in &payloads {
            outbox.push(payload, to, None, 0).unwrap();
        }
        assert_eq!(sender.send(&mut outbox).sent, 200);
        let arrived: Vec<Vec<u8>> = read(&receiver, 200).into_iter().map(|(payload, ..)| payload).collect();
        assert_eq!(arrived, payloads);
    }
}

#[test]
fn what_cannot_be_sent_does_not_keep_the_rest() {
    let (sender, receiver) = pair(ANY[0], &options());
    let to = SocketAddr::new(V4, receiver.local_addr().unwrap().port());
    let mut outbox = Outbox::new();
    for number in 0..100_u8 {
        // Every tenth claims an address that is not ours.
        let from = (number % 10 == 3).then_some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)));
        outbox.push(&[number], to, from, 0).unwrap();
    }
    let sent = sender.send(&mut outbox);
    assert_eq!((sent.sent, sent.failed), (90, 10));
    assert!(sent.fault.is_some());
    let arrived: Vec<u8> = read(&receiver, 90).iter().map(|(payload, ..)| payload[0]).collect();
    assert_eq!(arrived, (0..100).filter(|number| number % 10 != 3).collect::<Vec<u8>>());
}

#[test]
fn a_longer_payload_is_cut_on_arrival_and_refused_on_sending() {
    let (_, receiver) = pair(ANY[0], &options());
    let to = SocketAddr::new(V4, receiver.local_addr().unwrap().port());
    assert_eq!(Outbox::new().push(&[0; MAX_PAYLOAD + 1], to, None, 0).unwrap_err().kind(), ErrorKind::InvalidInput);
    std::net::UdpSocket::bind((V4, 0)).unwrap().send_to(&[7; 9000], to).unwrap();
    assert_eq!(read(&receiver, 1)[0].0, [7; MAX_PAYLOAD]);
}

#[test]
fn a_sender_takes_the_next_free_port_of_the_range_and_says_when_there_is_none() {
    let Some(place) = Place::new() else { return };
    let options = CommonOptions { namespace: Some(place.namespace.clone()), ..options() };
    let sender = |first| Datagrams::sending(ANY[0], 60_000..=60_002, first, &options);
    let taken = [sender(60_001).unwrap(), sender(60_001).unwrap(), sender(60_001).unwrap()];
    let ports = taken.each_ref().map(|sender| sender.local_addr().unwrap().port());
    assert_eq!(ports, [60_001, 60_002, 60_000]);
    assert_eq!(sender(0).unwrap_err().kind(), ErrorKind::AddrInUse);
}

#[test]
fn datagrams_stay_in_their_namespace_and_go_over_the_interface_named() {
    let Some(place) = Place::new() else { return };
    place.run("ip link add near type veth peer name far; ip address add 10.0.0.1/24 dev near");
    place.run("ip link set near up; ip link set far up");
    let options = CommonOptions { namespace: Some(place.namespace.clone()), ..options() };
    let (sender, receiver) = pair(ANY[0], &options);
    let to = SocketAddr::new(Ipv4Addr::new(10, 0, 0, 1).into(), receiver.local_addr().unwrap().port());
    let mut outbox = Outbox::new();
    outbox.push(b"in", to, None, 0).unwrap();
    assert_eq!(sender.send(&mut outbox).sent, 1);
    assert_eq!(read(&receiver, 1)[0].0, b"in");
    let near = interface_index("near", Some(&place.namespace)).unwrap();
    assert_eq!(interface_index("near", None).unwrap_err().kind(), ErrorKind::NotFound);
    // Over an interface that is not there, nothing is sent.
    outbox.push(b"out", to, None, near + 100).unwrap();
    assert_eq!(sender.send(&mut outbox).failed, 1);
    // At home the address is not known.
    let (home, _) = pair(V4, &self::options());
    outbox.push(b"x", to, Some(V4), 0).unwrap();
    home.send(&mut outbox);
    assert_eq!(receiver.receive(&mut Inbox::new()).unwrap(), 0);
}

#[test]
fn a_thread_is_raised_as_far_as_it_may_be() {
    let raised = std::thread::spawn(|| (socket::priority::raise(), std::fs::read_to_string("/proc/thread-self/stat")));
    let (priority, stat) = raised.join().unwrap();
    let stat = stat.unwrap();
    // The fields behind the name, from the third: the 19th is nice, the 41st the policy (2 is SCHED_RR).
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let (nice, policy) = (fields[16], fields[38]);
    match priority {
        socket::priority::Priority::RealTime => assert_eq!(policy, "2"),
        socket::priority::Priority::Preferred => assert_eq!((nice, policy), ("-15", "0")),
        socket::priority::Priority::Ordinary => assert_eq!((nice, policy), ("0", "0")),
    }
}

#[test]
fn what_is_sent_in_one_call_is_cut_into_datagrams_and_may_be_read_in_one() {
    for loopback in [V4, V6] {
        let socket = || {
            let socket = std::net::UdpSocket::bind((loopback, 0)).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            socket
        };
        let (sender, one_by_one, whole) = (socket(), socket(), socket());
        udp::cut(&sender, 1_000).unwrap();
        udp::uncut(&whole, 1 << 20).unwrap();
        for to in [&one_by_one, &whole] {
            assert_eq!(sender.send_to(&[7; 2_500], to.local_addr().unwrap()).unwrap(), 2_500);
        }
        let mut room = [0; 4_096];
        let lengths = [(); 3].map(|()| one_by_one.recv(&mut room).unwrap());
        assert_eq!(lengths, [1_000, 1_000, 500]);
        assert_eq!(whole.recv(&mut room).unwrap(), 2_500);
    }
}
