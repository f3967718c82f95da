//! Whom a bearer token speaks for.

use super::{Claims, External, Hasher, Keys, Principal};
use crate::Caller;
use arm_api::ArmError;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use store::{Resource, Store, StoreError};

/// How many tokens whose signature held are remembered.
const REMEMBERED: usize = 8192;

/// By how many seconds clocks may differ.
pub(super) const SKEW: i64 = 60;

/// The public clouds' names for Resource Manager: what clients ask for that were not told another audience.
const PUBLIC_AUDIENCES: [&str; 2] = ["https://management.azure.com", "https://management.core.windows.net"];

/// Makes tokens and judges them.
#[derive(Debug)]
pub struct Authority {
    pub(super) store: Arc<dyn Store>,
    pub(super) keys: Keys,
    pub(super) hasher: Hasher,
    /// The public address of the service.
    pub(super) base: String,
    /// What tokens may be for, without a slash at the end; the first is the public address.
    audiences: Vec<String>,
    /// Other issuers whose tokens count.
    pub(super) externals: Vec<External>,
    /// Tokens whose signature held, by their digest.
    known: Mutex<BTreeMap<[u8; 32], Arc<Claims>>>,
}

/// Why a caller is not let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// There is no token.
    #[error("authentication failed: the `Authorization` header is missing; wanted `Bearer TOKEN`")]
    Missing,
    /// The token is none of ours, or for somebody else.
    #[error("the access token is invalid: {0}")]
    Invalid(String),
    /// The token has ended.
    #[error("the access token expired at {0}; the time now is {1}")]
    Expired(String, String),
    /// The store does not answer.
    #[error("the service cannot look the caller up; try again")]
    Store,
}

impl From<&Denied> for ArmError {
    fn from(denied: &Denied) -> Self {
        let code = match denied {
            Denied::Missing => "AuthenticationFailed",
            Denied::Invalid(_) => "InvalidAuthenticationToken",
            Denied::Expired(..) => "ExpiredAuthenticationToken",
            Denied::Store => {
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", denied.to_string());
            }
        };
        Self::new(StatusCode::UNAUTHORIZED, code, denied.to_string())
    }
}

impl Authority {
    /// An authority with a key. `names` are other addresses of the service that tokens may be for.
    pub fn new(store: Arc<dyn Store>, keys: Keys, base: &str, names: &[String]) -> Self {
        let public = PUBLIC_AUDIENCES.map(str::to_owned);
        let audiences = [base.to_owned()].into_iter().chain(names.iter().cloned()).chain(public).collect();
        let (hasher, known) = Default::default();
        Self { store, keys, hasher, base: base.to_owned(), audiences, externals: Vec::new(), known }
    }

    /// The same, taking tokens of other issuers as well.
    #[must_use]
    pub fn with_issuers(mut self, issuers: Vec<External>) -> Self {
        self.externals = issuers;
        self
    }

    /// Whether tokens may be for this: an address of the service, with or without a slash at the end.
    pub fn is_audience(&self, audience: &str) -> bool {
        let audience = audience.trim_end_matches('/');
        self.audiences.iter().any(|known| known.eq_ignore_ascii_case(audience))
    }

