//! The report for a change board: one page that stands alone, on screen and on paper.
//!
//! From the top it answers: does the design hold, which failure costs what, and then failure by failure what was
//! expected, what was seen, when, and which way traffic took. It needs no script, no font and no network.

use super::chart::chart;
use super::{Entry, Report, noticed, path_after, span, thousands};
use crate::drill::{Judged, Objective, Run, Standing, StreamRun};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use std::fmt::{self, Write};

/// Writes the page. `style` is the style sheet of the checklist's page, whose looks it shares.
///
/// # Errors
/// The writer fails.
pub fn write(report: &Report, style: &str, out: &mut impl Write) -> fmt::Result {
    out.write_str(&page(report, style).into_string())
}

fn page(report: &Report, style: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (report.company) ": drill of " (report.day.to_string()) }
                style { (PreEscaped(style)) (PreEscaped(include_str!("drill.css"))) }
            }
            body {
                (head(report))
                main {
                    h2 { "What each failure costs" }
                    (figures(report))
                    h2 { "One by one" }
                    @for entry in &report.scenarios { (card(entry)) }
                }
                (foot(report))
            }
        }
    }
}

/// The class of the checklist's page, and that of this one.
fn classes(standing: Option<Standing>) -> (&'static str, &'static str, &'static str) {
    match standing {
        Some(Standing::Pass) => ("ready", "pass", "✓"),
        Some(Standing::Fail) => ("blocked", "fail", "✗"),
        Some(Standing::Unknown) => ("incomplete", "unknown", "?"),
        None => ("incomplete", "none", "–"),
    }
}

