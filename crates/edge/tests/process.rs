//! A whole edge on the loopback device, with small routers around it.

#![allow(clippy::unwrap_used, reason = "the helpers of tests may, as the tests do")]

mod support;

use bgp_wire::Cause;
use edge::control::{Request, RouteRow, RouteSide, RoutesRequest, SessionRow, SummaryRow};
use edge::process::End;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use support::{Heard, Router, Running, domain, peer, prefix};

const ALL: Request = Request::Sessions { domain: None };

fn established(count: usize) -> impl Fn(&[SessionRow]) -> bool {
    move |rows| rows.iter().filter(|row| row.state == "Established").count() == count
}

fn routes(domain: &str) -> Request {
    Request::Routes(RoutesRequest { domain: Some(domain.to_owned()), ..RoutesRequest::default() })
}

#[test]
fn routes_go_from_peer_to_peer_and_are_shown() {
    let edge = Running::start(&domain("d", &(peer("a", 2, "") + &peer("b", 3, ""))));
    let mut a = Router::up(edge.address, 2);
    let mut b = Router::up(edge.address, 3);
    a.announce(&[prefix("192.0.2.0/24")]);
    while b.hear() != Heard::Update {}
    let rows = edge.wait(&routes("d"), |rows: &[RouteRow]| rows.len() == 1);
    assert_eq!((rows[0].network.as_str(), rows[0].path.as_str()), ("192.0.2.0/24", "65002 i"));
    let told = Request::Routes(RoutesRequest {
        peer: Some("b".to_owned()),
        side: RouteSide::Advertised,
        ..RoutesRequest::default()
    });
    assert_eq!(edge.rows::<RouteRow>(&told)[0].path, "65000 65002 i");
    let summary = edge.rows::<SummaryRow>(&Request::Summary { domain: None });
    assert_eq!((summary[0].state_pfx_rcd.as_str(), summary[1].state_pfx_rcd.as_str()), ("1", "0"));
}

#[test]
fn the_same_prefixes_in_two_domains_are_two_routes() {
    let edge = Running::start(&(domain("one", &peer("a", 2, "")) + &domain("two", &peer("a", 3, ""))));
    let mut one = Router::up(edge.address, 2);
    let mut two = Router::up(edge.address, 3);
    one.announce(&[prefix("10.0.0.0/8"), prefix("10.1.0.0/16")]);
    two.announce(&[prefix("10.0.0.0/8")]);
    edge.wait(&routes("one"), |rows: &[RouteRow]| rows.len() == 2);
    let rows = edge.wait(&routes("two"), |rows: &[RouteRow]| rows.len() == 1);
    assert_eq!(rows[0].path, "65003 i");
}

#[test]
fn a_stranger_is_sent_away_and_told_why() {
    let edge = Running::start(&domain("d", &peer("a", 2, "")));
    let mut stranger = Router::connect(edge.address, 9);
    assert_eq!(stranger.last_words().unwrap().cause, Cause::CONNECTION_REJECTED);
}

#[test]
fn a_peer_with_ttl_security_is_not_heard_from_afar() {
    let edge = Running::start(&domain("d", &peer("a", 2, "ttl-security = true")));
    let mut a = Router::connect(edge.address, 2);
    edge.wait(&ALL, |rows: &[SessionRow]| rows[0].state == "OpenSent");
    a.open();
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(edge.rows::<SessionRow>(&ALL)[0].state, "OpenSent");
    // The same segments, as of a neighbour: TCP sends them again.
    a.set_ttl(255);
    a.finish();
    edge.wait(&ALL, established(1));
}

#[test]
fn a_peer_is_known_by_the_address_that_it_calls() {
    let both = peer("a", 2, "local-address = '127.0.0.1'") + &peer("b", 2, "local-address = '127.0.0.8'");
    let edge = Running::start(&domain("d", &both));
    let _a = Router::up(edge.address, 2);
    let rows: Vec<SessionRow> = edge.wait(&ALL, established(1));
    assert_eq!((rows[0].state.as_str(), rows[1].state.as_str()), ("Established", "Active"));
}

