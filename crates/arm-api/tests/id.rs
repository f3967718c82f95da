//! Resource ids, names and templates.

use arm_api::{ResourceId, lower, name};
use proptest::prelude::*;

const CIRCUIT: &str = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Network/expressRouteCircuits/C1";

fn id(text: &str) -> ResourceId {
    ResourceId::parse(text).expect("an id")
}

#[test]
fn words_are_answered_as_documented_and_names_as_given() {
    let given = "/SUBSCRIPTIONS/S/resourcegroups/G/PROVIDERS/microsoft.network/expressroutecircuits/C1/PEERINGS/Azure/";
    let read = id(given);
    assert_eq!(read.as_str(), format!("{CIRCUIT}/peerings/Azure"));
    assert_eq!(read.kind(), "Microsoft.Network/expressRouteCircuits/peerings");
    assert_eq!(read.parent(), Some(id(CIRCUIT)));
    assert_eq!(read.root().as_str(), CIRCUIT);
    assert_eq!(read, id(CIRCUIT).child("peerings", "AZURE"));
    assert_eq!((read.name(), read.group(), read.subscription()), ("Azure", Some("G"), "S"));
    assert_eq!(id(CIRCUIT).parent(), None);
    assert_eq!(id(CIRCUIT).names().collect::<Vec<_>>(), ["C1"]);
}

#[test]
fn groups_subscriptions_and_namespaces_are_ids_too() {
    let group = id("/subscriptions/S/resourcegroups/G");
    assert_eq!((group.kind().as_str(), group.name()), ("Microsoft.Resources/resourceGroups", "G"));
    let subscription = id("/subscriptions/S");
    assert_eq!((subscription.kind().as_str(), subscription.name()), ("Microsoft.Resources/subscriptions", "S"));
    let namespace = id("/subscriptions/S/providers/microsoft.network");
    assert_eq!((namespace.kind().as_str(), namespace.name()), ("", "Microsoft.Network"));
}

#[test]
fn an_extension_has_what_it_extends_as_parent() {
    let lock = id(&format!("{CIRCUIT}/providers/microsoft.authorization/locks/L"));
    assert_eq!(lock.as_str(), format!("{CIRCUIT}/providers/Microsoft.Authorization/locks/L"));
    assert_eq!(lock.kind(), "Microsoft.Authorization/locks");
    assert_eq!(lock.namespace(), Some("Microsoft.Authorization"));
    assert_eq!(lock.parent(), Some(id(CIRCUIT)));
    assert_eq!(lock.parent().unwrap().namespace(), Some("Microsoft.Network"));
}

#[test]
fn what_is_no_id_is_refused() {
    for text in [
        "",
        "/",
        "subscriptions/S",
        "/subscriptions",
        "/subscriptions/",
        "/subscriptions//resourceGroups/G",
        "/subscriptions/S/resourceGroups",
        "/subscriptions/S/other/G",
        "/subscriptions/S/providers",
        "/subscriptions/S/resourceGroups/G/providers/N/type",
        "/subscriptions/S/resourceGroups/../providers/N/type/name",
        "/subscriptions/S/resourceGroups/./providers/N/type/name",
        "/subscriptions/S/resourceGroups/%2e%2e/providers/N/type/name",
        "/subscriptions/S/resourceGroups/G/providers/N/type/a\nb",
        "/subscriptions/S/resourceGroups/G/providers/N/type/a?b",
        "/subscriptions/S//",
    ] {
        assert!(ResourceId::parse(text).is_err(), "{text}");
    }
    assert!(ResourceId::parse(&format!("/subscriptions/{}", "s".repeat(3000))).is_err());
}

#[test]
fn lower_case_may_be_longer() {
    // The lower case of İ has two characters, and that of Σ depends on its place in some libraries.
    for name in ["İİİİ", "ΟΔΟΣ", "ẞß", "Ⅷ", "ǅ"] {
        let parent = id(&format!("/subscriptions/S/resourceGroups/{name}/providers/N/type/{name}"));
        let child = parent.child("sub", name);
        assert_eq!(child.parent(), Some(parent.clone()));
        assert_eq!(child.parent().unwrap().as_str(), parent.as_str());
        assert!(child.key().starts_with(parent.key()));
    }
}

#[test]
fn names_keep_the_rule() {
    for good in ["c", "C1", "a_", "a.b-c", &"x".repeat(80)] {
        assert!(name::check(good, "circuitName").is_ok(), "{good}");
    }
    for bad in ["", "-a", "_a", "a.", "a-", "a b", "ä", "a/b", &"x".repeat(81)] {
        let error = name::check(bad, "circuitName").unwrap_err();
        assert_eq!((error.code.as_str(), error.target.as_deref()), ("InvalidResourceName", Some("circuitName")));
    }
    for good in ["g", "CrossConnection-SiliconValley", "(ü)", "-"] {
        assert!(name::check_group(good, "resourceGroupName").is_ok(), "{good}");
    }
    for bad in ["", "a.", "a b", &"x".repeat(91)] {
        assert!(name::check_group(bad, "resourceGroupName").is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}|(/[a-zA-Zİ.%]{0,8}){0,12}") {
        if let Ok(read) = ResourceId::parse(&text) {
            let again = id(read.as_str());
            prop_assert_eq!(again.as_str(), read.as_str());
            prop_assert_eq!(again.key(), read.key());
            prop_assert_eq!(lower(read.as_str()), read.key());
        }
    }

    #[test]
    fn an_id_survives_any_spelling_of_its_words(
        names in proptest::collection::vec("[\\w.()-]{1,12}".prop_filter("no dots alone", |name| name != "." && name != ".."), 3..7),
        upper in any::<u64>(),
    ) {
        let [group, above @ ..] = &names[..] else { unreachable!() };
        let mut text = format!("/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Network");
        for (index, name) in above.iter().enumerate() {
            text += &format!("/{}/{name}", ["virtualNetworks", "subnets", "links"][index % 3]);
        }
        let read = id(&text);
        prop_assert_eq!(read.as_str(), text.as_str());
        let case = |(index, c): (usize, char)| if upper >> (index % 64) & 1 == 1 { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        let spelled: String = text.chars().enumerate().map(case).collect();
        let other = id(&spelled);
        prop_assert_eq!(&other, &read);
        prop_assert_eq!(other.kind(), read.kind());
        let mut up = read.clone();
        let mut depth = 1;
        while let Some(parent) = up.parent() {
            prop_assert_eq!(parent.child(&up.kind()[parent.kind().len() + 1..], up.name()), up);
            up = parent;
            depth += 1;
        }
        prop_assert_eq!(depth, above.len());
    }
}
