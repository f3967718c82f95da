//! Who may what in a subscription, as ARM lists it. Roles are given by the operator, not here.

use super::{Handled, Route, route, scope};
use crate::{Answer, Call, Role, Tx};
use serde_json::{Value, json};
use store::{Query, Resource};
use uuid::Uuid;

pub(super) static ROUTES: &[Route] = &[
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/roleAssignments" RoleAssignments_ListForSubscription Read => list),
    route!(Get "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Authorization/roleAssignments" RoleAssignments_ListForResourceGroup Read => list),
    route!(Get "/subscriptions/{subscriptionId}/providers/Microsoft.Authorization/roleDefinitions" RoleDefinitions_List Read => definitions),
];

/// Names and ids of Azure's built-in roles that ours stand for; providers and operators have none there.
const ROLES: &[(Role, &str, &str)] = &[
    (Role::Owner, "Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
    (Role::NetworkContributor, "Network Contributor", "4d97b98b-1d4f-4787-a291-c67834d212e7"),
    (Role::Reader, "Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7"),
];

/// Principals of the caller's tenant with a role in the subscription.
async fn list(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let subscription = scope::subscription(tx, call.id.subscription()).await?;
    let key = call.id.subscription().to_lowercase();
    let principals = tx.list(&Query { kinds: vec!["twinpath/principals".to_owned()], ..Query::default() }).await?;
    let mine =
        |row: &&Resource| row.document["tenant"].as_str().is_some_and(|t| t.eq_ignore_ascii_case(&call.caller.tenant));
    let items = principals.iter().filter(mine).filter_map(|principal| {
        let role: Role = serde_json::from_value(principal.document["roles"][&key].clone()).ok()?;
        let (_, _, definition) = ROLES.iter().find(|(known, ..)| *known == role)?;
        let name = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{}{}", subscription.key, principal.key).as_bytes());
        Some(json!({
            "id": format!("{}/providers/Microsoft.Authorization/roleAssignments/{name}", subscription.id),
            "name": name,
            "type": "Microsoft.Authorization/roleAssignments",
            "properties": {
                "scope": subscription.id,
                "roleDefinitionId": format!("{}/providers/Microsoft.Authorization/roleDefinitions/{definition}", subscription.id),
                "principalId": principal.document["object"],
                "principalType": "ServicePrincipal",
            },
        }))
    });
    Ok(Answer::List { items: items.collect(), next: None })
}

/// The built-in roles; `$filter=roleName eq 'x'` is how `az` finds one.
async fn definitions(tx: &mut Tx<'_>, call: &Call) -> Handled {
    let subscription = scope::subscription(tx, call.id.subscription()).await?;
    let wanted = call.query.get("$filter").map(|text| text.to_lowercase()).unwrap_or_default();
    let asked = |name: &str| !wanted.contains("rolename") || wanted.contains(&format!("'{}'", name.to_lowercase()));
    let shown: Vec<Value> = ROLES
        .iter()
        .filter(|(_, name, _)| asked(name))
        .map(|(_, name, id)| {
            json!({
                "id": format!("{}/providers/Microsoft.Authorization/roleDefinitions/{id}", subscription.id),
                "name": id,
                "type": "Microsoft.Authorization/roleDefinitions",
                "properties": { "roleName": name, "type": "BuiltInRole", "assignableScopes": ["/"] },
            })
        })
        .collect();
    Ok(Answer::List { items: shown, next: None })
}
