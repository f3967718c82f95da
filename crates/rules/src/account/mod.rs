//! Account and subscription: who owns the circuits and pays for them.
//!
//! A circuit is a resource of an Azure subscription, whatever it will carry. These rules ask
//! whether that subscription exists and is usable ([`subscription_unusable`]), whether the person
//! who orders may do so there and has quota left, and whether billing starts before there is
//! anything to use. The rules for Microsoft 365 repeat the question for those who come to
//! ExpressRoute for that alone.

mod account_inactive;
mod circuit_quota_exceeded;
mod created_before_provider_ready;
mod direct_not_registered;
mod m365_subscription_inactive;
mod m365_without_account;
mod orderer_lacks_role;
mod saas_without_subscription;
mod subscription_unusable;

use crate::Rule;

/// The rules of this folder.
pub(crate) static RULES: &[&Rule] = &[
    &account_inactive::RULE,
    &circuit_quota_exceeded::RULE,
    &created_before_provider_ready::RULE,
    &direct_not_registered::RULE,
    &m365_subscription_inactive::RULE,
    &m365_without_account::RULE,
    &orderer_lacks_role::RULE,
    &saas_without_subscription::RULE,
    &subscription_unusable::RULE,
];
