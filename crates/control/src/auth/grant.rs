//! The token endpoint: who shows a secret, a device code or a refresh token gets an access token (spec 07, 1.4).

use super::authority::short;
use super::{Authority, Claims, GrantError, Principal, PrincipalSecret, UserCode};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use store::{Change, CommitError, Guard, Resource};
use uuid::Uuid;

/// How many seconds an access token lasts.
const ACCESS: i64 = 3599;
/// How many seconds a refresh token lasts.
const REFRESH: i64 = 30 * 24 * 3600;
/// How many seconds a person has to type a code.
const DEVICE: i64 = 900;
/// How many seconds a client waits between two polls.
const INTERVAL: i64 = 2;

/// The fields of a form, as sent.
#[derive(Default)]
pub struct Form(BTreeMap<String, String>);

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "form with {} fields (hidden)", self.0.len())
    }
}

impl Form {
    /// Reads a form body; of a field given twice the first counts.
    pub fn read(body: &[u8]) -> Self {
        let mut fields = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(body) {
            fields.entry(name.into_owned()).or_insert(value.into_owned());
        }
        Self(fields)
    }

    /// Takes the client's id and secret from an `Authorization: Basic` header (RFC 6749, 2.3.1), unless the form has them.
    pub fn take_basic(&mut self, header: Option<&str>) {
        let Some(encoded) = header.and_then(|header| header.strip_prefix("Basic ")) else { return };
        let Some(text) = STANDARD.decode(encoded.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok()) else {
            return;
        };
        let Some((id, secret)) = text.split_once(':') else { return };
        let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
        self.0.entry("client_id".to_owned()).or_insert_with(|| decoded(id));
        self.0.entry("client_secret".to_owned()).or_insert_with(|| decoded(secret));
    }

    /// A field, when it says something.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    fn want(&self, name: &str) -> Result<&str, GrantError> {
        self.get(name).ok_or_else(|| GrantError::missing(name))
    }
}

/// Whether a path stands for any tenant.
pub(crate) fn is_any_tenant(tenant: &str) -> bool {
    ["organizations", "common", "consumers"].iter().any(|any| any.eq_ignore_ascii_case(tenant))
}

