//! Bodies and addresses of the ARM API.

use arm_api::body::{self, read};
use arm_api::{ApiVersion, ResourceId, Template, lower, name};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt::Debug;

/// Any bytes are a body, or refused with an error of some length; what was read is answered, kept, and read again as
/// the same. An example of the swagger's is also tried by its body alone.
pub fn body(bytes: &[u8]) {
    let value = match body::parse(bytes) {
        Ok(value) => value,
        Err(error) => return assert!(error.status == 400 && error.message.len() < 500),
    };
    every(&value);
    for inner in value["parameters"].as_object().into_iter().flat_map(serde_json::Map::values) {
        every(inner);
    }
}

fn every(value: &Value) {
    one::<body::Authorization>(value);
    one::<body::Circuit>(value);
    one::<body::CircuitConnection>(value);
    one::<body::Connection>(value);
    one::<body::CrossConnection>(value);
    one::<body::Deployment>(value);
    one::<body::Gateway>(value);
    one::<body::LocalGateway>(value);
    one::<body::Lock>(value);
    one::<body::Peering>(value);
    one::<body::Port>(value);
    one::<body::PublicIp>(value);
    one::<body::ResourceGroup>(value);
    one::<body::RouteFilter>(value);
    one::<body::Rule>(value);
    one::<body::Subnet>(value);
    one::<body::TagsPatch>(value);
    one::<body::VirtualNetwork>(value);
    one::<body::VnetPeering>(value);
}

fn one<T: DeserializeOwned + Serialize + Debug>(value: &Value) {
    match read::<T>(value) {
        Err(error) => {
            assert!(error.status == 400 && error.message.chars().count() < 1000, "{error}");
            assert_eq!(error.target.is_some(), value.is_object(), "{error}");
        }
        Ok(body) => {
            let kept = serde_json::to_value(&body).expect("a body is JSON");
            let again: T = serde_json::from_value(kept.clone()).expect("a document is read");
            assert_eq!(serde_json::to_value(&again).expect("a body is JSON"), kept);
            let sent: T = read(&kept).expect("what is answered can be sent");
            assert_eq!(serde_json::to_value(&sent).expect("a body is JSON"), kept);
        }
    }
}

/// Any text is an id, or none; one that is reads again as the same, and its parents are its beginnings.
pub fn id(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    _ = ApiVersion::parse(Some(text));
    _ = name::check(text, "name");
    _ = name::check_group(text, "name");
    let parts: Vec<String> = text.split('/').skip(1).map(str::to_owned).collect();
    let template = Template::new(text);
    if let Some(names) = template.names(&parts) {
        _ = template.path(&names);
    }
    let Ok(id) = ResourceId::parse(text) else { return };
    let again = ResourceId::parse(id.as_str()).expect("an id is one");
    assert_eq!((again.as_str(), again.key()), (id.as_str(), id.key()));
    assert_eq!(lower(id.as_str()), id.key());
    assert_eq!(ResourceId::parse(id.key()).expect("its key is one").key(), id.key());
    let mut above = id.clone();
    while let Some(parent) = above.parent() {
        assert!(above.key().starts_with(parent.key()) && above.as_str().starts_with(parent.as_str()));
        assert_eq!(ResourceId::parse(parent.as_str()).as_ref(), Ok(&parent));
        above = parent;
    }
    assert_eq!(above, id.root());
}
