//! What the reader takes, what it refuses and how it says so.

use super::*;
use std::io;
use std::path::Path;

const EXAMPLE: &str = include_str!("../../../../examples/edge.toml");

fn files(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("key") => Ok("tiger\n".to_owned()),
        Some("list") => Ok("# services\n13.107.6.152/31\n\n2603:1006::/40 # v6\n".to_owned()),
        Some("bad-list") => Ok("13.107.6.152/31\n13.107.6.153/31\n".to_owned()),
        Some("long-key") => Ok("k".repeat(81)),
        _ => Err(io::ErrorKind::NotFound.into()),
    }
}

fn parse(text: &str) -> Result<Config, Refused> {
    Config::parse("edge.toml", text, catalog::Catalog::builtin(), &mut files)
}

/// The least that an edge needs, and a domain to add tables to.
fn edge(more: &str) -> String {
    format!("name = 'e'\nrouter-id = '10.0.0.1'\n[[domain]]\nname = 'd'\npeering = 'private'\n{more}")
}

fn peer(more: &str) -> String {
    edge(&format!("[[domain.peer]]\nname = 'p'\naddress = '10.0.0.2'\nasn = 65001\n{more}"))
}

#[test]
fn the_example_is_a_configuration() {
    let config = parse(EXAMPLE).unwrap();
    assert_eq!(config.domains.len(), 2);
    assert_eq!(config.domains[0].peers[1].role, Side::Gateway);
    assert_eq!(config.domains[1].route_filter.as_ref().unwrap()[0].to_string(), "12076:5010");
}

#[test]
fn what_is_left_out_has_the_value_that_the_reference_names() {
    let config = parse(&peer("bfd = {}")).unwrap();
    assert_eq!(config.asn.0, 12076);
    assert_eq!(config.listen.len(), 2);
    let peer = &config.domains[0].peers[0];
    assert_eq!((peer.port.get16(), peer.hold_time.get(), peer.families()), (179, 180, (true, false)));
    assert_eq!(peer.bfd.as_ref().unwrap().timing(), (300, 3));
    for section in SECTIONS {
        assert!(section.keys.iter().all(|key| !(key.expected)().is_empty() && !key.doc.trim().is_empty()));
    }
}

#[test]
fn keys_and_lists_come_from_files() {
    let config =
        parse(&peer("md5 = { file = 'key' }\n[[feed]]\nname = 'f'\nfile = 'list'\ncommunities = ['exchange']"));
    let config = config.unwrap();
    assert_eq!(config.domains[0].peers[0].md5.as_ref().unwrap().secret(), b"tiger");
    assert_eq!(config.feeds[0].all(model::Family::V6).count(), 1);
}

#[test]
fn a_key_is_never_shown() {
    let secret = "hunter2-".repeat(11);
    let config = parse(&peer("md5 = 'swordfish'")).unwrap();
    assert!(!format!("{config:?}").contains("swordfish"));
    for wrong in [format!("md5 = '{secret}'"), format!("md5 = ['{secret}']"), format!("md5 = {{ key = '{secret}' }}")] {
        assert!(!parse(&peer(&wrong)).unwrap_err().to_string().contains("hunter2"));
    }
}

