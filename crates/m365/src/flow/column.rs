//! The columns of flow records, by the names that tools give them.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// The time of the first packet.
    Start,
    /// The time of the last packet.
    End,
    /// Seconds between them.
    Duration,
    /// Where from.
    Source,
    /// Where to.
    Destination,
    /// The port there.
    SourcePort,
    /// The port there.
    DestinationPort,
    /// The protocol, by number or name.
    Protocol,
    /// Bytes.
    Bytes,
    /// Packets.
    Packets,
    /// Bytes of the other direction, in one record with this one.
    BytesBack,
    /// Packets of the other direction.
    PacketsBack,
    /// Whether the traffic was let through.
    Action,
    /// Whether the log has data.
    Status,
}

impl Column {
    /// The column of a name as nfdump, the clouds' flow logs and warehouses write it: `sa`, `srcaddr`, `src_ip`,
    /// `Source Address`. Capitals, blanks and signs do not count.
    pub fn of(name: &str) -> Option<Self> {
        let letters = name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase());
        Some(match letters.collect::<String>().as_str() {
            "ts" | "start" | "starttime" | "startms" | "firstseen" | "first" | "firstms" | "flowstart" => Self::Start,
            "te" | "end" | "endtime" | "endms" | "lastseen" | "last" | "lastms" | "flowend" => Self::End,
            "td" | "duration" => Self::Duration,
            "sa" | "src" | "srcaddr" | "srcip" | "source" | "sourceaddress" | "sourceip" | "src4addr" => Self::Source,
            "da" | "dst" | "dstaddr" | "dstip" | "dest" | "destip" | "destination" | "destinationaddress"
            | "destinationip" | "dst4addr" => Self::Destination,
            "sp" | "srcport" | "sport" | "sourceport" => Self::SourcePort,
            "dp" | "dstport" | "dport" | "destport" | "destinationport" => Self::DestinationPort,
            "pr" | "proto" | "protocol" => Self::Protocol,
            "ibyt" | "bytes" | "byt" | "bytessent" | "inbytes" | "octets" => Self::Bytes,
            "ipkt" | "packets" | "pkt" | "packetssent" | "inpackets" => Self::Packets,
            "obyt" | "outbytes" => Self::BytesBack,
            "opkt" | "outpackets" => Self::PacketsBack,
            "action" => Self::Action,
            "logstatus" => Self::Status,
            _ => return None,
        })
    }
}
