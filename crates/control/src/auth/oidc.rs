//! Tokens of other issuers (OpenID Connect), as a setting names them.
//!
//! Keys are fetched when first needed, kept for an hour, and fetched anew, at most once a minute, when a token names a key that
//! is not among them. While an issuer does not answer, the keys it had go on counting.

use super::authority::short;
use super::{Authority, Denied, Principal};
use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::Value;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long an issuer may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how many seconds keys are kept, and how many pass at least between two fetches.
const KEPT: i64 = 3600;
const AT_LEAST: i64 = 60;
/// How many bytes an issuer's answer may have.
const ANSWER: u64 = 1 << 20;
/// Signatures with a public key; never a shared secret.
const ALGORITHMS: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::ES256, Algorithm::ES384];

/// Another issuer, and what its tokens have to be for.
#[derive(Debug)]
pub struct External {
    issuer: String,
    audience: String,
    keys: Mutex<Option<Fetched>>,
}

#[derive(Debug)]
struct Fetched {
    keys: JwkSet,
    at: i64,
}

impl External {
    /// Reads a setting like `https://login.example/realms/lab=https://localhost:8443`.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(setting: &str) -> Result<Self, String> {
        let (issuer, audience) = setting
            .rsplit_once('=')
            .filter(|(_, audience)| !audience.is_empty())
            .ok_or_else(|| format!("`{setting}` names no audience, wanted ISSUER=AUDIENCE"))?;
        let issuer = issuer.to_owned();
        let near = ["http://localhost:", "http://127.0.0.1:", "http://[::1]:"];
        if !issuer.starts_with("https://") && !near.iter().any(|near| issuer.starts_with(near)) {
            return Err(format!("the issuer is `{issuer}`, wanted https://…, or http:// on this machine"));
        }
        Ok(Self { issuer, audience: audience.to_owned(), keys: Mutex::default() })
    }

    /// The public key of an id.
    async fn key(&self, id: Option<&str>, now: Timestamp) -> Result<DecodingKey, Denied> {
        let mut kept = self.keys.lock().await;
        let find = |fetched: &Fetched| {
            let key = match id {
                Some(id) => fetched.keys.find(id),
                None => fetched.keys.keys.first().filter(|_| fetched.keys.keys.len() == 1),
            };
            key.and_then(|key| DecodingKey::from_jwk(key).ok())
        };
        let age = kept.as_ref().map(|fetched| now.as_second() - fetched.at);
        let found = kept.as_ref().and_then(find);
        let old = age.is_none_or(|age| age > KEPT) || (found.is_none() && age.is_some_and(|age| age > AT_LEAST));
        if !old {
            return found.ok_or_else(unknown);
        }
        let issuer = self.issuer.clone();
        let fetched = tokio::task::spawn_blocking(move || fetch(&issuer)).await;
        match fetched {
            Ok(Ok(keys)) => {
                let fresh = kept.insert(Fetched { keys, at: now.as_second() });
                find(fresh).ok_or_else(unknown)
            }
            Ok(Err(error)) => {
                tracing::warn!(issuer = self.issuer, "the keys of an issuer cannot be fetched: {error}");
                // Not again at once; what was known goes on counting.
                match kept.as_mut() {
                    Some(fetched) => fetched.at = now.as_second() - KEPT + AT_LEAST,
                    None => *kept = Some(Fetched { keys: JwkSet { keys: Vec::new() }, at: now.as_second() }),
                }
                found.ok_or_else(unknown)
            }
            Err(_) => Err(unknown()),
        }
    }
}

fn unknown() -> Denied {
    Denied::Invalid("the key that signed it is not known to its issuer".to_owned())
}

/// Asks an issuer for its keys (OpenID Connect Discovery 1.0, 4).
fn fetch(issuer: &str) -> Result<JwkSet, String> {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).max_redirects(0).build().into();
    let get = |url: &str| {
        let mut answer = agent.get(url).call().map_err(|error| error.to_string())?;
        answer.body_mut().with_config().limit(ANSWER).read_json::<Value>().map_err(|error| error.to_string())
    };
    let about = get(&format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/')))?;
    let said = about.get("issuer").and_then(Value::as_str).unwrap_or_default();
    if said.trim_end_matches('/') != issuer.trim_end_matches('/') {
        return Err(format!("it calls itself `{}`", short(said)));
    }
    let keys = about.get("jwks_uri").and_then(Value::as_str).ok_or("it names no jwks_uri")?;
    serde_json::from_value(get(keys)?).map_err(|error| error.to_string())
}

impl Authority {
    /// Who calls with a token of another issuer; nothing when the token is of none that is known.
    pub(super) async fn external(&self, token: &str, now: Timestamp) -> Option<Result<Principal, Denied>> {
        let unproven: Value = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
        let issuer = unproven.get("iss").and_then(Value::as_str)?;
        let known = self.externals.iter().find(|known| known.issuer == issuer)?;
        Some(self.foreign(known, token, now).await)
    }

    async fn foreign(&self, issuer: &External, token: &str, now: Timestamp) -> Result<Principal, Denied> {
        let unread = |_| Denied::Invalid("its signature, issuer, audience or form does not hold".to_owned());
        let header = jsonwebtoken::decode_header(token).map_err(unread)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(Denied::Invalid(format!(
                "it is signed with {:?}, wanted a public key's signature",
                header.alg
            )));
        }
        let key = issuer.key(header.kid.as_deref(), now).await?;
        let mut checks = Validation::new(header.alg);
        checks.validate_exp = false;
        checks.set_issuer(&[&issuer.issuer]);
        checks.set_audience(&[&issuer.audience]);
        checks.set_required_spec_claims(&["iss", "aud"]);
        let claims: Value = jsonwebtoken::decode(token, &key, &checks).map_err(unread)?.claims;
        let second = |name: &str| claims.get(name).and_then(Value::as_f64).map(|second| second as i64);
        let ends = second("exp").ok_or_else(|| Denied::Invalid("it has no end (`exp`)".to_owned()))?;
        self.in_span(second("nbf").unwrap_or(0), ends.saturating_add(super::authority::SKEW), now)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        for client in ["appid", "azp", "client_id"].into_iter().filter_map(text).filter(|client| client.len() <= 128) {
            let found = Principal::find(&*self.store, client).await.map_err(|_| Denied::Store)?;
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let object = text("oid").or_else(|| text("sub")).unwrap_or_default();
        let all = Principal::all(&*self.store).await.map_err(|_| Denied::Store)?;
        let found =
            all.into_iter().find(|principal| !object.is_empty() && principal.object.eq_ignore_ascii_case(object));
        found.ok_or_else(|| Denied::Invalid("whom it speaks for is not known here".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_an_issuer_and_an_audience() {
        assert!(External::parse("https://login.example/realms/lab=api://x").is_ok());
        assert!(External::parse("http://127.0.0.1:8080=api://x").is_ok());
        for bad in ["https://login.example", "https://login.example=", "http://login.example=x", "=x"] {
            assert!(External::parse(bad).is_err(), "{bad}");
        }
    }
}
