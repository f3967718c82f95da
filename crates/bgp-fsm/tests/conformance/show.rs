//! Actions and states in words.

use bgp_fsm::{Action, Idle, Out, State, Up};
use bgp_wire::{Capability, Families, Notification, Open};

pub(crate) fn state(state: &State) -> String {
    match state.idle() {
        Some(Idle::Stopped) => "Idle, stopped".to_owned(),
        Some(Idle::Holding(until)) => format!("Idle, holding until {until}"),
        Some(Idle::PrefixLimit(Some(until))) => format!("Idle, over the prefix limit until {until}"),
        Some(Idle::PrefixLimit(None)) => "Idle, over the prefix limit".to_owned(),
        None => {
            let connections: Vec<String> = state.connections().map(|conn| conn.0.to_string()).collect();
            let on = if connections.is_empty() { String::new() } else { format!(" on {}", connections.join(" and ")) };
            format!("{}{on}", state.name())
        }
    }
}

pub(crate) fn action(action: &Action) -> String {
    match action {
        Action::Connect => "connect".to_owned(),
        Action::CancelConnect => "cancel the connect".to_owned(),
        Action::Send { conn, message } => format!("send on {}: {}", conn.0, out(message)),
        Action::Close { conn } => format!("close {}", conn.0),
        Action::Up(Up { conn, session, end_of_rib, stale, enhanced_refresh }) => {
            let refresh = if *enhanced_refresh { ", enhanced refresh" } else { "" };
            let (routes, owed, kept) = (families(session.families), families(*end_of_rib), families(*stale));
            format!("up on {}: {routes}{refresh}; End-of-RIB owed: {owed}; stale: {kept}", conn.0)
        }
        Action::Down { keep, reason } => format!("down, keep {}: {reason}", families(*keep)),
        Action::Failed { reason } => format!("failed: {reason}"),
        Action::SweepStale { families: swept } => format!("sweep stale {}", families(*swept)),
        Action::Select { families: ready } => format!("select {}", families(*ready)),
        Action::Resend { family } => format!("resend {}", family_name(*family)),
        Action::RefreshBegins { family } => format!("refresh of {} begins", family_name(*family)),
    }
}

fn out(message: &Out) -> String {
    match message {
        Out::Open(message) => open(message),
        Out::Keepalive => "KEEPALIVE".to_owned(),
        Out::Notification(message) => notification(message),
        Out::RouteRefresh(message) => format!("ROUTE-REFRESH {:?} {}", message.kind, message.family),
    }
}

fn open(open: &Open) -> String {
    let capabilities: Vec<String> = open.capabilities.iter().map(capability).collect();
    let (asn, hold, id) = (open.asn, open.hold_time.seconds(), open.router_id);
    format!("OPEN AS {asn}, hold {hold} s, id {id}: {}", capabilities.join(", "))
}

fn capability(capability: &Capability) -> String {
    let Capability::GracefulRestart(restart) = capability else { return capability.to_string() };
    let flag = |set, name| if set { name } else { "" };
    let mut text = format!("{capability}{}{}", flag(restart.restarted, " R"), flag(restart.notification, " N"));
    for entry in &restart.families {
        text += &format!(" {}{}", entry.family, flag(entry.forwarding, " F"));
    }
    text
}

pub(crate) fn notification(notification: &Notification) -> String {
    let data: String = notification.data.iter().map(|byte| format!("{byte:02x}")).collect();
    let data = if data.is_empty() { data } else { format!(", data {data}") };
    format!("NOTIFICATION {notification}{data}")
}

fn families(families: Families) -> String {
    let names: Vec<&str> = families.iter().map(family_name).collect();
    if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
}

fn family_name(family: model::Family) -> &'static str {
    match family {
        model::Family::V4 => "IPv4",
        model::Family::V6 => "IPv6",
    }
}
