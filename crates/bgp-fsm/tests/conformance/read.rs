//! The lines of an input.

use bgp_fsm::{BackOff, Config, Conn, Direction, Event, Graceful, OurRole, Stop, Time};
use bgp_wire::{
    AfiSafi, Capability, Cause, Families, Fault, GracefulRestart, HoldTime, Notification, Open, Problem, RefreshKind,
    RestartFamily, RestartTime, Role, RouteRefresh, RouterId, ShutdownText, iana,
};
use model::{Asn, Family};
use serde_json::Value;
use std::time::Duration;

/// The events of RFC 4271, section 8.1, that come from outside, by what the machine is told. 14 and 15 are the
/// caller's, who knows which connections to take; 23 is what [`Event::Open`] leads to.
pub(crate) const KINDS: [&str; 13] = [
    "start (1, 3 to 7)",
    "stop (2, 8)",
    "timer (9 to 13)",
    "connection made (16, 17)",
    "connection failed (18)",
    "OPEN (19, 20)",
    "header error (21)",
    "OPEN error (22)",
    "NOTIFICATION of a version error (24)",
    "NOTIFICATION (25)",
    "KEEPALIVE (26)",
    "UPDATE (27)",
    "UPDATE error (28)",
];

/// Which kinds an event is of.
pub(crate) fn kinds(event: &Event) -> Option<&'static str> {
    let index = match event {
        Event::Start => 0,
        Event::Stop(_) => 1,
        Event::Timer => 2,
        Event::Connected { .. } => 3,
        Event::ConnectFailed | Event::Closed { .. } => 4,
        Event::Open { .. } => 5,
        Event::Fault { fault, .. } => match fault.notification().cause.code {
            iana::error_code::MESSAGE_HEADER => 6,
            iana::error_code::OPEN => 7,
            iana::error_code::UPDATE => 12,
            _ => return None,
        },
        Event::Notification { notification, .. } if notification.cause == Cause::UNSUPPORTED_VERSION => 8,
        Event::Notification { .. } => 9,
        Event::Keepalive { .. } => 10,
        Event::Update { .. } | Event::EndOfRib { .. } => 11,
        Event::RouteRefresh { .. }
        | Event::PrefixLimit { .. }
        | Event::BfdDown
        | Event::SendBlocked { .. }
        | Event::SendProgress { .. }
        | Event::AskRefresh { .. } => return None,
    };
    Some(KINDS[index])
}

/// We are AS 65001 with 10.0.0.1, the peer is AS 65002.
pub(crate) fn usual_config() -> Config {
    Config::new(Asn(65001), RouterId::try_from(0x0A00_0001).expect("not zero"), Asn(65002))
}

pub(crate) fn change_config(config: &mut Config, changes: &Value) {
    for (key, value) in changes.as_object().expect("an object") {
        match key.as_str() {
            "asn" => config.local_asn = Asn(number(value)),
            "id" => config.router_id = router_id(value),
            "peer_asn" => config.peer_asn = Asn(number(value)),
            "passive" => config.passive = flag(value),
            "families" => config.families = families(value),
            "required" => config.required = families(value),
            "hold" => config.hold_time = hold_time(value),
            "shortest_hold" => config.shortest_hold_time = number(value) as u16,
            "accept_no_hold" => config.accept_no_hold_time = flag(value),
            "connect_retry" => config.connect_retry = span(value),
            "delay_open" => config.delay_open = span(value),
            "idle_hold" => config.idle_hold = BackOff { first: span(&value[0]), most: span(&value[1]) },
            "prefix_limit_hold" => config.prefix_limit_hold = Some(span(value)),
            "send_hold" => config.send_hold = span(value),
            "refresh_time" => config.refresh_time = span(value),
            "extended" => config.extended_messages = flag(value),
            "add_path" => config.add_path = families(value),
            "role" => config.role = Some(OurRole { role: role(word(value)), strict: false }),
            "strict_role" => config.role = Some(OurRole { role: role(word(value)), strict: true }),
            "restart" => {
                config.graceful_restart = Some(Graceful {
                    restart_time: RestartTime::try_from(number(&value["time"]) as u16).expect("a restart time"),
                    kept: families(&value["kept"]),
                    forwarding: families(&value["kept"]),
                    notification: value["notification"].as_bool().unwrap_or(false),
                    stale_time: span(&value["stale_time"]),
                    restarting: value.get("restarting").map(span),
                });
            }
            other => panic!("{other} is no setting"),
        }
    }
}

