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
    /// `file test`, the file below `crates/`.
    proofs: &'static [&'static str],
}

const RFCS: &[Rfc] = &[
    Rfc {
        number: 1997,
        title: "BGP Communities Attribute",
        extent: "read, written; the well-known ones by name",
        proofs: &[
            "bgp-wire/tests/attributes.rs communities_of_three_kinds",
            "bgp-wire/tests/attributes.rs well_known_communities_have_their_numbers",
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
        proofs: &["bgp-wire/tests/route_refresh.rs a_request_a_beginning_and_an_end"],
    },
    Rfc {
        number: 4271,
        title: "A Border Gateway Protocol 4 (BGP-4)",
        extent: "messages, attributes and their errors, as RFC 7606 revises them",
        proofs: &[
            "bgp-wire/tests/frame.rs each_type_has_its_shortest_and_longest_length",
            "bgp-wire/tests/open.rs each_fault_has_its_subcode_and_data",
            "bgp-wire/tests/update.rs ipv4_routes_are_announced_in_the_update_itself",
            "bgp-wire/tests/attributes.rs unknown_attributes_go_on_if_transitive_with_the_partial_bit",
        ],
    },
    Rfc {
        number: 4360,
        title: "BGP Extended Communities Attribute",
        extent: "read, written, kept; those that are not transitive stay inside the AS",
        proofs: &[
            "bgp-wire/tests/attributes.rs communities_of_three_kinds",
            "bgp-wire/tests/attributes.rs a_learned_route_leaves_the_as_without_what_belongs_inside",
        ],
    },
    Rfc {
        number: 4456,
        title: "BGP Route Reflection: An Alternative to Full Mesh Internal BGP (IBGP)",
        extent: "attributes of routes that others reflected; nothing is reflected",
        proofs: &["bgp-wire/tests/attributes.rs reflection_stays_inside_the_as"],
    },
    Rfc {
        number: 4486,
        title: "Subcodes for BGP Cease Notification Message",
        extent: "all; the limit and its family are told",
        proofs: &[
            "bgp-wire/tests/notification.rs causes_have_their_numbers",
            "bgp-wire/tests/notification.rs too_many_prefixes_name_the_family_and_the_limit",
        ],
    },
    Rfc {
        number: 4724,
        title: "Graceful Restart Mechanism for BGP",
        extent: "capability and End-of-RIB",
        proofs: &[
            "bgp-wire/tests/open.rs of_graceful_restart_capabilities_the_last_counts",
            "bgp-wire/tests/update.rs an_end_of_rib_names_its_family",
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
        number: 5492,
        title: "Capabilities Advertisement with BGP-4",
        extent: "all; capabilities that are not known are kept",
        proofs: &[
            "bgp-wire/tests/open.rs with_every_capability",
            "bgp-wire/tests/open.rs missing_capabilities_are_listed_in_the_notification",
        ],
    },
    Rfc {
        number: 6286,
        title: "Autonomous-System-Wide Unique BGP Identifier for BGP-4",
        extent: "any identifier but zero",
        proofs: &["bgp-wire/tests/open.rs each_fault_has_its_subcode_and_data"],
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
        proofs: &["bgp-wire/tests/notification.rs causes_have_their_numbers"],
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
        ],
    },
    Rfc {
        number: 7606,
        title: "Revised Error Handling for BGP UPDATE Messages",
        extent: "every attribute that is read; discard, treat-as-withdraw or reset as a value",
        proofs: &[
            "bgp-wire/tests/revised_errors.rs every_malformation_comes_to_what_rfc_7606_asks",
            "bgp-wire/tests/revised_errors.rs without_an_announcement_more_than_a_discard_resets",
        ],
    },
    Rfc {
        number: 7607,
        title: "Codification of AS 0 Processing",
        extent: "OPEN, AS_PATH, AGGREGATOR and their four-octet kin",
        proofs: &["bgp-wire/tests/revised_errors.rs every_malformation_comes_to_what_rfc_7606_asks"],
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
        proofs: &["bgp-wire/tests/update.rs path_identifiers_are_read_where_they_were_agreed_on"],
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
        extent: "the community GRACEFUL_SHUTDOWN",
        proofs: &["bgp-wire/tests/attributes.rs well_known_communities_have_their_numbers"],
    },
    Rfc {
        number: 8538,
        title: "Notification Message Support for BGP Graceful Restart",
        extent: "the N flag, and Hard Reset with what it stands for",
        proofs: &["bgp-wire/tests/notification.rs a_hard_reset_wraps_what_it_stands_for"],
    },
    Rfc {
        number: 8654,
        title: "Extended Message Support for BGP",
        extent: "both ways, each by what the receiver offered",
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
        extent: "the role and its pairs; Only to Customer is read and written",
        proofs: &[
            "bgp-wire/tests/open.rs roles_fit_as_rfc_9234_pairs_them",
            "bgp-wire/tests/attributes.rs only_to_customer",
        ],
    },
    Rfc {
        number: 9384,
        title: "A BGP Cease NOTIFICATION Subcode for Bidirectional Forwarding Detection (BFD)",
        extent: "the subcode",
        proofs: &["bgp-wire/tests/notification.rs causes_have_their_numbers"],
    },
    Rfc {
        number: 9736,
        title: "The BGP Monitoring Protocol (BMP) Peer Up Message Namespace",
        extent: "the name of the table (RFC 9069)",
        proofs: &["bgp-record/tests/bmp.rs peer_up_shows_both_ends_and_both_opens"],
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
        for (file, test) in rfc.proofs.iter().filter_map(|proof| proof.split_once(' ')) {
            files.entry(file).or_default().push(test.replace('_', " "));
        }
        let proofs: Vec<String> =
            files.iter().map(|(file, tests)| format!("[{file}](../../crates/{file}): {}", tests.join("; "))).collect();
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
            let (file, test) = proof.split_once(' ').with_context(|| format!("rfcs.rs: `{proof}` names no test"))?;
            let source = std::fs::read_to_string(crate::root().join("crates").join(file));
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
