//! What the data plane costs: the bench of its room, run in namespaces of its own, as tables.

use super::Part;
use anyhow::Context;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How a circuit's packets are told apart, as the bench calls it.
const WAYS: [&str; 3] = ["plain", "programs", "a thread"];

/// Runs the bench, and writes its part of the page. Needs root: a user namespace gives no right to programs.
pub(crate) fn measure() -> anyhow::Result<()> {
    let words = ["bench", "--quiet", "--locked", "--package", "dataplane", "--bench", "plane"];
    let told = crate::chores::output("cargo", &words)?;
    let figures = told.lines().filter_map(|line| line.split_once('\t'));
    let figures: BTreeMap<&str, f64> =
        figures.filter_map(|(what, number)| Some((what, number.parse().ok()?))).collect();
    super::write(Part::Dataplane, &page(&figures)?)
}

fn page(figures: &BTreeMap<&str, f64>) -> anyhow::Result<String> {
    let of = |what: &str| figures.get(what).copied().with_context(|| format!("the bench says nothing of `{what}`"));
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').nth(1).unwrap_or("unknown").to_owned();
    let mut page = format!(
        "Machine: {}. {}. Load of the machine over the last five minutes, our own with it: {load}. Medians of 5; of a \
         switch, of 101.\n\n",
        super::machine(),
        super::today()?
    );
    writeln!(page, "Finding out what the kernel can do takes {:.0} ms at the start.\n", of("probe, ms")?)?;
    writeln!(page, "### Routes on next-hop groups\n")?;
    writeln!(
        page,
        "All routes rest on one group. A switch moves the group to another router; that the last route goes the new way \
         is asked of the kernel after each.\n"
    )?;
    writeln!(page, "| IPv4 routes | switch, ms | worst switch, ms | put, a second | deleted, a second | resync, ms |")?;
    writeln!(page, "| ---: | ---: | ---: | ---: | ---: | ---: |")?;
    for routes in [100, 10_000, 100_000] {
        let of = |what: &str| of(&format!("{routes} routes: {what}"));
        writeln!(
            page,
            "| {routes} | {:.3} | {:.3} | {:.0} | {:.0} | {:.1} |",
            of("switch of their group, ms")?,
            of("switch of their group, worst, ms")?,
            of("put, a second")?,
            of("deleted, a second")?,
            of("resync that finds nothing, ms")?
        )?;
    }
    writeln!(page, "\n### Forwarding\n")?;
    writeln!(
        page,
        "From the circuit's port through the edge's domain to a host on the other side, in one direction, sender and \
         receiver on the same cores; the ways are measured in turn, second by second. *Plain* is a whole port for the \
         circuit. *Programs* take 802.1ad and 802.1Q tags off in the kernel, the way for root; *a thread* does it with \
         packet sockets, the way for everybody. Datagrams have 64 bytes and are put on the port as whole frames, so that the \
         sender costs the same each time; the stream of TCP comes from a host behind a provider that puts the tags on in the \
         same way, so it passes two taggers.\n"
    )?;
    writeln!(
        page,
        "| circuit | packets/s | of plain | Gbit/s of one TCP | of plain |\n| --- | ---: | ---: | ---: | ---: |"
    )?;
    for way in WAYS {
        for services in ["", " with translation", " with classes"] {
            let of = |way: &str, what: &str| of(&format!("forwarding, {way}{what}"));
            let [packets, stream] = [", packets/s", ", Gbit/s of TCP"];
            let rate = |what: &str| {
                let plain = of("plain", &format!("{services}{what}"))?;
                anyhow::Ok((of(way, &format!("{services}{what}"))?, plain))
            };
            let ((rate_here, rate_plain), (stream_here, stream_plain)) = (rate(packets)?, rate(stream)?);
            writeln!(
                page,
                "| {way}{services} | {rate_here:.0} | {:.2} | {stream_here:.2} | {:.2} |",
                rate_here / rate_plain,
                stream_here / stream_plain
            )?;
        }
    }
    writeln!(page, "\n*Of plain* is of the plain way with the same services, measured in the same turns.\n")?;
    writeln!(page, "| 500 circuits on a trunk, each in a domain of its own | packets/s of one | a further one, ms |")?;
    writeln!(page, "| --- | ---: | ---: |")?;
    for way in ["programs", "a thread"] {
        let many = of(&format!("forwarding, {way}, 500 circuits on the trunk, packets/s"))?;
        writeln!(page, "| {way} | {many:.0} | {:.1} |", of(&format!("a further circuit on the trunk, {way}, ms"))?)?;
    }
    writeln!(page, "\n### Classes at 170 % load\n")?;
    writeln!(
        page,
        "A link of 50 Mbit/s, 0.8 Mbit/s of voice (EF) and best effort beside it, 85 Mbit/s in all, for 10 s. A delay is \
         from one program to another, the wait for a core with it.\n"
    )?;
    writeln!(page, "| figure | plain | programs |\n| --- | ---: | ---: |")?;
    let both = |what: &str, as_text: &dyn Fn(f64) -> String| -> anyhow::Result<String> {
        let [plain, programs] = ["plain", "programs"].map(|way| of(&format!("170 % load, {way}: {what}")));
        Ok(format!("{} | {}", as_text(plain?), as_text(programs?)))
    };
    let (whole, ms) = (|number| format!("{number:.0}"), |number| format!("{number:.2} ms"));
    writeln!(page, "| voice sent, packets | {} |", both("voice sent, packets", &whole)?)?;
    writeln!(page, "| voice lost, packets | {} |", both("voice lost, packets", &whole)?)?;
    writeln!(page, "| delay of voice, median | {} |", both("delay of voice, median, ms", &ms)?)?;
    writeln!(page, "| delay of voice, 99th percentile | {} |", both("delay of voice, 99th percentile, ms", &ms)?)?;
    let percent = |number| format!("{:.1} %", number * 100.0);
    writeln!(
        page,
        "| the rest gets of what voice leaves | {} |",
        both("the rest gets of what voice leaves", &percent)?
    )?;
    Ok(page)
}
