//! FRR: one `frr.conf` for zebra, bgpd and bfdd.

use super::{File, Language, Setup, Wired, kind_family, linux, one_line};
use model::{Asn, Bfd, Family, Prefix};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The language of `frr.conf`.
pub(super) struct Frr;

impl Language for Frr {
    fn files(&self, setup: &Setup<'_>) -> Vec<File> {
        let secret = !setup.keys().is_empty();
        vec![File { name: "frr.conf".to_owned(), text: config(setup), secret }, linux::interfaces(setup)]
    }
}

fn config(setup: &Setup<'_>) -> String {
    let mut text = setup.head("!", "FRR");
    for (name, value) in setup.keys() {
        if value.is_none() {
            let _ = writeln!(text, "! Put the MD5 key {name} in the place of KEY-OF-{name}.");
        }
    }
    let _ = writeln!(text, "frr version 8.4\nfrr defaults traditional\nhostname {}", setup.router.id);
    if let Some(log) = setup.log {
        let _ = writeln!(text, "log file {}", one_line(log));
    }
    text += "ip forwarding\nipv6 forwarding\n!\n";
    text += &bfd_profiles(setup);
    text += &lists(setup);
    for wired in &setup.sessions {
        text += &maps(wired);
    }
    text += &bgp(setup);
    text + "end\n"
}

fn bfd_profiles(setup: &Setup<'_>) -> String {
    let inside = setup.inside.iter().filter_map(|neighbor| match &neighbor.bfd {
        Some((Bfd::On { interval_ms, multiplier }, _)) => Some((*interval_ms, *multiplier)),
        _ => None,
    });
    let timers: BTreeSet<(u32, u32)> = setup.sessions.iter().filter_map(Wired::bfd).chain(inside).collect();
    if timers.is_empty() {
        return String::new();
    }
    let mut text = "bfd\n".to_owned();
    for (interval, multiplier) in timers {
        let _ = writeln!(
            text,
            " profile {}\n  detect-multiplier {multiplier}\n  receive-interval {interval}\n  transmit-interval {interval}\n exit",
            profile((interval, multiplier))
        );
    }
    text + " exit\n!\n"
}

fn profile((interval, multiplier): (u32, u32)) -> String {
    format!("every-{interval}ms-x{multiplier}")
}

/// What all sessions share: the lists of what is refused, of who speaks, of who is about to go.
fn lists(setup: &Setup<'_>) -> String {
    let mut text = String::new();
    let speakers: BTreeSet<Asn> = setup.sessions.iter().map(|wired| wired.ends.remote_asn).collect();
    for asn in speakers {
        let _ = writeln!(text, "bgp as-path access-list from-{asn} permit ^{asn}(_|$)");
    }
    text += "bgp community-list standard about-to-go permit graceful-shutdown\n";
    for (kind, family) in setup.kinds() {
        let (word, list) = (ip(family), kind_family(kind, family));
        let any = if family == Family::V4 { "0.0.0.0/0" } else { "::/0" };
        let most = if family == Family::V4 { 32 } else { 128 };
        let _ = writeln!(text, "{word} prefix-list refused-{list} seq 1 permit {any}");
        for (index, prefix) in setup.refused(kind, family).iter().enumerate() {
            let longer = if prefix.length() < most { format!(" le {most}") } else { String::new() };
            let _ = writeln!(text, "{word} prefix-list refused-{list} seq {} permit {prefix}{longer}", index + 2);
        }
    }
    text + "!\n"
}

fn maps(wired: &Wired<'_>) -> String {
    let (placed, ends) = (wired.placed, wired.ends);
    let (id, family) = (&placed.session.id, placed.session.family);
    let (word, list) = (ip(family), kind_family(placed.peering.kind, family));
    let mut text = format!("route-map {id}_in deny 10\n match {word} address prefix-list refused-{list}\nexit\n");
    let _ = writeln!(
        text,
        "route-map {id}_in permit 20\n match community about-to-go\n match as-path from-{}\n set local-preference 0\nexit",
        ends.remote_asn
    );
    let _ = writeln!(
        text,
        "route-map {id}_in permit 30\n match as-path from-{}\n set local-preference {}\nexit",
        ends.remote_asn, placed.session.preference
    );
    if placed.session.advertise.is_empty() {
        let _ = writeln!(text, "route-map {id}_out deny 10\nexit\n!");
        return text;
    }
    for (index, prefix) in placed.session.advertise.iter().enumerate() {
        let _ = writeln!(text, "{word} prefix-list {id} seq {} permit {prefix}", index + 1);
    }
    let _ = writeln!(text, "route-map {id}_out permit 10\n match {word} address prefix-list {id}");
    // Only what stands here, never what was learned: its path is empty.
    text += " match as-path own\n";
    let path: Vec<String> = wired.path().iter().map(ToString::to_string).collect();
    if !path.is_empty() {
        let _ = writeln!(text, " set as-path prepend {}", path.join(" "));
    }
    text + "exit\n!\n"
}