/// What leads from a new session to a state: connects at 1 s, OPEN at 2 s, KEEPALIVE at 3 s.
pub(crate) fn given(state: &str, conn: u32, line: &Value) -> Vec<(Time, Event)> {
    let by = line.get("by").map_or("us", word);
    let conn = Conn(conn);
    let steps = [
        (0, Event::Start),
        (1000, Event::Connected { conn, direction: direction(by) }),
        (2000, Event::Open { conn, open: Box::new(open(line)) }),
        (3000, Event::Keepalive { conn }),
    ];
    let count = match state {
        "Idle" => 0,
        "Connect" | "Active" => 1,
        "OpenSent" => 2,
        "OpenConfirm" => 3,
        "Established" => 4,
        other => panic!("{other} is no state"),
    };
    let mut steps: Vec<(Time, Event)> = steps.into_iter().take(count).map(|(at, event)| (Time(at), event)).collect();
    // An active session comes to Active when its connect fails.
    if state == "Active" && by == "us" {
        steps.push((Time(1000), Event::ConnectFailed));
    }
    steps
}

pub(crate) fn time(line: &Value) -> Time {
    Time((line["at"].as_f64().expect("a time") * 1000.0).round() as u64)
}

pub(crate) fn event(line: &Value) -> Event {
    let conn = || Conn(line.get("conn").map_or(1, number));
    let text = || line.get("text").map(|text| ShutdownText::try_from(word(text)).expect("a short text"));
    match word(&line["event"]) {
        "start" => Event::Start,
        "shutdown" => Event::Stop(Stop::Shutdown(text())),
        "reset" => Event::Stop(Stop::Reset(text())),
        "hard reset" => Event::Stop(Stop::HardReset(text())),
        "deconfigured" => Event::Stop(Stop::Deconfigured),
        "configuration change" => Event::Stop(Stop::ConfigurationChange),
        "out of resources" => Event::Stop(Stop::OutOfResources),
        "timer" => Event::Timer,
        "connected" => Event::Connected { conn: conn(), direction: direction(word(&line["by"])) },
        "connect failed" => Event::ConnectFailed,
        "closed" => Event::Closed { conn: conn() },
        "open" => Event::Open { conn: conn(), open: Box::new(open(line)) },
        "keepalive" => Event::Keepalive { conn: conn() },
        "update" => Event::Update { conn: conn() },
        "notification" => Event::Notification { conn: conn(), notification: notification(line) },
        "refresh" => Event::RouteRefresh { conn: conn(), refresh: refresh(line) },
        "end of rib" => Event::EndOfRib { conn: conn(), family: family(word(&line["family"])) },
        "fault" => Event::Fault { conn: conn(), fault: fault(word(&line["fault"])) },
        "prefix limit" => Event::PrefixLimit { family: family(word(&line["family"])), limit: number(&line["limit"]) },
        "bfd down" => Event::BfdDown,
        "blocked" => Event::SendBlocked { conn: conn() },
        "progress" => Event::SendProgress { conn: conn() },
        "ask refresh" => Event::AskRefresh { family: family(word(&line["family"])) },
        other => panic!("{other} is no event"),
    }
}

/// The peer's OPEN: AS 65002, 10.0.0.2, 90 s, IPv4, route refresh, unless the line says otherwise.
fn open(line: &Value) -> Open {
    let asn = Asn(line.get("asn").map_or(65002, number));
    let offers = line.get("offers").map_or("IPv4 refresh as4", word);
    let capabilities = offers.split_whitespace().map(|offer| capability(offer, asn)).collect();
    Open {
        asn,
        hold_time: line.get("hold").map_or(HoldTime::SUGGESTED, hold_time),
        router_id: line.get("id").map_or(RouterId::try_from(0x0A00_0002).expect("not zero"), router_id),
        capabilities,
    }
}

