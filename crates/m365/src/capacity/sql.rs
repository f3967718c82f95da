//! The counting as a query, for records that live in a warehouse: the split as tables to join, the rest as arithmetic on whole numbers, so that
//! every engine gives the same.
//!
//! Addresses become texts that sort as they do: `4` and eight hexadecimal digits, `6` and thirty-two. The split is a list of
//! steps over them. Each address that occurs is put among the steps once; the last step before it, which a running
//! maximum finds, is its rule. So no engine has to join by ranges, which few do well.

use super::Classifier;
use super::tally::Tally;
use std::fmt::Write;
use std::net::IpAddr;

/// The engines that the query is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// DuckDB.
    DuckDb,
    /// ClickHouse.
    ClickHouse,
    /// Spark.
    Spark,
}

/// Writes the query over a table of records. Its result has a row for each [`Load`](super::Load): site, way and class; bytes in all, in
/// the 95th percentile of intervals and in the busiest, out and in; flows.
pub fn query(classifier: &Classifier, seconds: u32, table: &str, engine: Engine) -> String {
    let writer = Writer { engine, interval: i64::from(seconds.max(1)) * 1000 };
    let name = match engine {
        Engine::DuckDb => "DuckDB",
        Engine::ClickHouse => "ClickHouse",
        Engine::Spark => "Spark",
    };
    let mut out = format!(
        "-- Capacity by the split, for {name}. Intervals of {seconds} s. The table {table} needs the columns
--   src, dst            addresses as text; IPv4 as 192.0.2.1, not within IPv6
--   sport, dport        ports, 0 where there are none
--   protocol            its number: 6 is TCP, 17 is UDP
--   bytes               of this direction
--   first_ms, last_ms   the first and the last packet, milliseconds since 1970
-- A view with these names is enough. Traffic that was refused is to be left out of it.
WITH
"
    );
    let tables = [
        (
            "split_step",
            "address String, number Int32, rule Int32",
            writer.steps(&classifier.listed, "-1", |rule| rule.to_string()),
        ),
        ("site_step", "address String, number Int32, site String", {
            writer.steps(&classifier.own, "''", |site| quoted(classifier.site(site)))
        }),
        ("listed", "rule Int32, protocol Int32, port Int32, way String, class String", listed(classifier)),
        ("ruled", "rule Int32, any_way String, any_class String, way String, class String", ruled(classifier)),
    ];
    for (name, columns, rows) in tables {
        out.push_str(&writer.table(name, columns, &rows));
    }
    out.push_str(&writer.body(table));
    out
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

/// Ports that a rule lists.
fn listed(classifier: &Classifier) -> Vec<String> {
    let mut rows = Vec::new();
    for (rule, number) in classifier.rules.iter().zip(0..) {
        for ((protocol, port), verdict) in &rule.ports {
            let protocol = match protocol {
                crate::Protocol::Tcp => super::classify::TCP,
                crate::Protocol::Udp => super::classify::UDP,
            };
            let verdict = classifier.verdict_of(*verdict);
            rows.push(format!("{number}, {protocol}, {port}, '{}', {}", verdict.way, quoted(&verdict.class)));
        }
    }
    if rows.is_empty() {
        // A table of values cannot be empty; no rule has this number.
        rows.push("-2, 0, 0, '', ''".to_owned());
    }
    rows
}

/// What a rule says of protocols without ports, and of ports that it does not list.
fn ruled(classifier: &Classifier) -> Vec<String> {
    let row = |number: i32, any: u16, closed: u16| {
        let (any, closed) = (classifier.verdict_of(any), classifier.verdict_of(closed));
        let (any_class, class) = (quoted(&any.class), quoted(&closed.class));
        format!("{number}, '{}', {any_class}, '{}', {class}", any.way, closed.way)
    };
    let own = classifier.rules.iter().zip(0..).map(|(rule, number)| row(number, rule.any, rule.closed));
    std::iter::once(row(-1, 0, 0)).chain(own).collect()
}

struct Writer {
    engine: Engine,
    interval: i64,
}

impl Writer {
    /// Ranges as steps: where each begins, and where one ends before nothing.
    fn steps(&self, ranges: &super::ranges::Ranges, none: &str, shown: impl Fn(u16) -> String) -> Vec<String> {
        let mut steps: Vec<(String, String)> = vec![("4".to_owned(), none.to_owned())];
        let mut put = |first: IpAddr, after: Option<IpAddr>, number: u16| {
            let first = address(first);
            if steps.last().is_some_and(|(last, _)| *last == first) {
                steps.pop();
            }
            steps.push((first, shown(number)));
            // Behind the last address of a family stands its sign alone with what follows any digit.
            let family = if steps.last().is_some_and(|(last, _)| last.starts_with('4')) { "4g" } else { "6g" };
            steps.push((after.map_or_else(|| family.to_owned(), address), none.to_owned()));
        };
        for (first, last, number) in ranges.v4() {
            put(IpAddr::V4((*first).into()), last.checked_add(1).map(|bits| IpAddr::V4(bits.into())), *number);
        }
        for (first, last, number) in ranges.v6() {
            put(IpAddr::V6((*first).into()), last.checked_add(1).map(|bits| IpAddr::V6(bits.into())), *number);
        }
        steps.into_iter().zip(1..).map(|((at, value), number)| format!("'{at}', {number}, {value}")).collect()
    }

    fn table(&self, name: &str, columns: &str, rows: &[String]) -> String {
        let mut out = String::new();
        let names: Vec<&str> = columns.split(", ").filter_map(|column| column.split(' ').next()).collect();
        let _ = match self.engine {
            Engine::DuckDb => writeln!(out, "{name}({}) AS (VALUES", names.join(", ")),
            Engine::ClickHouse => writeln!(out, "{name} AS (SELECT * FROM values('{columns}',"),
            Engine::Spark => writeln!(out, "{name} AS (SELECT * FROM VALUES"),
        };
        let rows: Vec<String> = rows.iter().map(|row| format!("  ({row})")).collect();
        out.push_str(&rows.join(",\n"));
        let _ = match self.engine {
            Engine::DuckDb => write!(out, "\n),\n"),
            Engine::ClickHouse => write!(out, "\n)),\n"),
            Engine::Spark => write!(out, "\n  AS t({})),\n", names.join(", ")),
        };
        out
    }

    /// Whole division of numbers that are not negative.
    fn div(&self, dividend: &str, divisor: &str) -> String {
        match self.engine {
            Engine::DuckDb => format!("(({dividend}) // ({divisor}))"),
            Engine::ClickHouse => format!("intDiv({dividend}, {divisor})"),
            Engine::Spark => format!("(({dividend}) div ({divisor}))"),
        }
    }

    /// Bytes as a number that holds them times a day of milliseconds.
    fn wide(&self) -> &'static str {
        match self.engine {
            Engine::DuckDb => "CAST(bytes AS HUGEINT)",
            Engine::ClickHouse => "toInt128(bytes)",
            Engine::Spark => "CAST(bytes AS DECIMAL(28, 0))",
        }
    }

    /// An address as a text that sorts as it does.
    fn key(&self) -> &'static str {
        match self.engine {
            Engine::DuckDb => {
                "CASE WHEN contains(a, ':') THEN '6' || array_to_string([lpad(lower(g), 4, '0') for g in list_concat(list_concat(
      [g for g in string_split(split_part(a, '::', 1), ':') if g <> ''],
      ['0' for z in range(8 - len([g for g in string_split(a, ':') if g <> '']))]),
      [g for g in string_split(split_part(a, '::', 2), ':') if g <> ''])], '')
    ELSE '4' || printf('%02x%02x%02x%02x', CAST(split_part(a, '.', 1) AS INT), CAST(split_part(a, '.', 2) AS INT),
      CAST(split_part(a, '.', 3) AS INT), CAST(split_part(a, '.', 4) AS INT)) END"
            }
            Engine::ClickHouse => {
                "if(position(a, ':') > 0, concat('6', lower(hex(IPv6StringToNumOrDefault(a)))),
      concat('4', lower(leftPad(hex(IPv4StringToNumOrDefault(a)), 8, '0'))))"
            }
            Engine::Spark => {
                "CASE WHEN contains(a, ':') THEN concat('6', array_join(transform(concat(
      filter(split(split_part(a, '::', 1), ':'), g -> g <> ''),
      array_repeat('0', 8 - size(filter(split(a, ':'), g -> g <> ''))),
      filter(split(split_part(a, '::', 2), ':'), g -> g <> '')), g -> lpad(lower(g), 4, '0')), ''))
    ELSE concat('4', array_join(transform(split(a, '[.]'), o -> lpad(lower(hex(CAST(o AS INT))), 2, '0')), '')) END"
            }
        }
    }

    /// Rows for each interval of a record, and their number `k`.
    fn spread(&self, columns: &str) -> String {
        let (first, last) = (
            self.div("first_ms", &self.interval.to_string()),
            self.div("first_ms + length - 1", &self.interval.to_string()),
        );
        match self.engine {
            Engine::DuckDb => format!("SELECT {columns}, unnest(range({first}, {last} + 1)) AS k FROM judged"),
            Engine::ClickHouse => {
                format!(
                    "SELECT {columns}, toInt64(k) AS k FROM judged ARRAY JOIN range(toUInt64({first}), toUInt64({last} + 1)) AS k"
                )
            }
            Engine::Spark => format!("SELECT {columns}, explode(sequence({first}, {last})) AS k FROM judged"),
        }
    }

    fn body(&self, table: &str) -> String {
        let (longest, interval) = (Tally::LONGEST_MS, self.interval);
        let year_10000 = super::tally::YEAR_10000_MS;
        let key = self.key();
        let spread = self.spread("site, way, class, inward, counted, bytes, first_ms, length");
        let past = |at: &str| {
            let gone = format!("{} * least(greatest({at} * {interval} - first_ms, 0), length)", self.wide());
            self.div(&gone, "length")
        };
        let part = format!("CAST({} - {} AS BIGINT)", past("(k + 1)"), past("k"));
        let rank = self.div("n * 95 + 99", "100");
        let nulls = if self.engine == Engine::ClickHouse { "\nSETTINGS join_use_nulls = 1" } else { "" };
        format!(
            "records AS (
  SELECT src, dst, sport, dport, protocol, bytes, first_ms, greatest(last_ms - first_ms, 1) AS length
  FROM {table}
  WHERE last_ms >= first_ms AND last_ms - first_ms <= {longest} AND first_ms >= 0 AND first_ms < {year_10000}
),
ends AS (SELECT DISTINCT a FROM (SELECT src AS a FROM records UNION ALL SELECT dst AS a FROM records) AS e),
sorted AS (
  SELECT {key} AS address, a, 0 AS split_number, 0 AS site_number FROM ends
  UNION ALL SELECT address, '' AS a, number AS split_number, 0 AS site_number FROM split_step
  UNION ALL SELECT address, '' AS a, 0 AS split_number, number AS site_number FROM site_step
),
among AS (
  SELECT a, max(split_number) OVER w AS split_number, max(site_number) OVER w AS site_number FROM sorted
  WINDOW w AS (ORDER BY address RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
placed AS (
  SELECT among.a AS a, site_step.site AS site, split_step.rule AS rule FROM among
  JOIN split_step ON split_step.number = among.split_number
  JOIN site_step ON site_step.number = among.site_number
  WHERE among.a <> ''
),
directed AS (
  SELECT r.sport AS sport, r.dport AS dport, r.protocol AS protocol, r.bytes AS bytes, r.first_ms AS first_ms,
    r.length AS length, s.site AS s_site, d.site AS d_site, s.rule AS s_rule, d.rule AS d_rule,
    CASE WHEN s.site <> '' THEN 0 WHEN d.site <> '' THEN 1 WHEN d.rule = -1 AND s.rule <> -1 THEN 1 ELSE 0 END AS inward
  FROM records AS r JOIN placed AS s ON s.a = r.src JOIN placed AS d ON d.a = r.dst
  WHERE s.site = '' OR d.site = ''
),
far AS (
  SELECT protocol, bytes, first_ms, length, inward,
    CASE WHEN s_site <> '' THEN s_site WHEN d_site <> '' THEN d_site ELSE 'elsewhere' END AS site,
    CASE WHEN inward = 1 THEN s_rule ELSE d_rule END AS rule,
    CASE WHEN inward = 1 THEN sport ELSE dport END AS port
  FROM directed
),
judged AS (
  SELECT far.site AS site, far.inward AS inward, far.bytes AS bytes, far.first_ms AS first_ms, far.length AS length,
    CASE WHEN far.protocol IN (6, 17) THEN 1 ELSE 0 END AS counted,
    CASE WHEN far.protocol IN (6, 17) THEN coalesce(listed.way, ruled.way) ELSE ruled.any_way END AS way,
    CASE WHEN far.protocol IN (6, 17) THEN coalesce(listed.class, ruled.class) ELSE ruled.any_class END AS class
  FROM far JOIN ruled ON ruled.rule = far.rule
  LEFT JOIN listed ON listed.rule = far.rule AND listed.protocol = far.protocol AND listed.port = far.port
),
spread AS ({spread}),
parted AS (
  SELECT site, way, class, k, inward, counted, {part} AS part FROM spread
),
cells AS (
  SELECT site, way, class, k,
    sum(CASE WHEN inward = 0 THEN part ELSE 0 END) AS b_out, sum(CASE WHEN inward = 1 THEN part ELSE 0 END) AS b_in,
    sum(CASE WHEN inward = 0 THEN counted ELSE 0 END) AS f_out, sum(CASE WHEN inward = 1 THEN counted ELSE 0 END) AS f_in
  FROM parted GROUP BY site, way, class, k
),
sums AS (
  SELECT site, way, class, k, b_out, b_in, f_out, f_in FROM cells
  UNION ALL SELECT site, way, 'all' AS class, k, sum(b_out), sum(b_in), sum(f_out), sum(f_in) FROM cells GROUP BY site, way, k
  UNION ALL SELECT 'all' AS site, way, 'all' AS class, k, sum(b_out), sum(b_in), sum(f_out), sum(f_in) FROM cells GROUP BY way, k
),
grid AS (SELECT max(k) - min(k) + 1 AS n FROM cells),
ranked AS (
  SELECT site, way, class, b_out, b_in, f_out, f_in, n,
    row_number() OVER (PARTITION BY site, way, class ORDER BY b_out) AS r_out,
    row_number() OVER (PARTITION BY site, way, class ORDER BY b_in) AS r_in,
    count(*) OVER (PARTITION BY site, way, class) AS busy
  FROM sums CROSS JOIN grid
)
SELECT site, way, class, CAST(sum(b_out) AS BIGINT) AS bytes_out, CAST(sum(b_in) AS BIGINT) AS bytes_in,
  CAST(max(CASE WHEN r_out = {rank} - n + busy THEN b_out ELSE 0 END) AS BIGINT) AS p95_out,
  CAST(max(CASE WHEN r_in = {rank} - n + busy THEN b_in ELSE 0 END) AS BIGINT) AS p95_in,
  CAST(max(b_out) AS BIGINT) AS peak_out, CAST(max(b_in) AS BIGINT) AS peak_in,
  CAST(max(greatest(f_out, f_in)) AS BIGINT) AS flows
FROM ranked GROUP BY site, way, class ORDER BY site, way, class{nulls};
"
        )
    }
}

fn address(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("4{:08x}", u32::from(address)),
        IpAddr::V6(address) => format!("6{:032x}", u128::from(address)),
    }
}
