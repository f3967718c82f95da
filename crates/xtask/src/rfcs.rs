//! The RFCs that the edge follows: one table, and the page made from it.
//!
//! A row says how far, and names the tests that show it. [`check`] finds each of them in the sources, so that a
//! row does not outlive its proof. Rooms add their rows and proofs here.

use anyhow::{Context, ensure};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The day on which the table was last held against the RFC index.
const AS_OF: &str = "2026-11-21";

/// An RFC that is followed.
struct Rfc {
    number: u16,
    title: &'static str,
    /// How far, and what is left out.
    extent: &'static str,
    /// `file test`, or the folder of a recorded case, below `crates/`.
    proofs: &'static [&'static str],
}

const RFCS: &[Rfc] = &[
    Rfc {
        number: 1997,
        title: "BGP Communities Attribute",
        extent: "read, written; NO_EXPORT, NO_ADVERTISE and NO_EXPORT_SUBCONFED are heeded",
        proofs: &[
            "bgp-wire/tests/attributes.rs communities_of_three_kinds",
            "bgp-wire/tests/attributes.rs well_known_communities_have_their_numbers",
            "bgp-rib/src/policy/well_known_communities.rs what_is_not_for_others_stays",
        ],
    },
    Rfc {
        number: 2385,
        title: "Protection of BGP Sessions via the TCP MD5 Signature Option",
        extent: "keys of a peer or of a prefix",
        proofs: &[
            "socket/tests/loopback/tcp.rs the_right_key_connects_and_wrong_missing_and_unwanted_keys_do_not",
            "socket/tests/loopback/tcp.rs a_key_of_a_prefix_serves_its_addresses_and_no_others",
        ],
    },
    Rfc {
        number: 2545,
        title: "Use of BGP-4 Multiprotocol Extensions for IPv6 Inter-Domain Routing",
        extent: "one next hop or two; a second one that is not link-local is ignored",
        proofs: &["bgp-wire/tests/update.rs ipv6_routes_are_announced_by_mp_reach_nlri"],
    },
    Rfc {
        number: 2918,
        title: "Route Refresh Capability for BGP-4",
        extent: "both ways",
        proofs: &[
            "bgp-wire/tests/route_refresh.rs a_request_a_beginning_and_an_end",
            "bgp-fsm/tests/cases/refresh-request",
            "bgp-fsm/tests/cases/refresh-other-family",
        ],
    },
    Rfc {
        number: 3765,
        title: "NOPEER Community for Border Gateway Protocol (BGP) Route Scope Control",
        extent: "heeded towards lateral peers",
        proofs: &["bgp-rib/src/policy/well_known_communities.rs nopeer_keeps_a_route_from_lateral_peers"],
    },
    Rfc {
        number: 4271,
        title: "A Border Gateway Protocol 4 (BGP-4)",
        extent: "all but what later RFCs revise: messages, states with delayed OPEN and damped restarts, collisions, the decision",
        proofs: &[
            "bgp-wire/tests/frame.rs each_type_has_its_shortest_and_longest_length",
            "bgp-wire/tests/open.rs each_fault_has_its_subcode_and_data",
            "bgp-wire/tests/update.rs ipv4_routes_are_announced_in_the_update_itself",
            "bgp-wire/tests/attributes.rs unknown_attributes_go_on_if_transitive_with_the_partial_bit",
            "bgp-fsm/tests/cases/open-sent-open",
            "bgp-fsm/tests/cases/established-hold-timer",
            "bgp-fsm/tests/cases/collision-peer-has-higher-id",
            "bgp-rib/tests/decision.rs a_shorter_path_goes_before_a_lower_origin",
            "bgp-rib/tests/decision.rs med_is_compared_among_paths_of_one_neighbouring_as",
        ],
    },
    Rfc {
        number: 4360,
        title: "BGP Extended Communities Attribute",
        extent: "read, written, kept; those that are not transitive stay inside the AS",
        proofs: &[
            "bgp-wire/tests/attributes.rs communities_of_three_kinds",
            "bgp-rib/src/policy/mod.rs extended_communities_that_are_not_transitive_stay_inside_our_as",
        ],
    },
    Rfc {
        number: 4456,
        title: "BGP Route Reflection: An Alternative to Full Mesh Internal BGP (IBGP)",
        extent: "attributes and decision of routes that others reflected; nothing is reflected",
        proofs: &[
            "bgp-wire/tests/attributes.rs reflection_stays_inside_the_as",
            "bgp-rib/tests/decision.rs the_shorter_cluster_list_then_the_lower_address_decide_last",
        ],
    },
    Rfc {
        number: 4486,
        title: "Subcodes for BGP Cease Notification Message",
        extent: "all; the limit and its family are told",
        proofs: &[
            "bgp-wire/tests/notification.rs causes_have_their_numbers",
            "bgp-wire/tests/notification.rs too_many_prefixes_name_the_family_and_the_limit",
            "bgp-fsm/tests/cases/established-prefix-limit",
            "bgp-fsm/tests/cases/established-configuration-change",
        ],
    },
    Rfc {
        number: 4724,
        title: "Graceful Restart Mechanism for BGP",
        extent: "as helper and as restarter, by family",
        proofs: &[
            "bgp-wire/tests/open.rs of_graceful_restart_capabilities_the_last_counts",
            "bgp-wire/tests/update.rs an_end_of_rib_names_its_family",
            "bgp-fsm/tests/cases/restart-helper-keeps-routes",
            "bgp-fsm/tests/cases/restart-of-ours",
            "bgp-fsm/tests/cases/end-of-rib-is-owed",
        ],
    },
    Rfc {
        number: 4760,
        title: "Multiprotocol Extensions for BGP-4",
        extent: "IPv4 and IPv6 unicast; other families are read past",
        proofs: &[
            "bgp-wire/tests/update.rs ipv6_routes_are_withdrawn_by_mp_unreach_nlri",
            "bgp-wire/tests/update.rs families_that_were_not_agreed_on_are_left_out",
            "bgp-wire/tests/revised_errors.rs next_hop_is_ignored_where_mp_reach_nlri_has_all_the_routes",
        ],
    },
    Rfc {
        number: 5082,
        title: "The Generalized TTL Security Mechanism (GTSM)",
        extent: "one hop, by the kernel",
        proofs: &["socket/tests/loopback/tcp.rs generalized_ttl_security_refuses_a_ttl_of_254"],
    },
    Rfc {
        number: 5492,
        title: "Capabilities Advertisement with BGP-4",
        extent: "all; capabilities that are not known are kept",
        proofs: &[
            "bgp-wire/tests/open.rs with_every_capability",
            "bgp-wire/tests/open.rs missing_capabilities_are_listed_in_the_notification",
            "bgp-fsm/tests/cases/open-sent-capability-missing",
        ],
    },
    Rfc {
        number: 5880,
        title: "Bidirectional Forwarding Detection (BFD)",
        extent: "asynchronous mode; no echo, no demand mode",
        proofs: &[
            "bfd/tests/packet.rs every_field_has_its_place",
            "bfd/tests/cases.rs every_case_ends_as_recorded",
            "bfd/tests/simulation.rs a_session_is_up_in_two_seconds_and_at_full_pace",
        ],
    },
    Rfc {
        number: 5881,
        title: "Bidirectional Forwarding Detection (BFD) for IPv4 and IPv6 (Single Hop)",
        extent: "TTL 255 checked, source ports of the range",
        proofs: &[
            "socket/tests/loopback/udp.rs the_hop_limit_of_each_sender_is_told",
            "socket/tests/loopback/udp.rs a_sender_takes_the_next_free_port_of_the_range_and_says_when_there_is_none",
        ],
    },
    Rfc {
        number: 5925,
        title: "The TCP Authentication Option",
        extent: "where the kernel has it",
        proofs: &["socket/tests/loopback/tcp.rs tcp_ao_is_there_or_says_that_it_is_not"],
    },
    Rfc {
        number: 6286,
        title: "Autonomous-System-Wide Unique BGP Identifier for BGP-4",
        extent: "any identifier but zero, unique within an AS",
        proofs: &[
            "bgp-wire/tests/open.rs each_fault_has_its_subcode_and_data",
            "bgp-fsm/tests/cases/open-sent-open-same-id-inside-as",
            "bgp-fsm/tests/cases/open-sent-open-same-id-between-as",
        ],
    },
    Rfc {
        number: 6396,
        title: "Multi-Threaded Routing Toolkit (MRT) Routing Information Export Format",
        extent: "written: TABLE_DUMP_V2 of IPv4 and IPv6 unicast, BGP4MP_ET",
        proofs: &[
            "bgp-record/tests/mrt.rs a_dump_reads_back_as_routes_with_their_attributes",
            "bgp-record/tests/mrt.rs messages_of_every_type_are_logged",
        ],
    },
    Rfc {
        number: 6608,
        title: "Subcodes for BGP Finite State Machine Error",
        extent: "all",
        proofs: &[
            "bgp-wire/tests/notification.rs causes_have_their_numbers",
            "bgp-fsm/tests/cases/open-sent-keepalive",
            "bgp-fsm/tests/cases/open-confirm-update",
        ],
    },
    Rfc {
        number: 6793,
        title: "BGP Support for Four-Octet Autonomous System (AS) Number Space",
        extent: "towards new speakers and old ones",
        proofs: &[
            "bgp-wire/tests/attributes.rs as_path_for_a_speaker_of_two_octets_comes_with_as4_path",
            "bgp-wire/tests/attributes.rs as4_path_is_merged_into_as_path",
        ],
    },
    Rfc {
        number: 7313,
        title: "Enhanced Route Refresh Capability for BGP-4",
        extent: "both ways",
        proofs: &[
            "bgp-wire/tests/route_refresh.rs a_request_a_beginning_and_an_end",
            "bgp-wire/tests/route_refresh.rs a_wrong_length_comes_back_whole",
            "bgp-fsm/tests/cases/refresh-enhanced",
            "bgp-fsm/tests/cases/refresh-enhanced-timeout",
        ],
    },
    Rfc {
        number: 7606,
        title: "Revised Error Handling for BGP UPDATE Messages",
        extent: "every attribute that is read; discard, treat-as-withdraw or reset as a value",
        proofs: &[
            "bgp-wire/tests/revised_errors.rs every_malformation_comes_to_what_rfc_7606_asks",
            "bgp-wire/tests/revised_errors.rs without_an_announcement_more_than_a_discard_resets",
            "bgp-rib/tests/bounds.rs malformed_attributes_withdraw_or_end_the_session_and_are_noted",
        ],
    },
    Rfc {
        number: 7607,
        title: "Codification of AS 0 Processing",
        extent: "OPEN, AS_PATH, AGGREGATOR and their four-octet kin",
        proofs: &[
            "bgp-wire/tests/revised_errors.rs every_malformation_comes_to_what_rfc_7606_asks",
            "bgp-fsm/tests/cases/open-sent-open-as-0",
        ],
    },
    Rfc {
        number: 7854,
        title: "BGP Monitoring Protocol (BMP)",
        extent: "written: all but Route Mirroring",
        proofs: &[
            "bgp-record/tests/bmp.rs the_header_of_a_peer_is_that_of_rfc_7854",
            "bgp-record/tests/bmp.rs peer_up_shows_both_ends_and_both_opens",
        ],
    },
    Rfc {
        number: 7911,
        title: "Advertisement of Multiple Paths in BGP",
        extent: "received, never sent",
        proofs: &[
            "bgp-wire/tests/update.rs path_identifiers_are_read_where_they_were_agreed_on",
            "bgp-rib/tests/decision.rs several_paths_of_one_peer_are_told_apart_by_their_identifier",
        ],
    },
    Rfc {
        number: 8050,
        title: "Multi-Threaded Routing Toolkit (MRT) Routing Information Export Format with BGP Additional Path Extensions",
        extent: "the subtypes of messages",
        proofs: &["bgp-record/tests/mrt.rs path_identifiers_are_read_where_the_subtype_says_so"],
    },
    Rfc {
        number: 8092,
        title: "BGP Large Communities Attribute",
        extent: "read, written, each once",
        proofs: &["bgp-wire/tests/attributes.rs a_large_community_is_there_once"],
    },
    Rfc {
        number: 8326,
        title: "Graceful BGP Session Shutdown",
        extent: "a route marked GRACEFUL_SHUTDOWN becomes the last choice",
        proofs: &[
            "bgp-wire/tests/attributes.rs well_known_communities_have_their_numbers",
            "bgp-rib/src/policy/graceful_shutdown.rs such_a_route_is_the_last_choice",
        ],
    },
    Rfc {
        number: 8538,
        title: "Notification Message Support for BGP Graceful Restart",
        extent: "routes are kept over a NOTIFICATION, and dropped over a Hard Reset",
        proofs: &[
            "bgp-wire/tests/notification.rs a_hard_reset_wraps_what_it_stands_for",
            "bgp-fsm/tests/cases/restart-notification-kept",
            "bgp-fsm/tests/cases/restart-notification-hard-reset",
        ],
    },
    Rfc {
        number: 8654,
        title: "Extended Message Support for BGP",
        extent: "read where we offered it, written where both did",
        proofs: &[
            "bgp-wire/tests/frame.rs each_type_has_its_shortest_and_longest_length",
            "bgp-wire/tests/open.rs a_session_is_what_both_offer",
        ],
    },
    Rfc {
        number: 8671,
        title: "Support for Adj-RIB-Out in the BGP Monitoring Protocol (BMP)",
        extent: "the flag, and two statistics",
        proofs: &[
            "bgp-record/tests/bmp.rs route_monitoring_carries_the_update_as_it_was",
            "bgp-record/tests/bmp.rs statistics_have_their_types_and_widths",
        ],
    },
    Rfc {
        number: 9003,
        title: "Extended BGP Administrative Shutdown Communication",
        extent: "sent and shown, on one line whatever is in it; obsoletes RFC 8203",
        proofs: &[
            "bgp-wire/tests/notification.rs a_shutdown_tells_the_operator_why",
            "bgp-wire/tests/notification.rs a_hostile_text_stays_on_its_line",
            "bgp-fsm/tests/cases/established-shutdown-with-text",
        ],
    },
    Rfc {
        number: 9072,
        title: "Extended Optional Parameters Length for BGP OPEN Message",
        extent: "read; written where one octet of length does not do",
        proofs: &["bgp-wire/tests/open.rs more_than_255_bytes_take_the_extended_length"],
    },
    Rfc {
        number: 9234,
        title: "Route Leak Prevention and Detection Using Roles in UPDATE and OPEN Messages",
        extent: "roles with strict mode; Only to Customer inwards and outwards",
        proofs: &[
            "bgp-wire/tests/open.rs roles_fit_as_rfc_9234_pairs_them",
            "bgp-wire/tests/attributes.rs only_to_customer",
            "bgp-fsm/tests/cases/open-sent-role-mismatch",
            "bgp-rib/src/policy/route_leak.rs a_mark_from_below_is_a_leak_and_from_a_peer_if_it_is_another_as",
            "bgp-rib/src/policy/route_leak.rs a_marked_route_goes_down_only_and_what_goes_down_is_marked",
        ],
    },
    Rfc {
        number: 9384,
        title: "A BGP Cease NOTIFICATION Subcode for Bidirectional Forwarding Detection (BFD)",
        extent: "the subcode",
        proofs: &[
            "bgp-wire/tests/notification.rs causes_have_their_numbers",
            "bgp-fsm/tests/cases/established-bfd-down",
        ],
    },
    Rfc {
        number: 9687,
        title: "Border Gateway Protocol 4 (BGP-4) Send Hold Timer",
        extent: "all",
        proofs: &[
            "bgp-fsm/tests/cases/established-send-hold-timer",
            "bgp-fsm/tests/cases/established-send-hold-timer-restarts",
        ],
    },
    Rfc {
        number: 9736,
        title: "The BGP Monitoring Protocol (BMP) Peer Up Message Namespace",
        extent: "the name of the table (RFC 9069)",
        proofs: &["bgp-record/tests/bmp.rs peer_up_shows_both_ends_and_both_opens"],
    },
    Rfc {
        number: 9774,
        title: "Deprecation of AS_SET and AS_CONFED_SET in BGP",
        extent: "refused of customers, never made",
        proofs: &["bgp-rib/src/policy/as_set.rs a_set_is_refused_of_customers_only"],
    },
];