/// `restart:120:RN:IPv4+F,IPv6` is graceful restart with its time, flags and families.
fn capability(offer: &str, asn: Asn) -> Capability {
    let (name, value) = offer.split_once(':').unwrap_or((offer, ""));
    match name {
        "IPv4" | "IPv6" => Capability::Multiprotocol(family(name).into()),
        "refresh" => Capability::RouteRefresh,
        "enhanced" => Capability::EnhancedRouteRefresh,
        "extended" => Capability::ExtendedMessage,
        "as4" => Capability::FourOctetAs(asn),
        "role" => Capability::Role(role(value)),
        "restart" => {
            let mut parts = value.split(':');
            let time = parts.next().and_then(|time| time.parse::<u16>().ok()).expect("a restart time");
            let flags = parts.next().unwrap_or_default();
            let names = parts.next().unwrap_or_default().split(',').filter(|name| !name.is_empty());
            let entry = |name: &str| RestartFamily {
                family: AfiSafi::from(family(name.trim_end_matches("+F"))),
                forwarding: name.ends_with("+F"),
            };
            Capability::GracefulRestart(GracefulRestart {
                restarted: flags.contains('R'),
                notification: flags.contains('N'),
                time: RestartTime::try_from(time).expect("a restart time"),
                families: names.map(entry).collect(),
            })
        }
        other => panic!("{other} is no capability"),
    }
}

fn notification(line: &Value) -> Notification {
    let (code, subcode) = word(&line["cause"]).split_once('/').expect("code/subcode");
    let byte = |text: &str| text.parse::<u8>().expect("a byte");
    let cause = Cause { code: byte(code), subcode: byte(subcode) };
    let data: Vec<u8> =
        line.get("data").and_then(Value::as_array).into_iter().flatten().map(|b| number(b) as u8).collect();
    Notification::new(cause, data)
}

fn refresh(line: &Value) -> Option<RouteRefresh> {
    let kind = match word(&line["kind"]) {
        "request" => RefreshKind::Request,
        "begin" => RefreshKind::Begin,
        "end" => RefreshKind::End,
        "unknown" => return None,
        other => panic!("{other} is no kind of refresh"),
    };
    Some(RouteRefresh { family: family(word(&line["family"])).into(), kind })
}

fn fault(name: &str) -> Fault {
    match name {
        "marker" => Fault::NotSynchronized,
        "length" => Fault::Length { length: 5000 },
        "type" => Fault::Kind(9),
        "version" => Fault::Version(5),
        "hold time" => Fault::HoldTime(2),
        "parameter" => Fault::Parameter(1),
        "router id" => Fault::RouterId(std::net::Ipv4Addr::UNSPECIFIED),
        "AS 0" => Fault::PeerAs(Asn(0)),
        "OPEN lengths" => Fault::Open("it ends within its fixed fields"),
        "UPDATE lengths" => Fault::UpdateLength { field: "Withdrawn Routes Length", length: 9, room: 2 },
        "routes" => Fault::Routes { field: "Withdrawn Routes", offset: 0 },
        "origin" => Fault::Attribute { code: iana::attribute::ORIGIN, problem: Problem::Missing, bytes: Vec::new() },
        "refresh length" => Fault::RefreshLength { message: vec![0xFF; 5] },
        other => panic!("{other} is no fault"),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| number.try_into().ok()).unwrap_or_else(|| panic!("{value} is no number"))
}

fn flag(value: &Value) -> bool {
    value.as_bool().expect("true or false")
}

fn span(value: &Value) -> Duration {
    Duration::from_secs_f64(value.as_f64().expect("seconds"))
}

fn hold_time(value: &Value) -> HoldTime {
    HoldTime::try_from(number(value) as u16).expect("a hold time")
}

fn router_id(value: &Value) -> RouterId {
    RouterId::try_from(word(value).parse::<std::net::Ipv4Addr>().expect("an address")).expect("not zero")
}

fn direction(by: &str) -> Direction {
    match by {
        "us" => Direction::Outgoing,
        "peer" => Direction::Incoming,
        other => panic!("{other} opens no connection"),
    }
}

fn role(name: &str) -> Role {
    match name {
        "provider" => Role::PROVIDER,
        "customer" => Role::CUSTOMER,
        "peer" => Role::PEER,
        "rs" => Role::RS,
        "rs-client" => Role::RS_CLIENT,
        other => panic!("{other} is no role"),
    }
}

fn family(name: &str) -> Family {
    match name {
        "IPv4" => Family::V4,
        "IPv6" => Family::V6,
        other => panic!("{other} is no family"),
    }
}

fn families(value: &Value) -> Families {
    value.as_array().expect("a list of families").iter().map(|name| family(word(name))).collect()
}