#[test]
fn every_problem_is_told_with_its_place_and_what_was_expected() {
    let cases = [
        ("syntax", edge("sku = \"premium\n")),
        ("nothing", String::new()),
        ("unknown keys", format!("nme = 'x'\n{}", peer("adress = '10.0.0.3'\nweigth = 5"))),
        ("types", peer("passive = 'yes'\nweight = -1\nport = 70000\nhold-time = [1]\nlocal-address = '10.0.0'")),
        ("words", edge("sku = 'gold'\n[[domain.peer]]\nname='p'\naddress='10.0.0.2'\nasn=1\nrole='custmer'")),
        ("prefixes", edge("[[domain.route]]\nprefix = '10.1.2.3/16'")),
        ("communities", edge("[[domain.route]]\nprefix = '10.1.0.0/16'\ncommunities = ['westeurop', '12076:70000']")),
        ("unlike any key", edge("colour = 'red'")),
        ("names", edge("[[domain]]\nname = 'd'\npeering = 'open'")),
        ("name of two words", edge("[[domain]]\nname = 'a/b'\npeering = 'open'")),
        (
            "addresses",
            peer("[[domain]]\nname='o'\npeering='open'\n[[domain.peer]]\nname='q'\naddress='10.0.0.2'\nasn=7"),
        ),
        ("short hold time", peer("hold-time = 2")),
        ("own AS", edge("[[domain.peer]]\nname = 'p'\naddress = '10.0.0.2'\nasn = 12076")),
        ("no AS", edge("[[domain.peer]]\nname = 'p'\naddress = '10.0.0.2'\nasn = 0")),
        ("other family", peer("local-address = 'fd00::1'\nfamilies = []")),
        ("microsoft only", edge("route-filter = ['exchange']")),
        ("prefixes missing", edge("[[domain]]\nname = 'm'\npeering = 'microsoft'")),
        ("listen without namespace", edge("listen = ['10.0.0.9:179']")),
        ("vnet communities of a customer", peer("vnet-communities = ['12076:20001']")),
        ("files", peer("md5 = { file = 'nowhere' }\n[[feed]]\nname = 'f'\nfile = 'bad-list'\ncommunities = []")),
        ("long key", peer("md5 = { file = 'long-key' }")),
        ("bfd", peer("bfd = { interval-ms = 5, multiplier = 300 }")),
        ("device", peer("device = 'a-device-with-a-long-name'")),
        ("long message", peer(&format!("shutdown = '{}'", "x".repeat(256)))),
        ("router id", "name = 'e'\nrouter-id = '0.0.0.0'\nlisten = ['127.0.0.1:179', '127.0.0.1:179']".to_owned()),
        ("location", "name = 'e'\nrouter-id = '10.0.0.1'\nlocation = 'Amsterdm'".to_owned()),
        ("two routes", edge("[[domain.route]]\nprefix = '10.0.0.0/8'\n[[domain.route]]\nprefix = '10.0.0.0/8'")),
    ];
    let told: String =
        cases.iter().map(|(name, text)| format!("── {name}\n{}\n\n", parse(text).expect_err(name))).collect();
    insta::assert_snapshot!(told);
}

#[test]
fn a_peer_may_share_its_address_where_ours_tells_them_apart() {
    let two =
        "local-address = '10.0.0.1'\n[[domain.peer]]\nname='q'\naddress='10.0.0.2'\nasn=7\nlocal-address='10.0.0.5'";
    parse(&peer(two)).unwrap();
    parse(&peer(
        "[[domain]]\nname='o'\npeering='open'\nnamespace='n'\n[[domain.peer]]\nname='q'\naddress='10.0.0.2'\nasn=7",
    ))
    .unwrap();
}

#[test]
fn columns_count_characters() {
    let refused = parse("name = 'é'; x = 1").unwrap_err();
    assert_eq!(refused.line_column("name = 'é'".len()), (1, 11));
}

#[test]
fn ten_thousand_peers_are_read_in_one_go() {
    let peers: String = (0..10_000u32)
        .map(|i| {
            let address = std::net::Ipv4Addr::from(0x0a00_0000 + i);
            let local = std::net::Ipv4Addr::from(0xc0a8_0000 + i);
            format!(
                "[[domain]]\nname = 'circuit-{i}'\npeering = 'private'\nsku = 'premium'\n[[domain.peer]]\nname = 'ce'\n\
                 address = '{address}'\nlocal-address = '{local}'\nasn = {}\npassive = true\nhold-time = 180\n",
                64512 + i % 1000
            )
        })
        .collect();
    let config = parse(&format!("name = 'e'\nrouter-id = '10.0.0.1'\n{peers}")).unwrap();
    assert_eq!(config.domains.len(), 10_000);
    assert_eq!(diff(&config, &config), []);
}