/// What a reader may look for and not find.
const LEFT_OUT: &[(u16, &str)] = &[
    (5065, "confederations: there is none to be a member of, and their segments are refused"),
    (5291, "outbound route filters: never offered"),
    (8950, "IPv4 routes with an IPv6 next hop: never offered"),
    (9494, "long-lived graceful restart: the capability and its communities are passed on, not acted on"),
];

/// The page `docs/reference/rfcs.md`.
pub(crate) fn page() -> String {
    let mut page = format!(
        "# Supported RFCs\n\nAs of {AS_OF}. The tests are what shows each; a row whose test is gone does not pass the checks.\n\n"
    );
    let _ = writeln!(page, "| RFC | title | how far | shown by |\n| --- | --- | --- | --- |");
    for rfc in RFCS {
        let mut files: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for proof in rfc.proofs {
            let (file, test) = proof.split_once(' ').or_else(|| proof.rsplit_once('/')).unwrap_or((proof, ""));
            files.entry(file).or_default().push(test.replace(['_', '-'], " "));
        }
        let shown = files.iter().map(|(file, tests)| format!("[{file}](../../crates/{file}): {}", tests.join("; ")));
        let proofs: Vec<String> = shown.collect();
        let _ = writeln!(
            page,
            "| [{0}](https://www.rfc-editor.org/rfc/rfc{0}) | {1} | {2} | {3} |",
            rfc.number,
            rfc.title,
            rfc.extent,
            proofs.join("<br>")
        );
    }
    let _ = write!(page, "\n## Left out\n\n| RFC | why |\n| --- | --- |\n");
    for (number, why) in LEFT_OUT {
        let _ = writeln!(page, "| [{number}](https://www.rfc-editor.org/rfc/rfc{number}) | {why} |");
    }
    page
}

/// Every test that a row names is there, and the rows are in order.
pub(crate) fn check() -> anyhow::Result<()> {
    ensure!(RFCS.is_sorted_by(|a, b| a.number < b.number), "rfcs.rs: the rows are not in order");
    ensure!(LEFT_OUT.is_sorted_by(|a, b| a.0 < b.0), "rfcs.rs: what is left out is not in order");
    for rfc in RFCS {
        ensure!(!rfc.proofs.is_empty(), "rfcs.rs: nothing shows RFC {}", rfc.number);
        for proof in rfc.proofs {
            let crates = crate::root().join("crates");
            let Some((file, test)) = proof.split_once(' ') else {
                ensure!(crates.join(proof).is_dir(), "rfcs.rs: RFC {}: no case {proof}", rfc.number);
                continue;
            };
            let source = std::fs::read_to_string(crates.join(file));
            let source = source.with_context(|| format!("rfcs.rs: RFC {}: {file}", rfc.number))?;
            let there = source.contains(&format!("fn {test}("));
            ensure!(there, "rfcs.rs: RFC {}: {file} has no test {test}", rfc.number);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_row_has_its_tests() {
        super::check().unwrap();
    }
}