fn head(report: &Report) -> Markup {
    let counts = [(Some(Standing::Pass), "holds", "as expected"), (Some(Standing::Fail), "fault", "cost more")];
    let others = [(Some(Standing::Unknown), "unknown", "not known"), (None, "quiet", "do not apply")];
    html! {
        header {
            p.over { "Azure ExpressRoute failover drill" }
            h1 { (report.company) }
            p.quiet { (report.design) " · " (report.began) " · " (report.topology) }
            div.verdict.(classes(report.standing()).0) { strong { (sentence(&report.verdict())) "." } }
            ul.counts style="margin-top: 28px" {
                @for (standing, class, words) in counts.into_iter().chain(others) {
                    @let count = report.count(standing);
                    @if count > 0 { li.(class) { b { (count) } span { (words) } } }
                }
            }
        }
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn figures(report: &Report) -> Markup {
    let cell = |figure: Option<f64>| figure.map_or_else(|| "?".to_owned(), span);
    html! {
        table.figures {
            thead { tr { th { "" } th { "Failure" } th { "Lost" } th { "Longest gap" } th { "Noticed" } th { "Way back" } th { "Flows broken" } th { "Path meanwhile" } } }
            tbody {
                @for entry in &report.scenarios {
                    @let (_, class, sign) = classes(entry.standing());
                    tr.(class) {
                        td.sign { (sign) }
                        td { a href=(format!("#{}", entry.name)) { (sentence(&entry.title)) } @if let Some(target) = &entry.target { p.quiet { (target) } } }
                        @match (&entry.judged, &entry.not_applicable) {
                            (Some(judged), _) => {
                                td { (judged.lost.map_or_else(|| "?".to_owned(), |lost| thousands(lost.into()))) }
                                td { (cell(judged.longest_gap_ms)) }
                                td { (noticed(judged)) }
                                td { (back(judged)) }
                                td { (judged.broken.map_or_else(|| "–".to_owned(), |broken| broken.to_string())) }
                                td { (entry.typical().map_or_else(String::new, path_after)) }
                            }
                            (None, reason) => td colspan="6" { span.quiet { (reason.as_deref().unwrap_or("")) } },
                        }
                    }
                }
            }
        }
        p.quiet.small style="margin-top: 12px" {
            "Lost: packets of the worst path"
            @if report.repeat > 1 { ", the median of " (report.repeat) " runs" }
            ". Noticed: until the first router told that it knew. Way back: milliseconds of packets lost once the failure was healed."
        }
    }
}

fn back(judged: &Judged) -> String {
    match judged.back_lost_ms {
        Some(0.0) => "clean".to_owned(),
        Some(ms) => span(ms),
        None => "?".to_owned(),
    }
}

fn card(entry: &Entry) -> Markup {
    let (_, class, sign) = classes(entry.standing());
    html! {
        article.drill-card.(class) id=(entry.name) {
            div.title {
                span.sign aria-hidden="true" { (sign) }
                h3 { (sentence(&entry.title)) }
                span.id { (entry.name) }
            }
            @if let Some(reason) = &entry.not_applicable { p.quiet { "Does not apply: " (reason) "." } }
            @if let Some(target) = &entry.target {
                p.quiet { (target) @if let Some(detection) = &entry.detection { " · " (detection) } " · expected by: " (entry.source) }
            }
            @if let Some(run) = entry.typical() {
                @if !run.streams.is_empty() {
                    figure { div.scroll { (chart(run)) } }
                }
            }
            @if let Some(judged) = &entry.judged { (objectives(&judged.objectives)) }
            @if let Some(run) = entry.typical() { (paths(run)) (flows(run)) (moments(run)) }
        }
    }
}

fn objectives(objectives: &[Objective]) -> Markup {
    html! {
        h4 { "Expected and seen" }
        table {
            tbody {
                @for objective in objectives {
                    @let (_, class, sign) = classes(Some(objective.standing));
                    tr { td.sign.(class) { (sign) } td { (sentence(&objective.about)) } td { (objective.expected) } td { b { (objective.seen) } } }
                }
            }
        }
    }
}

fn paths(run: &Run) -> Markup {
    let asymmetric: Vec<&StreamRun> = run.asymmetric().collect();
    html! {
        @if !run.streams.is_empty() {
            h4 { "Ways" }
            table {
                thead { tr { th { "Path" } th { "Before" } th { "While it lasted" } th { "At the end" } th.number { "Delay p50 / p99" } } }
                tbody {
                    @for stream in &run.streams {
                        tr {
                            td { (stream.info.path) p.quiet { (stream.info.direction.to_string()) " · " (stream.info.class) } }
                            @for way in &stream.ways { td { (way.to_string()) } }
                            td.number {
                                @if let Some(delays) = stream.during.delays {
                                    (span(f64::from(delays.p50) / 1000.0)) " / " (span(f64::from(delays.p99) / 1000.0))
                                } @else { "–" }
                                @if stream.during.reordered > 0 { p.quiet { (thousands(stream.during.reordered.into())) " overtaken" } }
                            }
                        }
                    }
                }
            }
            @if !asymmetric.is_empty() {
                p.quiet.small { "Out through one edge, back through another: " (asymmetric.iter().map(|stream| format!("{} ({})", stream.info.path, stream.info.class)).collect::<Vec<_>>().join(", ")) "." }
            }
        }
    }
}

fn flows(run: &Run) -> Markup {
    html! {
        @if !run.flows.is_empty() {
            h4 { "TCP flows" }
            table {
                thead { tr { th { "Path" } th.number { "Came through" } th.number { "Longest stall" } th { "End" } } }
                tbody {
                    @for flow in &run.flows {
                        tr {
                            td { (flow.path) } td.number { (thousands(flow.octets)) " octets" } td.number { (span(flow.stalled_ms)) }
                            td { (flow.broken.as_deref().map_or("lived", |why| why)) }
                        }
                    }
                }
            }
        }
    }
}

/// How many entries of a timeline are shown.
const MOMENTS: usize = 24;

fn moments(run: &Run) -> Markup {
    html! {
        h4 { "Timeline" }
        ul.moments {
            @for moment in run.moments.iter().take(MOMENTS) {
                @let ms = (f64::from(moment.at.0) - f64::from(run.failed.0)) / 1000.0;
                li { span.at { (format!("{ms:+.1} ms")) } span { (sentence(&moment.what)) } }
            }
            @if run.moments.len() > MOMENTS { li { span {} span.quiet { (run.moments.len() - MOMENTS) " more" } } }
        }
    }
}

fn foot(report: &Report) -> Markup {
    let late = report.scenarios.iter().flat_map(|entry| &entry.runs).map(|run| run.sender_late.ms()).reduce(f64::max);
    html! {
        footer {
            div {
                p { "How it was measured" }
                ul {
                    li { "Numbered packets at a steady rate on every path, in both directions and each class; sender and receiver share one clock." }
                    li { "An outage is as long as the packets that were lost take to send." }
                    @if let Some(late) = late { li { "The sender was late by " (span(late)) " at worst: what is shorter says nothing." } }
                    li { "Ways are what routers told when the hop limit of a packet of the same flow ran out." }
                    li { "In a lab on one machine: how routers and their timers behave, not how fast a carrier's network is." }
                }
                p { "twinpath " (env!("CARGO_PKG_VERSION")) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::report;
    use super::*;

    #[test]
    fn the_page_shows_every_failure_with_its_chart_and_what_comes_from_outside_as_text() {
        let mut text = String::new();
        write(&report(), "", &mut text).unwrap();
        assert_eq!(text.matches("<svg").count(), 2);
        assert_eq!(text.matches("<article").count(), 16);
        assert!(text.contains("Contoso &lt;b&gt;") && !text.contains("Contoso <b>"));
        assert!(text.contains("All 2 failures cost no more than expected."));
        assert!(text.contains("msee-a") && text.contains("msee-b"));
    }
}