fn bgp(setup: &Setup<'_>) -> String {
    let mut text = format!(
        "bgp as-path access-list own permit ^$\n!\nrouter bgp {}\n bgp router-id {}\n",
        setup.asn, setup.router_id
    );
    text += " no bgp default ipv4-unicast\n no bgp network import-check\n";
    let (keepalive, hold) = setup.timers();
    for wired in &setup.sessions {
        let (placed, ends) = (wired.placed, wired.ends);
        let neighbor = format!(" neighbor {}", ends.microsoft);
        let _ = writeln!(text, "{neighbor} remote-as {}", ends.remote_asn);
        let label = one_line(&format!("{}, {}", placed.label(), placed.session.msee));
        let _ = writeln!(text, "{neighbor} description {}", label.chars().take(80).collect::<String>());
        if ends.asn != setup.asn {
            let _ = writeln!(text, "{neighbor} local-as {} no-prepend replace-as", ends.asn);
        }
        let _ = writeln!(text, "{neighbor} update-source {}", ends.customer);
        let _ = writeln!(text, "{neighbor} timers {keepalive} {hold}");
        // Soon back after a failure, and what changes is told at once.
        let _ = writeln!(text, "{neighbor} timers connect 5\n{neighbor} advertisement-interval 0");
        if let Some(key) = &wired.key {
            let _ = writeln!(text, "{neighbor} password {}", key.value.unwrap_or(&format!("KEY-OF-{}", key.name)));
        }
        if let Some(timers) = wired.bfd() {
            let _ = writeln!(text, "{neighbor} bfd\n{neighbor} bfd profile {}", profile(timers));
        }
    }
    for neighbor in setup.inside {
        let _ = writeln!(text, " neighbor {} remote-as {}", neighbor.remote, setup.asn);
        let _ = writeln!(text, " neighbor {} description {}", neighbor.remote, one_line(&neighbor.name));
        let _ = writeln!(text, " neighbor {} update-source {}", neighbor.remote, neighbor.local);
        if let Some((Bfd::On { interval_ms, multiplier }, _)) = neighbor.bfd {
            let name = profile((interval_ms, multiplier));
            let _ = writeln!(text, " neighbor {0} bfd\n neighbor {0} bfd profile {name}", neighbor.remote);
        }
    }
    for family in setup.families() {
        let _ = writeln!(text, " address-family {} unicast", if family == Family::V4 { "ipv4" } else { "ipv6" });
        let here = |prefix: &&Prefix| prefix.family() == family;
        for prefix in setup.advertise.iter().filter(here) {
            let _ = writeln!(text, "  network {prefix}");
        }
        for wired in setup.sessions.iter().filter(|wired| wired.placed.session.family == family) {
            let (neighbor, id) = (format!("  neighbor {}", wired.ends.microsoft), &wired.placed.session.id);
            let (limit, ends_session) = wired.limit();
            let action = if ends_session { "restart 15" } else { "warning-only" };
            let _ = writeln!(text, "{neighbor} activate\n{neighbor} soft-reconfiguration inbound");
            let _ = writeln!(text, "{neighbor} route-map {id}_in in\n{neighbor} route-map {id}_out out");
            let _ = writeln!(text, "{neighbor} maximum-prefix {limit} {action}");
            if wired.meets_itself() {
                let _ = writeln!(text, "{neighbor} allowas-in 1");
            }
        }
        for neighbor in setup.inside.iter().filter(|neighbor| neighbor.remote.is_ipv4() == (family == Family::V4)) {
            let neighbor = format!("  neighbor {}", neighbor.remote);
            let _ = writeln!(text, "{neighbor} activate\n{neighbor} next-hop-self");
            let _ = writeln!(text, "{neighbor} route-map inside in\n{neighbor} route-map inside out");
        }
        text += " exit-address-family\n";
    }
    text += "exit\n";
    if !setup.inside.is_empty() {
        let microsoft = setup.sessions.first().map_or(setup.asn, |wired| wired.ends.remote_asn);
        let _ = writeln!(text, "!\nroute-map inside permit 10\n match as-path from-{microsoft}\nexit");
    }
    text + "!\n"
}

fn ip(family: Family) -> &'static str {
    match family {
        Family::V4 => "ip",
        Family::V6 => "ipv6",
    }
}