#[test]
fn a_reload_touches_only_what_changed() {
    let edge = Running::start(&domain("d", &(peer("a", 2, "") + &peer("b", 3, "") + &peer("c", 4, ""))));
    let mut routers = [2, 3, 4].map(|octet| Router::up(edge.address, octet));
    edge.wait(&ALL, established(3));
    let other =
        peer("a", 2, "description = 'for people'\nweight = 7") + &peer("c", 4, "hold-time = 9") + &peer("d", 5, "");
    let said = edge.reload(&domain("d", &other)).unwrap();
    assert_eq!(said, "1 peers added; 1 peers removed; 1 sessions reset; 1 peers changed");
    let [a, b, c] = &mut routers;
    assert_eq!(b.last_words().unwrap().cause, Cause::PEER_DECONFIGURED);
    assert_eq!(c.last_words().unwrap().cause, Cause::CONFIGURATION_CHANGE);
    a.announce(&[prefix("192.0.2.0/24")]);
    let rows = edge.wait(&routes("d"), |rows: &[RouteRow]| rows.len() == 1);
    assert_eq!(rows[0].weight, 7, "judged by the new policy over the old session");
    let _d = Router::up(edge.address, 5);
    edge.wait(&ALL, established(2));
}

#[test]
fn a_reload_with_an_error_changes_nothing() {
    let edge = Running::start(&domain("d", &peer("a", 2, "")));
    let mut a = Router::up(edge.address, 2);
    let said = edge.reload(&domain("d", "colour = 'red'")).unwrap_err();
    assert!(said.contains("unknown key `colour`"), "{said}");
    a.announce(&[prefix("192.0.2.0/24")]);
    edge.wait(&routes("d"), |rows: &[RouteRow]| rows.len() == 1);
}

#[test]
fn a_table_is_told_page_by_page_and_whole() {
    let edge = Running::start(&domain("d", &peer("a", 2, "")));
    let mut a = Router::up(edge.address, 2);
    let many: Vec<_> = (0..20_000u32).map(|i| prefix(&format!("10.{}.{}.0/24", i >> 8, i & 255))).collect();
    a.announce(&many);
    let rows = edge.wait(&routes("d"), |rows: &[RouteRow]| rows.len() == many.len());
    assert!(rows.windows(2).all(|pair| pair[0].network != pair[1].network));
    let first = RoutesRequest { limit: Some(3), ..RoutesRequest::default() };
    assert_eq!(edge.rows::<RouteRow>(&Request::Routes(first)).len(), 3);
}

#[test]
fn a_session_is_shut_down_with_a_message_and_started_again() {
    let edge = Running::start(&domain("d", &peer("a", 2, "")));
    let mut a = Router::up(edge.address, 2);
    let message = Some("back at four".to_owned());
    edge.tell(&Request::Shutdown { peer: "d/a".to_owned(), message }).unwrap();
    let words = a.last_words().unwrap();
    assert_eq!(words.cause, Cause::ADMINISTRATIVE_SHUTDOWN);
    assert_eq!(words.text().unwrap().as_str(), "back at four");
    edge.tell(&Request::Start { peer: "a".to_owned() }).unwrap();
    let _a = Router::up(edge.address, 2);
    edge.wait(&ALL, established(1));
}

#[test]
fn a_peering_that_is_not_validated_stays_down_and_says_so() {
    let microsoft = "[[domain]]\nname = 'm'\npeering = 'microsoft'\nadvertised-prefixes = ['51.4.0.0/16']\nvalidation = 'validation needed'\n";
    let edge = Running::start(&(microsoft.to_owned() + &peer("a", 2, "")));
    let said = edge.tell(&Request::Start { peer: "a".to_owned() }).unwrap_err();
    assert!(said.starts_with("m/a stays down: prefix-validation"), "{said}");
}

#[test]
fn peers_are_told_when_the_edge_stops() {
    let mut edge = Running::start(&domain("d", &peer("a", 2, "")));
    let mut a = Router::up(edge.address, 2);
    edge.wait(&ALL, established(1));
    assert_eq!(edge.end(End::Stop), End::Stop);
    assert_eq!(a.last_words().unwrap().cause, Cause::ADMINISTRATIVE_SHUTDOWN);
    assert!(!edge.path("edge.sock").exists());
}

#[test]
fn peers_that_wait_are_told_nothing_when_the_edge_restarts() {
    let mut edge = Running::start(&domain("d", &(peer("a", 2, "graceful-restart = true") + &peer("b", 3, ""))));
    let (mut a, mut b) = (Router::up(edge.address, 2), Router::up(edge.address, 3));
    edge.wait(&ALL, established(2));
    assert_eq!(edge.end(End::Restart), End::Restart);
    assert_eq!(a.last_words(), None);
    assert_eq!(b.last_words().unwrap().cause, Cause::ADMINISTRATIVE_RESET);
    assert!(edge.path("state/restart.json").exists());
}

