//! The file that `twinpath init` writes: whatever the answers, it reads without a problem, and so does each
//! of its examples.

mod support;

use design::{Answers, Bounds, CircuitAnswers, Input, VnetAnswers, template};
use model::{Asn, Bandwidth, Billing, Design, Prefix, Sku, Sources, Tier, Value};

fn prefix(text: &str) -> Prefix {
    Prefix::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

fn circuit(name: &str, number: u8, known: bool) -> CircuitAnswers {
    CircuitAnswers {
        name: name.to_owned(),
        provider: known.then(|| "Equinix".to_owned()),
        location: known.then(|| "Amsterdam".to_owned()),
        bandwidth: known.then(|| Bandwidth::mbps(1000)),
        sku: known.then_some(Sku { tier: Tier::Premium, billing: Billing::Metered }),
        site: format!("site-{number}"),
        prefixes: if known { vec![prefix(&format!("10.{number}.0.0/16"))] } else { Vec::new() },
        links: known.then(|| prefix(&format!("192.168.0.{}/29", 8 * number))),
    }
}

/// Every combination of answers.
fn every_answer() -> impl Iterator<Item = Answers> {
    (0u32..1 << 9).map(|bits| {
        let yes = |bit: u32| bits & 1 << bit != 0;
        let circuits = if yes(0) { &["amsterdam", "dublin #2"][..] } else { &["amsterdam"] };
        Answers {
            schema: "design.schema.json".to_owned(),
            company: if yes(1) { "Fabrikam: \"Ltd\"".to_owned() } else { "Contoso".to_owned() },
            circuits: circuits.iter().zip(1..).map(|(name, number)| circuit(name, number, yes(2))).collect(),
            private: yes(3),
            microsoft: yes(4),
            asn: yes(2).then_some(Asn(65010)),
            vnet: yes(5).then(|| VnetAnswers {
                name: "hub-weu".to_owned(),
                region: yes(2).then(|| "westeurope".to_owned()),
                space: if yes(2) { vec![prefix("10.100.0.0/16")] } else { Vec::new() },
            }),
            m365: yes(6),
            direct: yes(7),
            ipv6: yes(8),
        }
    })
}

fn read(text: &str) -> Design {
    let input = Input { name: "new".to_owned(), text: text.into() };
    let mut reading = design::read(input, &mut Sources::default(), &Bounds::default());
    reading.problems.extend(design::check_references(&reading.design));
    assert_eq!(reading.problems, [], "{text}");
    assert_eq!(support::errors(text), [""; 0], "{text}");
    reading.design
}

/// The text with every commented line that holds a key taken in.
fn uncommented(text: &str) -> String {
    let key = |line: &str| {
        let word = line.split(':').next().unwrap_or_default();
        line.contains(':') && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let take = |line: &str| match line.trim_start().strip_prefix("# ") {
        Some(rest) if rest.starts_with("  ") || key(rest) => line.replacen("# ", "", 1),
        _ => line.to_owned(),
    };
    text.lines().map(|line| take(line) + "\n").collect()
}

#[test]
fn every_combination_of_answers_reads_without_a_problem() {
    for answers in every_answer() {
        let text = template(&answers);
        let design = read(&text);
        assert_eq!(design.company.value(), Some(&answers.company));
        assert_eq!(design.circuits.len(), answers.circuits.len());
        for (circuit, answer) in design.circuits.values().zip(&answers.circuits) {
            assert_eq!(circuit.bandwidth.get(), answer.bandwidth);
            assert_eq!(circuit.private.is_some(), answers.private);
            let subnets = circuit.private.as_ref().and_then(|private| private.subnets.values().next().copied());
            assert_eq!(subnets, answer.links.filter(|_| answers.private));
            assert_eq!(circuit.port.is_known(), answers.direct);
        }
    }
}

#[test]
fn every_commented_line_is_an_example_that_reads() {
    for answers in every_answer() {
        let text = uncommented(&template(&answers));
        let design = read(&text);
        assert!(design.azure.account.is_known() && design.reading.faq.is_known());
        assert_eq!(design.edges.len(), 2 * answers.circuits.len());
        assert_eq!(design.nat.pools.len(), if answers.microsoft { answers.circuits.len() } else { 0 });
        assert_eq!(design.m365.sign_offs.network.is_known(), answers.m365);
        assert!(design.circuits.values().all(|circuit| circuit.cpe.primary.is_known()));
        assert!(!text.lines().any(|line| line.trim_start().starts_with("# ") && line.contains(": {")), "{text}");
    }
}

#[test]
fn a_line_fits_a_page() {
    for answers in every_answer() {
        for line in template(&answers).lines() {
            assert!(line.chars().count() <= 120 && line.trim_end() == line, "{line}");
        }
    }
}

#[test]
fn the_first_line_names_the_schema() {
    let text = template(&Answers { schema: "https://example.org/s.json".to_owned(), ..Answers::default() });
    assert!(text.starts_with("# yaml-language-server: $schema=https://example.org/s.json\n"));
}
