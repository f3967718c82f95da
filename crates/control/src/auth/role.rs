//! The table of roles.

use crate::app::Action;
use crate::{Caller, Role};
use arm_api::ArmError;
use http::StatusCode;

/// Whether a caller may do an action in a subscription, or outside of any.
///
/// # Errors
///
/// 404 `SubscriptionNotFound` when the caller has no role there, whether there is such a subscription or not;
/// 403 `AuthorizationFailed` when the role is not enough.
pub fn allow(caller: &Caller, action: Action, subscription: Option<&str>, scope: &str) -> Result<(), ArmError> {
    if action == Action::Known {
        return Ok(());
    }
    let role = match subscription {
        Some(subscription) => caller.role(subscription),
        None => caller.roles.values().copied().find(|role| may(*role, action)),
    };
    match (role, subscription) {
        (Some(role), _) if may(role, action) => Ok(()),
        (None, Some(subscription)) => Err(ArmError::not_found(
            "SubscriptionNotFound",
            format!("the subscription `{subscription}` could not be found"),
        )),
        (Some(_), _) | (None, None) => Err(ArmError::new(
            StatusCode::FORBIDDEN,
            "AuthorizationFailed",
            format!(
                "`{}` with object id `{}` does not have authorization to {} over scope `{scope}`",
                caller.name,
                caller.object,
                doing(action)
            ),
        )),
    }
}

/// Whether a role is enough for an action: the table.
pub fn may(role: Role, action: Action) -> bool {
    match action {
        Action::Known | Action::Read | Action::ProviderRead => true,
        Action::Write => matches!(role, Role::Owner | Role::NetworkContributor),
        Action::Own => role == Role::Owner,
        Action::ProviderWrite => matches!(role, Role::Provider | Role::Owner | Role::Operator),
        Action::Operate => role == Role::Operator,
    }
}

fn doing(action: Action) -> &'static str {
    match action {
        Action::Known | Action::Read => "read",
        Action::Write => "write, or read secrets,",
        Action::Own => "change roles or locks",
        Action::ProviderRead => "read as a provider",
        Action::ProviderWrite => "write as a provider",
        Action::Operate => "act as the operator",
    }
}
