//! Maps and programs of the kernel.

use socket::bpf::{Map, Program};
use std::io;

/// The map, where this user may make one.
#[expect(clippy::disallowed_macros, reason = "who runs the tests should see what was left out")]
fn hash() -> Option<Map> {
    match Map::hash("tp_test", 4, 8, 4) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            eprintln!("skipped: {error}");
            None
        }
        made => Some(made.unwrap()),
    }
}

#[test]
fn a_map_keeps_values_by_keys() {
    let Some(map) = hash() else { return };
    let key = |number: u32| number.to_ne_bytes();
    map.put(&key(1), &7_u64.to_ne_bytes()).unwrap();
    map.put(&key(2), &8_u64.to_ne_bytes()).unwrap();
    map.put(&key(1), &9_u64.to_ne_bytes()).unwrap();
    assert_eq!(map.get(&key(1)).unwrap(), Some(9_u64.to_ne_bytes().to_vec()));
    assert_eq!(map.get(&key(3)).unwrap(), None);
    let mut keys = map.keys().unwrap();
    keys.sort();
    assert_eq!(keys, [key(1).to_vec(), key(2).to_vec()]);
    map.remove(&key(1)).unwrap();
    map.remove(&key(1)).unwrap();
    assert_eq!(map.keys().unwrap(), [key(2).to_vec()]);
    assert!(map.is("tp_test", 4, 8) && !map.is("tp_test", 4, 12));
    // Another length would have the kernel read beyond what is there.
    assert_eq!(map.get(&[0; 3]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    assert_eq!(map.put(&key(1), &[0; 7]).unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_program_that_is_refused_is_told_why() {
    if hash().is_none() {
        return;
    }
    // `exit` without a value to give.
    let exit = [0x95, 0, 0, 0, 0, 0, 0, 0];
    let refused = Program::classifier("tp_test", &[exit]).unwrap_err().to_string();
    assert!(refused.contains("R0"), "{refused}");
    // `r0 = 0` before it.
    let zero = [0xb7, 0, 0, 0, 0, 0, 0, 0];
    assert!(Program::classifier("tp_test", &[zero, exit]).unwrap().maps().unwrap().is_empty());
}
