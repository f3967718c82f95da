//! Room for descriptors, as the kernel tells of it.

use socket::descriptors::reserve;
use std::fs;

/// A line of this process's status or limits, as the kernel writes it.
fn told(file: &str, name: &str) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/self/{file}")).unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line[name.len()..].split_whitespace().map(str::to_owned).collect()
}

fn room() -> u32 {
    told("status", "FDSize:")[0].parse().unwrap()
}

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn the_table_grows_at_once_and_nothing_stays_open() {
    let (before, files) = (room(), open_files());
    assert!(before < 700, "the table has {before} places already");
    let limit = reserve(700).unwrap();
    assert!(limit >= 700);
    assert!(room() >= 700, "{}", room());
    assert_eq!(open_files(), files);
    assert_eq!(reserve(10).unwrap(), limit, "a smaller wish changes nothing");
    assert!(room() >= 700);
}

#[test]
fn the_limit_is_raised_as_far_as_a_process_may() {
    let limits = || [0, 1].map(|at| told("limits", "Max open files")[at].parse::<u64>().unwrap_or(u64::MAX));
    let [soft, hard] = limits();
    let wanted = u32::try_from(soft + 1).unwrap();
    assert_eq!(reserve(wanted).unwrap(), hard.min(soft + 1));
    assert_eq!(limits(), [hard.min(soft + 1), hard]);
}
