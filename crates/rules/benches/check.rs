//! How long one check takes, warm: reading the reference design, and asking every rule.
#![allow(missing_docs, reason = "the macros of criterion write undocumented functions")]

use catalog::Catalog;
use criterion::{Criterion, criterion_group, criterion_main};
use design::{Bounds, Input};
use model::Sources;
use rules::{Facts, Profile, Stage};
use std::hint::black_box;
use testkit::{CONTOSO, Layers, TODAY};

fn check(c: &mut Criterion) {
    let catalog = Catalog::builtin();
    let design = Layers::contoso(1).design();
    c.bench_function("ask every rule, reference design", |b| {
        b.iter(|| rules::check(Facts::new(black_box(&design), catalog, TODAY, Profile::Current, Stage::Design)));
    });
    c.bench_function("read and check, reference design", |b| {
        b.iter(|| {
            let mut sources = Sources::default();
            let input = Input { name: "contoso".into(), text: black_box(CONTOSO).into() };
            let reading = design::read(input, &mut sources, &Bounds::default());
            rules::check(Facts::new(&reading.design, catalog, TODAY, Profile::Current, Stage::Design))
        });
    });
}

criterion_group!(benches, check);
criterion_main!(benches);
