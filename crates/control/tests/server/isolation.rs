//! Every route × every role × own and foreign subscription, against the table in the book.

use crate::client::{Answer, Rig, head_of, read, request};
use control::Role;
use control::app::{Action, ROUTES, Route, Verb};
use std::collections::BTreeMap;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

const BOOK: &str = include_str!("../../../../docs/book/src/reference/roles.md");

/// What the book says: by action, what each role may.
fn table() -> BTreeMap<String, BTreeMap<String, bool>> {
    let cells =
        |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).filter(|cell| !cell.is_empty()).collect();
    let mut lines = BOOK.lines().filter(|line| line.starts_with('|')).map(cells);
    let head: Vec<String> = lines.next().unwrap();
    lines
        .skip(1)
        .take_while(|row: &Vec<String>| row.len() == head.len())
        .map(|row| {
            let may = head.iter().zip(&row).skip(1).map(|(role, cell)| (role.clone(), cell == "yes")).collect();
            (row[0].clone(), may)
        })
        .collect()
}

const ROLES: [(&str, Role); 5] = [
    ("reader", Role::Reader),
    ("network-contributor", Role::NetworkContributor),
    ("owner", Role::Owner),
    ("provider", Role::Provider),
    ("operator", Role::Operator),
];

const ACTIONS: [Action; 7] = [
    Action::Known,
    Action::Read,
    Action::Write,
    Action::Own,
    Action::ProviderRead,
    Action::ProviderWrite,
    Action::Operate,
];

#[test]
fn the_book_has_the_table_of_the_program() {
    let table = table();
    assert_eq!(table.len(), ACTIONS.len());
    for action in ACTIONS {
        for (name, role) in ROLES {
            let told = table[&format!("{action:?}")][name];
            assert_eq!(told, control::auth::may(role, action), "{action:?} by {name}");
        }
    }
}

/// The mark below which the book has all routes, made from the program.
const MARK: &str = "<!-- Made from the table of routes; UPDATE_EXPECT=1 writes it anew. -->\n";

/// Every route with what each role may in the caller's own subscription, and what all are told in a foreign one.
fn routes() -> String {
    let mut text = String::from(MARK);
    let names: Vec<&str> = ROLES.iter().map(|(name, _)| *name).collect();
    text.push_str(&format!(
        "\n| route | action | {} | foreign subscription |\n|{}\n",
        names.join(" | "),
        " --- |".repeat(8)
    ));
    let mut rows: Vec<&Route> = ROUTES.iter().flat_map(|routes| routes.iter()).collect();
    rows.sort_by_key(|route| (route.name, route.path, route.verb));
    for route in rows {
        let cells: Vec<&str> = ROLES
            .iter()
            .map(|(_, role)| if control::auth::may(*role, route.action) { "allow" } else { "deny" })
            .collect();
        let foreign = if closed(route) { "404" } else { "–" };
        text.push_str(&format!(
            "| `{} {}` ({}) | {:?} | {} | {foreign} |\n",
            verb(route),
            route.path,
            route.name,
            route.action,
            cells.join(" | ")
        ));
    }
    text
}

/// Whether strangers to the subscription in the path get nothing.
fn closed(route: &Route) -> bool {
    route.path.contains("{subscriptionId}") && route.action != Action::Known
}

#[test]
fn the_book_lists_every_route_with_who_may() {
    let head = BOOK.split(MARK).next().unwrap();
    let wanted = format!("{head}{}", routes());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/book/src/reference/roles.md");
        std::fs::write(path, wanted).unwrap();
        return;
    }
    assert!(BOOK == wanted, "docs/book/src/reference/roles.md is stale: UPDATE_EXPECT=1 writes it anew");
}

/// A path of a route in a subscription; names that no resource has.
fn path(route: &Route, subscription: &str) -> String {
    let part = |part: &str| match part {
        "{subscriptionId}" => subscription.to_owned(),
        "{devicePath}" => "primary".to_owned(),
        name if name.starts_with('{') => Uuid::from_u128(7).to_string(),
        word => word.to_owned(),
    };
    let path: Vec<String> = route.path.split('/').map(part).collect();
    format!("{}?api-version=2024-01-01", path.join("/"))
}

fn verb(route: &Route) -> &'static str {
    match route.verb {
        Verb::Get => "GET",
        Verb::Head => "HEAD",
        Verb::Put => "PUT",
        Verb::Patch => "PATCH",
        Verb::Post => "POST",
        Verb::Delete => "DELETE",
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_lets_in_whom_the_book_says_and_strangers_learn_nothing() {
    let (rig, table) = (Rig::start().await, table());
    let own = rig.credentials.subscription.clone();
    // One that exists, of somebody else, and one that does not exist.
    let other = Rig::start().await.credentials.subscription;
    let mut foreign = rig.store.get(&format!("/subscriptions/{own}")).await.unwrap().unwrap();
    foreign.key = format!("/subscriptions/{other}");
    foreign.id.clone_from(&foreign.key);
    foreign.subscription.clone_from(&other);
    foreign.document["tenant"] = Uuid::from_u128(9).to_string().into();
    let change = store::Change { puts: vec![foreign], ..store::Change::default() };
    rig.store.commit(&change).await.unwrap();
    let nowhere = Uuid::from_u128(8).to_string();
    let mut asked = 0;
    for (name, role) in ROLES {
        let scope = if role == Role::Operator { "*" } else { own.as_str() };
        let token = rig.with_role(scope, role).await;
        let mut stream = rig.connect().await;
        for route in ROUTES.iter().flat_map(|routes| routes.iter()) {
            let mut answers: Vec<Answer> = Vec::new();
            for subscription in [&own, &other, &nowhere] {
                let body = if matches!(route.verb, Verb::Get | Verb::Head | Verb::Delete) { None } else { Some("{}") };
                let text = request(verb(route), &path(route, subscription), &token, "application/json", body);
                stream.write_all(text.as_bytes()).await.unwrap();
                let answer = if route.verb == Verb::Head {
                    // Without a body, so without a code.
                    let head = request("GET", "/healthz", "", "text/plain", None);
                    let answer = head_of(&mut stream).await;
                    stream.write_all(head.as_bytes()).await.unwrap();
                    read(&mut stream).await;
                    answer
                } else {
                    read(&mut stream).await
                };
                asked += 1;
                let what = format!("{} {} as {name}: {answer:?}", verb(route), path(route, subscription));
                assert!(answer.status < 500, "{what}");
                answers.push(answer);
            }
            let may = table[&format!("{:?}", route.action)][name];
            let here = &answers[0];
            let head = route.verb == Verb::Head;
            let denied = here.status == 403 && (head || here.code() == "AuthorizationFailed");
            assert_eq!(!denied, may, "{} as {name} in its own subscription: {here:?}", route.name);
            let missing = closed(route) && here.code() == "SubscriptionNotFound";
            assert!(!missing, "{} as {name}: {here:?}", route.name);
            if closed(route) && role != Role::Operator {
                for (stranger, subscription) in [(&answers[1], &other), (&answers[2], &nowhere)] {
                    assert_eq!(stranger.status, 404, "{} as {name} elsewhere: {stranger:?}", route.name);
                    if !head {
                        let told = stranger.text.replace(subscription, "S");
                        assert_eq!(told, answers[2].text.replace(&nowhere, "S"), "{}", route.name);
                        assert_eq!(stranger.code(), "SubscriptionNotFound", "{}", route.name);
                    }
                }
            }
        }
    }
    assert!(asked > 100, "{asked}");
}