    /// The keys that sign tokens (RFC 7517): ours and those of other replicas.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn key_set(&self) -> Result<Vec<Value>, StoreError> {
        let query = store::Query { kinds: vec!["twinpath/keys".to_owned()], ..store::Query::default() };
        let mut keys: Vec<Value> = self.store.list(&query).await?.into_iter().map(|row| row.document).collect();
        if !keys.contains(&self.keys.public) {
            keys.push(self.keys.public.clone());
        }
        Ok(keys)
    }

    /// Tells other replicas the public half of our key, once.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn publish(&self, now: Timestamp) -> Result<(), StoreError> {
        let key = key_of(&self.keys.id);
        if self.store.get(&key).await?.is_some() {
            return Ok(());
        }
        let row = Resource::new(&key, "twinpath/keys", self.keys.public.clone(), now);
        let (who, request) = ("service".to_owned(), "start".to_owned());
        let change = store::Change { who, request, at: now, puts: vec![row], ..store::Change::default() };
        match self.store.commit(&change).await {
            Err(store::CommitError::Store(error)) => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Who calls, by the `Authorization` header.
    ///
    /// # Errors
    ///
    /// Why the caller is not let in.
    pub async fn caller(&self, header: Option<&str>, now: Timestamp) -> Result<Caller, Denied> {
        let header = header.filter(|header| !header.trim().is_empty()).ok_or(Denied::Missing)?;
        let token = match header.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
            Some(_) | None => return Err(Denied::Invalid("wanted the scheme `Bearer`".to_owned())),
        };
        if !self.externals.is_empty()
            && let Some(principal) = self.external(token, now).await
        {
            return Ok(principal?.caller());
        }
        let claims = self.claims(token).await?;
        if claims.usage != "access" {
            return Err(Denied::Invalid("it is no access token".to_owned()));
        }
        self.in_time(&claims, now)?;
        if !self.is_audience(&claims.aud) {
            let text = format!("it is for the audience `{}`, wanted `{}`", short(&claims.aud), self.base);
            return Err(Denied::Invalid(text));
        }
        let principal = Principal::find(&*self.store, &claims.appid).await.map_err(|error| {
            tracing::error!("{error}: {}", error.cause);
            Denied::Store
        })?;
        let principal = principal.filter(|principal| principal.object == claims.oid && principal.tenant == claims.tid);
        let gone = || Denied::Invalid("whom it speaks for is not known here".to_owned());
        Ok(principal.ok_or_else(gone)?.caller())
    }

    /// Whether a token counts at a time.
    pub(super) fn in_time(&self, claims: &Claims, now: Timestamp) -> Result<(), Denied> {
        self.in_span(claims.nbf, claims.exp, now)
    }

    /// Whether a time is between two seconds since 1970.
    pub(super) fn in_span(&self, from: i64, end: i64, now: Timestamp) -> Result<(), Denied> {
        if now.as_second() >= end {
            let ended = Timestamp::from_second(end).unwrap_or_default();
            return Err(Denied::Expired(ended.to_string(), now.to_string()));
        }
        if now.as_second().saturating_add(SKEW) < from {
            return Err(Denied::Invalid("it does not count yet".to_owned()));
        }
        Ok(())
    }

    /// What a token of ours, or of another replica, says.
    pub(super) async fn claims(&self, token: &str) -> Result<Arc<Claims>, Denied> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(claims) = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&digest) {
            return Ok(claims.clone());
        }
        // What a library says of bad bytes may quote them, so it is not passed on.
        let unread = |_| Denied::Invalid("it cannot be read as a JSON Web Token with a known signature".to_owned());
        let header = jsonwebtoken::decode_header(token).map_err(|error| unread(error.to_string()))?;
        let id = header.kid.filter(|id| id.len() <= 64).unwrap_or_default();
        let claims = if id == self.keys.id {
            Keys::read(token, &self.keys.public).map_err(unread)?
        } else {
            let row = self.store.get(&key_of(&id)).await.map_err(|_| Denied::Store)?;
            let row = row.ok_or_else(|| Denied::Invalid("its key is not known here".to_owned()))?;
            Keys::read(token, &row.document).map_err(unread)?
        };
        let claims = Arc::new(claims);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(digest, claims.clone());
        Ok(claims)
    }
}

/// The row of a public key. The id is hashed, since keys of rows are in lower case and ids of keys are not.
fn key_of(id: &str) -> String {
    let digest = Sha256::digest(id);
    let digest = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("/twinpath/keys/{digest}")
}

/// The beginning of a text that somebody sent.
pub(super) fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}
