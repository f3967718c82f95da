//! The report for a browser.

use crate::sample::{Sample, clean, empty, sample, sample_of};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeSet;

fn text(sample: &Sample) -> String {
    let mut text = String::new();
    rules::report::html::write(&sample.report(), &mut text).unwrap();
    text
}

/// Every element of a page with its attributes, in order; the page must close what it opens.
fn elements(page: &str) -> Vec<(String, Vec<(String, String)>)> {
    const VOID: [&str; 4] = ["meta", "col", "input", "br"];
    let mut reader = Reader::from_str(page);
    reader.config_mut().check_end_names = false;
    reader.config_mut().allow_unmatched_ends = true;
    let (mut open, mut elements) = (Vec::new(), Vec::new());
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) => {
                let name = element.name().as_ref().to_owned();
                elements.push((name.clone(), attributes(&element)));
                if !VOID.contains(&name.as_str()) {
                    open.push(name);
                }
            }
            Event::End(element) => assert_eq!(open.pop().as_deref(), Some(element.name().as_ref())),
            Event::Empty(element) => panic!("{:?} closes itself, which HTML does not know", element.name()),
            Event::Eof => break,
            _ => {}
        }
    }
    assert_eq!(open, Vec::<String>::new());
    elements
}

fn attributes(element: &BytesStart<'_>) -> Vec<(String, String)> {
    element
        .html_attributes()
        .map(|attribute| attribute.unwrap())
        .map(|attribute| (attribute.key.as_ref().to_owned(), attribute.value.into_owned()))
        .collect()
}

#[test]
fn pages_are_well_formed_and_load_nothing() {
    for sample in [sample(), clean(), empty()] {
        let page = text(&sample);
        let (mut ids, mut links) = (BTreeSet::new(), BTreeSet::new());
        for (name, attributes) in elements(&page) {
            assert!(!["script", "link", "img", "iframe", "object", "embed"].contains(&name.as_str()), "{name}");
            for (key, value) in attributes {
                assert!(!key.starts_with("on") && key != "src" && key != "srcset", "{name} {key}");
                assert!(!value.contains("url("), "{name} {key}={value}");
                match key.as_str() {
                    "id" => assert!(ids.insert(value.clone()), "two elements have the id {value}"),
                    "href" => drop(links.insert(value.strip_prefix('#').expect("links stay on the page").to_owned())),
                    _ => {}
                }
            }
        }
        assert!(links.is_subset(&ids), "{:?}", links.difference(&ids));
        let style = &page[page.find("<style>").unwrap()..page.find("</style>").unwrap()];
        assert!(!style.contains("url(") && !style.contains("@import") && !style.contains("http"));
    }
}

#[test]
fn a_design_writes_no_markup_of_its_own() {
    let page = text(&sample());
    assert!(page.contains("<h1>Fabrikam &amp; Sons &lt;Lisbon&gt;</h1>"));
    let evil =
        "company: '<script>alert(1)</script>'\ncircuits: {'\"><b>': {provider: '</text><b>', bandwidth: 3 Gbps}}\n";
    let page = text(&sample_of(evil));
    assert!(!page.contains("<script") && !page.contains("<b>\""), "{page}");
    elements(&page);
}

#[test]
fn faults_are_drawn_at_what_they_touch() {
    let page = text(&sample());
    let drawing = &page[page.find("<svg").unwrap()..page.find("</svg>").unwrap()];
    // The title comes first in a marked part, its shape next.
    let marked = |words: &str, level: &str| {
        let at = drawing.find(words).unwrap_or_else(|| panic!("{words} is not drawn"));
        let start = drawing[..at].rfind("<g class=").unwrap();
        assert!(drawing[start..].starts_with(&format!("<g class=\"{level}\">")), "{}", &drawing[start..at]);
    };
    marked("PROV-012: 3 Gbps", "fault");
    marked("ADDR-002: 192.168.0.0/28", "fault");
    marked("NET-BGP-098: no BFD", "fault");
    marked("CAP-001: not known: traffic", "fault");
    assert!(drawing.contains("Account and subscription"), "what belongs to no drawn part is a chip");
}

#[test]
fn many_circuits_fit_and_none_is_no_drawing() {
    assert!(!text(&empty()).contains("<svg"));
    let circuits: String =
        (0..20).map(|index| format!("  c{index}: {{provider: Colt, bandwidth: 1 Gbps}}\n")).collect();
    // One more comes from the ordered evidence.
    let page = text(&sample_of(Box::leak(format!("circuits:\n{circuits}").into_boxed_str())));
    assert!(page.contains("9 more circuits are not drawn."));
    elements(&page);
}
