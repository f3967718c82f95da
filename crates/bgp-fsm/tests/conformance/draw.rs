//! The drawing of a case: what passes between the peer and us, and the states on our side.
//!
//! ```text
//!     peer                        us
//!       │                         │  OpenSent
//!       ├── OPEN ────────────────►│
//!       │◄─────────── KEEPALIVE ──┤
//!       │                         │  OpenConfirm
//! ```

use bgp_fsm::{Action, Event, Out, Time};

/// The README with its drawing (the last block of code) replaced.
pub(crate) fn replace(page: &str, lines: &[String]) -> String {
    let head = page.split("```text").next().unwrap_or(page).trim_end();
    let top = format!("{:>8}{:>28}", "peer", "us");
    format!("{head}\n\n```text\n{top}\n{}\n```\n", lines.join("\n"))
}

const WIDTH: usize = 26;

pub(crate) fn state(name: &str) -> String {
    format!("      │{:WIDTH$}│  {name}", "")
}

fn here(text: &str) -> String {
    format!("      │{:WIDTH$}│  · {text}", "")
}

fn from_peer(text: &str, conn: u32) -> String {
    let arrow = format!("── {text} ({conn}) ");
    format!("      ├{}►│", fill(&arrow, WIDTH - 1, false))
}

fn to_peer(text: &str, conn: u32) -> String {
    let arrow = format!(" {text} ({conn}) ──");
    format!("      │◄{}┤", fill(&arrow, WIDTH - 1, true))
}

fn fill(text: &str, width: usize, left: bool) -> String {
    let line = "─".repeat(width.saturating_sub(text.chars().count()));
    if left { format!("{line}{text}") } else { format!("{text}{line}") }
}

pub(crate) fn event(event: &Event, at: Time) -> Vec<String> {
    let line = match event {
        Event::Start => here("start"),
        Event::Stop(_) => here("stop"),
        Event::Timer => here(&format!("clock at {at}")),
        Event::Connected { conn, direction: bgp_fsm::Direction::Incoming } => from_peer("connects", conn.0),
        Event::Connected { conn, direction: bgp_fsm::Direction::Outgoing } => to_peer("connected", conn.0),
        Event::ConnectFailed => here("connect failed"),
        Event::Closed { conn } => from_peer("closes", conn.0),
        Event::Open { conn, .. } => from_peer("OPEN", conn.0),
        Event::Keepalive { conn } => from_peer("KEEPALIVE", conn.0),
        Event::Update { conn } => from_peer("UPDATE", conn.0),
        Event::Notification { conn, notification } => {
            from_peer(&format!("NOTIF. {}/{}", notification.cause.code, notification.cause.subcode), conn.0)
        }
        Event::RouteRefresh { conn, refresh } => {
            from_peer(&refresh.map_or("REFRESH ?".to_owned(), |refresh| format!("REFRESH {:?}", refresh.kind)), conn.0)
        }
        Event::EndOfRib { conn, .. } => from_peer("End-of-RIB", conn.0),
        Event::Fault { conn, .. } => from_peer("malformed", conn.0),
        Event::PrefixLimit { .. } => here("prefix limit"),
        Event::BfdDown => here("BFD down"),
        Event::SendBlocked { .. } => here("socket full"),
        Event::SendProgress { .. } => here("socket takes"),
        Event::AskRefresh { .. } => here("routes wanted again"),
    };
    vec![line]
}

pub(crate) fn action(action: &Action) -> String {
    match action {
        Action::Send { conn, message } => {
            let text = match message {
                Out::Open(_) => "OPEN".to_owned(),
                Out::Keepalive => "KEEPALIVE".to_owned(),
                Out::Notification(said) => format!("NOTIF. {}/{}", said.cause.code, said.cause.subcode),
                Out::RouteRefresh(refresh) => format!("REFRESH {:?}", refresh.kind),
            };
            to_peer(&text, conn.0)
        }
        Action::Close { conn } => to_peer("closed", conn.0),
        Action::Connect => to_peer("connecting", 0).replace(" (0)", ""),
        Action::Up(_) => here("up"),
        Action::Down { .. } => here("down"),
        other => here(&crate::show::action(other)),
    }
}