#[test]
fn the_control_socket_is_its_owners_and_answers_nonsense_with_a_sentence() {
    let edge = Running::start(&domain("d", &peer("a", 2, "")));
    let mode = std::fs::metadata(edge.path("edge.sock")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut stream = UnixStream::connect(edge.path("edge.sock")).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    for (nonsense, expected) in [
        ("hello", "no request: "),
        (r#"{"ask":"everything"}"#, "no request: unknown variant `everything`"),
        (r#"{"ask":"routes","domain":"x"}"#, "no domain `x`"),
        (r#"{"ask":"routes","within":"10.0.0.1/8"}"#, "10.0.0.1/8 has host bits set"),
        (r#"{"ask":"refresh","peer":"zzz"}"#, "no peer `zzz`"),
    ] {
        writeln!(stream, "{nonsense}").unwrap();
        let answer = lines.next().unwrap().unwrap();
        assert!(answer.starts_with(&format!(r#"{{"error":"{expected}"#)), "{answer}");
    }
    // A line without an end is not kept for ever.
    let _ = stream.write_all(&vec![b'x'; 70_000]);
    assert!(lines.next().unwrap().unwrap().contains("more than 65536 bytes"));
    assert!(lines.next().is_none_or(|line| line.is_err()));
}

#[test]
fn a_second_edge_does_not_take_the_socket_of_a_running_one() {
    let edge = Running::start(&domain("d", &peer("a", 2, "")));
    let catalog = std::sync::Arc::new(catalog::Catalog::with_files(|_| None).unwrap());
    let error = edge::process::Edge::start(&edge.folder().join("edge.toml"), catalog).unwrap_err();
    assert!(error.to_string().starts_with("control socket"), "{error}");
    assert!(edge.rows::<SessionRow>(&ALL).len() == 1);
}

/// What an HTTP client gets.
fn http(edge: &Running, request: &str) -> String {
    let mut stream = std::net::TcpStream::connect(edge.metrics).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn prometheus_is_told_of_sessions_routes_and_notifications() {
    let edge = Running::start(&domain("d", &(peer("a", 2, "") + &peer("b", 3, ""))));
    let mut a = Router::up(edge.address, 2);
    a.announce(&[prefix("192.0.2.0/24"), prefix("198.51.100.0/24")]);
    edge.wait(&routes("d"), |rows: &[RouteRow]| rows.len() == 2);
    edge.tell(&Request::Shutdown { peer: "b".to_owned(), message: None }).unwrap();
    let page = http(&edge, "GET /metrics HTTP/1.1\r\nHost: edge\r\n\r\n");
    let (head, body) = page.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    for line in [
        "twinpath_edge_sessions{state=\"Established\"} 1",
        "twinpath_edge_sessions{state=\"Idle\"} 1",
        "twinpath_edge_prefixes_received{domain=\"d\",peer=\"a\",family=\"ipv4\"} 2",
        "twinpath_edge_session_up{domain=\"d\",peer=\"b\"} 0",
        "twinpath_edge_updates_received_total{domain=\"d\",peer=\"a\"} 1",
        "# TYPE twinpath_edge_hold_margin_seconds gauge",
        "twinpath_edge_strangers_total 0",
    ] {
        assert!(body.lines().any(|has| has == line), "no `{line}` in:\n{body}");
    }
    assert!(http(&edge, "GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
    assert!(http(&edge, "hello\r\n\r\n").starts_with("HTTP/1.1 405 "));
}

#[test]
fn a_table_is_dumped_for_tools_that_read_mrt() {
    let edge = Running::start(&domain(
        "d",
        &(peer("a", 2, "") + &peer("b", 3, "") + "[[domain.route]]\nprefix = '10.0.0.0/8'\n"),
    ));
    let mut a = Router::up(edge.address, 2);
    a.announce(&[prefix("192.0.2.0/24"), prefix("10.0.0.0/8")]);
    edge.wait(&routes("d"), |rows: &[RouteRow]| rows.len() == 3);
    let parts = edge.rows::<String>(&Request::Dump { domain: None });
    let dump: Vec<u8> = parts.iter().flat_map(|part| edge::record::from_hex(part).unwrap()).collect();
    // Type and subtype of each record: PEER_INDEX_TABLE and two times RIB_IPV4_UNICAST of TABLE_DUMP_V2.
    let (mut rest, mut records) = (&dump[..], Vec::new());
    while let Some((head, more)) = rest.split_at_checked(12) {
        records.push((head[5], head[7]));
        let length = u32::from_be_bytes([head[8], head[9], head[10], head[11]]) as usize;
        rest = &more[length..];
    }
    assert_eq!((rest.len(), records), (0, vec![(13, 1), (13, 2), (13, 2)]));
}

/// The type of the next message to a monitoring station, and its bytes.
fn bmp(stream: &mut std::net::TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 6];
    stream.read_exact(&mut head).unwrap();
    let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
    let mut body = vec![0; length - head.len()];
    stream.read_exact(&mut body).unwrap();
    assert_eq!(head[0], 3, "the version of BMP");
    (head[5], body)
}

#[test]
fn a_monitoring_station_is_told_what_was_there_and_what_comes() {
    const ROUTES: u8 = 0;
    const DOWN: u8 = 2;
    const UP: u8 = 3;
    const INITIATION: u8 = 4;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let station = format!("[[bmp]]\naddress = '{}'\nretry = 1\n", listener.local_addr().unwrap());
    let edge = Running::start(&(domain("d", &(peer("a", 2, "") + &peer("b", 3, ""))) + &station));
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    assert_eq!(bmp(&mut stream).0, INITIATION);
    let mut a = Router::up(edge.address, 2);
    assert_eq!(bmp(&mut stream).0, UP);
    a.announce(&[prefix("192.0.2.0/24")]);
    let (kind, routes) = bmp(&mut stream);
    assert_eq!((kind, &routes[routes.len() - 4..]), (ROUTES, &[24, 192, 0, 2][..]));
    // The station goes and comes back: it is told all of it again.
    drop(stream);
    a.announce(&[prefix("198.51.100.0/24")]);
    let (mut stream, _) = loop {
        a.announce(&[prefix("203.0.113.0/24")]);
        listener.set_nonblocking(true).unwrap();
        match listener.accept() {
            Ok(accepted) => break accepted,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(50)),
        }
    };
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    assert_eq!(bmp(&mut stream).0, INITIATION);
    assert_eq!(bmp(&mut stream).0, UP);
    assert_eq!(bmp(&mut stream).0, ROUTES);
    drop(a);
    while bmp(&mut stream).0 != DOWN {}
}

#[test]
fn a_recording_is_played_again_with_the_same_words() {
    let record = "[record]\nfile = 'day.jsonl'\n";
    let peers = peer("a", 2, "md5 = 'swordfish'\nshutdown = ''") + &peer("b", 3, "") + &peer("c", 4, "weight = 5");
    let route = "[[domain.route]]\nprefix = '10.0.0.0/8'\ncommunities = ['12076:50002']\n";
    let mut edge = Running::start(&(domain("d", &(peers.clone() + route)) + record));
    let (mut b, mut c) = (Router::up(edge.address, 3), Router::up(edge.address, 4));
    b.announce(&[prefix("192.0.2.0/24")]);
    while c.hear() != Heard::Update {}
    edge.wait(&routes("d"), |rows: &[RouteRow]| rows.len() == 2);
    edge.tell(&Request::Drain { domain: None, on: true }).unwrap();
    edge.reload(&(domain("d", &peers.replace("weight = 5", "weight = 6")) + record)).unwrap();
    edge.end(End::Stop);
    assert!(c.last_words().is_some());

    let recordings = [0, 1].map(|worker| std::fs::read(edge.path(&format!("day.jsonl.worker-{worker}"))).unwrap());
    let text = recordings.map(|recording| String::from_utf8(recording).unwrap());
    assert!(text.iter().all(|text| !text.contains("swordfish") && text.contains("redacted")));
    let busy = text.iter().find(|text| text.contains("received")).unwrap();
    let play = || {
        let mut out = Vec::new();
        edge::record::replay(busy.as_bytes(), catalog::Catalog::builtin(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let played = play();
    assert_eq!(played, play());
    // What the routers heard is what is played, byte for byte.
    while c.hear() != Heard::Closed {}
    let mut said: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
    for line in played.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        for out in ["sent", "close"].iter().filter_map(|kind| line["out"].get(kind)) {
            let bytes = edge::record::from_hex(out["bytes"].as_str().unwrap()).unwrap();
            said.entry(out["conn"].as_u64().unwrap()).or_default().extend(bytes);
        }
    }
    assert!(said.values().any(|said| *said == c.heard), "{:?} was heard, {said:?} was played", c.heard);
    let later = busy.split_once('\n').unwrap().1;
    let error = edge::record::replay(later.as_bytes(), catalog::Catalog::builtin(), &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("does not begin with the start"), "{error}");
}