impl Authority {
    /// Answers the token endpoint of a tenant, in its first form (`v1`, with `resource`) or its second.
    ///
    /// # Errors
    ///
    /// What the client is told.
    pub async fn grant(&self, tenant: &str, form: &Form, v1: bool, now: Timestamp) -> Result<Value, GrantError> {
        match form.want("grant_type")? {
            "client_credentials" => {
                let client = form.want("client_id")?;
                self.tenant_known(tenant, "invalid_request").await?;
                let principal = self.principal(tenant, client).await?;
                let secret = form.get("client_secret").ok_or_else(|| {
                    let text =
                        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
                    GrantError::client(7_000_216, text)
                })?;
                self.secret_of(&principal, secret, now).await?;
                let audience = self.audience(form, v1)?;
                self.answer(&principal, &audience, v1, now)
            }
            "refresh_token" => self.refresh(tenant, form, v1, now).await,
            "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
                self.device_grant(tenant, form, v1, now).await
            }
            other => {
                let text = format!("The app requested an unsupported grant type '{}'.", short(other));
                Err(GrantError::new("unsupported_grant_type", 70_003, text))
            }
        }
    }

    /// Whether there is a tenant: one that was named, or that somebody is of.
    ///
    /// # Errors
    ///
    /// `error` with the number of an unknown tenant when there is none.
    pub async fn tenant_known(&self, tenant: &str, error: &'static str) -> Result<(), GrantError> {
        if is_any_tenant(tenant) {
            return Ok(());
        }
        let named = match Uuid::parse_str(tenant) {
            Ok(id) => self.store.get(&format!("/twinpath/tenants/{id}")).await.map_err(|_| GrantError::store())?,
            Err(_) => None,
        };
        if named.is_some() {
            return Ok(());
        }
        let all = Principal::all(&*self.store).await.map_err(|_| GrantError::store())?;
        let known = all.iter().any(|principal| principal.tenant.eq_ignore_ascii_case(tenant));
        known.then_some(()).ok_or_else(|| GrantError::tenant(tenant, error))
    }

    /// A principal by its client id, if it is of the tenant.
    async fn principal(&self, tenant: &str, client: &str) -> Result<Principal, GrantError> {
        let found = if client.len() <= 128 && !client.contains(['/', '\0']) {
            Principal::find(&*self.store, client).await.map_err(|_| GrantError::store())?
        } else {
            None
        };
        let found = found.filter(|found| is_any_tenant(tenant) || found.tenant.eq_ignore_ascii_case(tenant));
        found.ok_or_else(|| {
            let text = format!(
                "Application with identifier '{}' was not found in the directory '{}'.",
                short(client),
                short(tenant)
            );
            GrantError::new("unauthorized_client", 700_016, text)
        })
    }

    /// The secret of a principal that was shown.
    async fn secret_of(
        &self,
        principal: &Principal,
        shown: &str,
        now: Timestamp,
    ) -> Result<PrincipalSecret, GrantError> {
        for secret in &principal.secrets {
            if self.hasher.verify(shown, &secret.hash).await {
                return match secret.expires {
                    Some(expires) if expires <= now => {
                        let text =
                            format!("The provided client secret keys for app '{}' are expired.", principal.client);
                        Err(GrantError::client(7_000_222, text))
                    }
                    Some(_) | None => Ok(secret.clone()),
                };
            }
        }
        let text = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{}'.",
            principal.client
        );
        Err(GrantError::client(7_000_215, text))
    }

    /// What a token shall be for.
    fn audience(&self, form: &Form, v1: bool) -> Result<String, GrantError> {
        let asked = if v1 {
            form.want("resource")?.to_owned()
        } else {
            let scope = form.want("scope")?;
            let known = |part: &&str| !matches!(*part, "openid" | "profile" | "offline_access" | "email");
            let Some(scope) = scope.split_ascii_whitespace().find(known) else { return Ok(self.base.clone()) };
            // `B//.default` is the scope of the audience `B/`.
            let cut = scope.strip_suffix("/.default").or_else(|| scope.strip_suffix("/user_impersonation"));
            cut.ok_or_else(|| {
                let text =
                    format!("The provided value for scope {} is not valid. It must end with /.default.", short(scope));
                GrantError::new("invalid_scope", 70_011, text)
            })?
            .to_owned()
        };
        if self.is_audience(&asked) {
            return Ok(asked);
        }
        let text = format!(
            "The resource principal named {} was not found in the tenant; wanted {}.",
            short(&asked),
            self.base
        );
        Err(GrantError::new("invalid_resource", 500_011, text))
    }

    /// The token of a principal, as the endpoint answers it.
    fn answer(&self, principal: &Principal, audience: &str, v1: bool, now: Timestamp) -> Result<Value, GrantError> {
        let mut claims = self.claims_of(principal, audience, ACCESS, "access", now);
        if v1 {
            claims.ver = "1.0".to_owned();
            claims.iss = format!("{}/{}/", self.base, principal.tenant);
        }
        let token = self.signed(&claims)?;
        Ok(if v1 {
            json!({
                "token_type": "Bearer", "expires_in": ACCESS.to_string(), "ext_expires_in": ACCESS.to_string(),
                "expires_on": claims.exp.to_string(), "not_before": claims.nbf.to_string(), "resource": audience,
                "access_token": token,
            })
        } else {
            json!({ "token_type": "Bearer", "expires_in": ACCESS, "ext_expires_in": ACCESS, "access_token": token })
        })
    }

    /// The same for a person: with a refresh token, who it is (an id token), and what the client keys its cache by.
    fn answer_person(
        &self,
        principal: &Principal,
        (client, rests_on): (&str, &str),
        (audience, v1): (&str, bool),
        now: Timestamp,
    ) -> Result<Value, GrantError> {
        let mut answer = self.answer(principal, audience, v1, now)?;
        let mut refresh = self.claims_of(principal, &self.base, REFRESH, "refresh", now);
        rests_on.clone_into(&mut refresh.reference);
        let iss = format!("{}/{}/v2.0", self.base, principal.tenant);
        let id = json!({
            "aud": client, "iss": iss, "iat": now.as_second(), "nbf": now.as_second(), "exp": now.as_second() + ACCESS,
            "oid": principal.object, "sub": principal.object, "tid": principal.tenant, "ver": "2.0",
            "name": principal.name, "preferred_username": principal.name,
        });
        let info = json!({ "uid": principal.object, "utid": principal.tenant });
        answer["refresh_token"] = json!(self.signed(&refresh)?);
        answer["id_token"] = json!(self.keys.sign(&id).map_err(|_| GrantError::store())?);
        answer["client_info"] = json!(URL_SAFE_NO_PAD.encode(info.to_string()));
        answer["scope"] = json!(format!("{}/.default openid profile offline_access", self.base));
        Ok(answer)
    }

    async fn refresh(&self, tenant: &str, form: &Form, v1: bool, now: Timestamp) -> Result<Value, GrantError> {
        let ended = || {
            GrantError::new("invalid_grant", 700_082, "The refresh token has expired or was taken back. Sign in again.")
        };
        let claims = self.claims(form.want("refresh_token")?).await.map_err(|_| ended())?;
        if claims.usage != "refresh" || self.in_time(&claims, now).is_err() {
            return Err(ended());
        }
        let principal = self.principal(tenant, &claims.appid).await.map_err(|_| ended())?;
        let rests = |secret: &&PrincipalSecret| secret.id.to_string() == claims.reference;
        let secret = principal.secrets.iter().find(rests).filter(|secret| secret.expires.is_none_or(|end| end > now));
        let secret = secret.ok_or_else(ended)?.id.to_string();
        let audience = match (v1, form.get("resource"), form.get("scope")) {
            (true, None, _) | (false, _, None) => self.base.clone(),
            (true, Some(_), _) | (false, _, Some(_)) => self.audience(form, v1)?,
        };
        let client = form.get("client_id").unwrap_or(&claims.appid);
        self.answer_person(&principal, (client, &secret), (&audience, v1), now)
    }

    /// Begins a sign-in on another device (RFC 8628, 3.2).
    ///
    /// # Errors
    ///
    /// What the client is told.
    pub async fn device(&self, tenant: &str, form: &Form, now: Timestamp) -> Result<Value, GrantError> {
        let client = form.want("client_id")?;
        self.tenant_known(tenant, "invalid_request").await?;
        let code = UserCode::new();
        let page = format!("{}/device", self.base);
        let claims = Claims {
            aud: self.base.clone(),
            iss: self.base.clone(),
            iat: now.as_second(),
            nbf: now.as_second(),
            exp: now.as_second() + DEVICE,
            appid: short(client),
            azp: String::new(),
            oid: String::new(),
            sub: String::new(),
            tid: tenant.to_lowercase(),
            ver: "2.0".to_owned(),
            usage: "device".to_owned(),
            reference: code.as_str().to_owned(),
        };
        let message = format!(
            "To sign in, use a web browser to open the page {page} and enter the code {} to authenticate.",
            code.as_str()
        );
        Ok(json!({
            "device_code": self.signed(&claims)?, "user_code": code.as_str(), "verification_uri": page,
            "verification_url": page, "expires_in": DEVICE, "interval": INTERVAL, "message": message,
        }))
    }

    /// Notes that a person agrees to a code, and gives the name the person is known by.
    ///
    /// # Errors
    ///
    /// What the person is told.
    pub async fn agree(&self, form: &Form, now: Timestamp) -> Result<String, GrantError> {
        let typed = form.get("user_code").and_then(UserCode::parse);
        let code = typed
            .ok_or_else(|| GrantError::new("invalid_request", 70_019, "The code is not one of ours; look again."))?;
        let principal = self.principal("common", form.want("client_id")?).await?;
        let secret = self.secret_of(&principal, form.want("client_secret")?, now).await?;
        let key = code.key();
        let document = json!({ "client": principal.client, "secret": secret.id });
        let row = Resource::new(&key, "twinpath/device-codes", document, now);
        let change = Change {
            who: principal.name.clone(),
            request: "device".to_owned(),
            at: now,
            puts: vec![row],
            ..Change::default()
        };
        self.store.commit(&change).await.map_err(|_| GrantError::store())?;
        Ok(principal.name)
    }

    async fn device_grant(&self, tenant: &str, form: &Form, v1: bool, now: Timestamp) -> Result<Value, GrantError> {
        let bad = || GrantError::new("invalid_grant", 70_000, "The device code is not one of ours.");
        let given =
            form.get("device_code").or_else(|| form.get("code")).ok_or_else(|| GrantError::missing("device_code"))?;
        let claims = self.claims(given).await.map_err(|_| bad())?;
        let code = UserCode::parse(&claims.reference).filter(|_| claims.usage == "device").ok_or_else(bad)?;
        if self.in_time(&claims, now).is_err() {
            return Err(GrantError::new("expired_token", 70_020, "The device code has expired. Begin again."));
        }
        let row = self.store.get(&code.key()).await.map_err(|_| GrantError::store())?;
        // A row of an older sign-in that had the same code does not count.
        let row = row.filter(|row| row.changed.as_second() >= claims.iat).ok_or_else(|| {
            GrantError::new(
                "authorization_pending",
                70_016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            )
        })?;
        let text = |name: &str| row.document.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let principal = self.principal(tenant, &text("client")).await?;
        let taken = Change {
            who: principal.name.clone(),
            request: "device".to_owned(),
            at: now,
            guards: vec![Guard { key: row.key.clone(), revision: Some(row.revision) }],
            deletes: vec![row.key.clone()],
            ..Change::default()
        };
        match self.store.commit(&taken).await {
            Ok(_) => {}
            Err(CommitError::Stale(_) | CommitError::Taken { .. }) => return Err(bad()),
            Err(CommitError::Store(_)) => return Err(GrantError::store()),
        }
        let audience = if form.get(if v1 { "resource" } else { "scope" }).is_some() {
            self.audience(form, v1)?
        } else {
            self.base.clone()
        };
        let client = form.get("client_id").unwrap_or(&claims.appid).to_owned();
        self.answer_person(&principal, (&client, &text("secret")), (&audience, v1), now)
    }

    fn claims_of(&self, principal: &Principal, audience: &str, seconds: i64, usage: &str, now: Timestamp) -> Claims {
        Claims {
            aud: audience.to_owned(),
            iss: format!("{}/{}/v2.0", self.base, principal.tenant),
            iat: now.as_second(),
            nbf: now.as_second(),
            exp: now.as_second() + seconds,
            appid: principal.client.clone(),
            azp: principal.client.clone(),
            oid: principal.object.clone(),
            sub: principal.object.clone(),
            tid: principal.tenant.clone(),
            ver: "2.0".to_owned(),
            usage: usage.to_owned(),
            reference: String::new(),
        }
    }

    fn signed(&self, claims: &Claims) -> Result<String, GrantError> {
        self.keys.sign(claims).map_err(|error| {
            tracing::error!("tokens cannot be signed: {error}");
            GrantError::store()
        })
    }
}
