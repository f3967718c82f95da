//! What clients ask before they have a token: where everything is, keys, tokens, the page for codes (spec 07, 1).

use super::listen::Reply;
use super::{Service, reply, request};
use crate::auth::{Form, GrantError};
use crate::clock;
use arm_api::{ApiVersion, ArmError};
use http::request::Parts;
use http::{Method, StatusCode, header};
use hyper::body::Incoming;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use uuid::Uuid;

/// How many bytes a form may have.
const FORM: usize = 64 * 1024;

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// The addresses of everything.
    Metadata,
    /// What the token issuer can do, of a tenant.
    Discovery(String),
    /// The keys that sign tokens.
    Keys,
    /// A token, in the first form of the endpoint or the second.
    Token(String, bool),
    /// A code for another device.
    Device(String),
    /// The page where a person types the code.
    Page,
    /// The certificate of the local authority.
    Authority,
}

impl Question {
    /// The question of a path.
    pub(super) fn of(path: &[String]) -> Option<Self> {
        let lower: Vec<String> = path.iter().map(|part| part.to_ascii_lowercase()).collect();
        let words: Vec<&str> = lower.iter().map(String::as_str).collect();
        let tenant = || path.first().cloned().unwrap_or_default();
        match *words {
            ["metadata", "endpoints"] => Some(Self::Metadata),
            ["device"] => Some(Self::Page),
            ["ca.pem"] => Some(Self::Authority),
            [_, "v2.0", ".well-known", "openid-configuration"] | [_, ".well-known", "openid-configuration"] => {
                Some(Self::Discovery(tenant()))
            }
            [_, "discovery", "v2.0", "keys"] | [_, "discovery", "keys"] => Some(Self::Keys),
            [_, "oauth2", "v2.0", "token"] => Some(Self::Token(tenant(), false)),
            [_, "oauth2", "token"] => Some(Self::Token(tenant(), true)),
            [_, "oauth2", "v2.0", "devicecode"] | [_, "oauth2", "devicecode"] => Some(Self::Device(tenant())),
            _ => None,
        }
    }

    /// Its name, for metrics.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Metadata => "Metadata",
            Self::Discovery(_) => "Discovery",
            Self::Keys => "Keys",
            Self::Token(..) => "Token",
            Self::Device(_) => "DeviceCode",
            Self::Page => "DevicePage",
            Self::Authority => "Authority",
        }
    }

    fn takes(&self, method: &Method) -> bool {
        match self {
            Self::Metadata | Self::Discovery(_) | Self::Keys | Self::Authority => {
                method == Method::GET || method == Method::HEAD
            }
            Self::Token(..) | Self::Device(_) => method == Method::POST,
            Self::Page => method == Method::GET || method == Method::POST,
        }
    }
}

/// Answers a question.
pub(super) async fn answer(
    service: &Service,
    question: &Question,
    parts: &Parts,
    query: &BTreeMap<String, String>,
    body: Incoming,
    request: Uuid,
) -> Reply {
    if !question.takes(&parts.method) {
        request::discard(body);
        let text = format!("{} is not served here", parts.method);
        return reply::refusal(&ArmError::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", text));
    }
    let bytes = match request::body(body, FORM).await {
        Ok(bytes) => bytes,
        Err(error) => return reply::refusal(&error),
    };
    let now = clock::now();
    let base = &service.settings.base;
    let mut form = Form::read(&bytes);
    let given = match question {
        Question::Metadata => return metadata(base, query),
        Question::Authority => {
            return reply::text(StatusCode::OK, "application/x-pem-file", service.certificates.pem().to_owned());
        }
        Question::Page => return page(service, &parts.method, &form, query).await,
        Question::Discovery(tenant) => match service.authority.tenant_known(tenant, "invalid_tenant").await {
            Ok(()) => Ok(discovery(base, tenant)),
            Err(error) => Err(error),
        },
        Question::Keys => match service.authority.key_set().await {
            Ok(keys) => Ok(json!({ "keys": keys })),
            Err(_) => return unavailable(),
        },
        Question::Token(tenant, v1) => {
            form.take_basic(parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()));
            service.authority.grant(tenant, &form, *v1, now).await
        }
        Question::Device(tenant) => service.authority.device(tenant, &form, now).await,
    };
    match given {
        Ok(body) => {
            let mut reply = reply::json(StatusCode::OK, &body);
            if matches!(question, Question::Token(..) | Question::Device(_)) {
                reply::set(&mut reply, "cache-control", "no-store");
            }
            reply
        }
        Err(error) => {
            tracing::info!(%request, error = error.error, number = error.number, "sign-in refused");
            reply::json(error.status, &error.body(request, now))
        }
    }
}

fn unavailable() -> Reply {
    let text = "the store does not answer; try again";
    reply::refusal(&ArmError::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailable", text))
}

/// Where everything is (spec 07, 1.3): one object, or in versions before 2022 an array.
fn metadata(base: &str, query: &BTreeMap<String, String>) -> Reply {
    let version = match ApiVersion::parse(query.get("api-version").map(String::as_str)) {
        Ok(version) => version,
        Err(error) => return reply::refusal(&error),
    };
    let cloud = json!({
        "name": "Twinpath",
        "portal": base,
        "authentication": { "loginEndpoint": base, "audiences": [base], "tenant": "common", "identityProvider": "AAD" },
        "resourceManager": base,
        "graphAudience": base,
        "graph": base,
        "microsoftGraphResourceId": base,
        "gallery": base,
        "batch": base,
        "media": base,
        "sqlManagement": base,
        "activeDirectoryDataLake": base,
        "vmImageAliasDoc": base,
        "suffixes": {
            "storage": "core.local", "keyVaultDns": "vault.local", "acrLoginServer": "acr.local",
            "sqlServerHostname": "sql.local",
        },
    });
    let array = version.as_str() < "2022";
    reply::json(StatusCode::OK, &if array { json!([cloud]) } else { cloud })
}

/// What the issuer can do (OpenID Connect Discovery 1.0). `organizations` and `common` are tenants here (spec 07, 1.2).
fn discovery(base: &str, tenant: &str) -> Value {
    let tenant = tenant.to_lowercase();
    let at = |path: &str| format!("{base}/{tenant}/{path}");
    json!({
        "token_endpoint": at("oauth2/v2.0/token"),
        "authorization_endpoint": at("oauth2/v2.0/authorize"),
        "device_authorization_endpoint": at("oauth2/v2.0/devicecode"),
        "jwks_uri": at("discovery/v2.0/keys"),
        "issuer": at("v2.0"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "scopes_supported": ["openid", "profile", "offline_access"],
        "grant_types_supported": [
            "client_credentials", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nbf", "oid", "tid", "appid", "azp", "ver", "name"],
    })
}

/// The page where a person types a code and signs in.
async fn page(service: &Service, method: &Method, form: &Form, query: &BTreeMap<String, String>) -> Reply {
    let (status, told) = if method == Method::POST {
        match service.authority.agree(form, clock::now()).await {
            Ok(name) => {
                let told =
                    format!("<p class=good>Signed in as {}. Go back to where the code was shown.</p>", escaped(&name));
                (StatusCode::OK, told)
            }
            Err(GrantError { status, text, .. }) => (status, format!("<p class=bad>{}</p>{FIELDS}", escaped(&text))),
        }
    } else {
        (StatusCode::OK, FIELDS.to_owned())
    };
    let code = form.get("user_code").or(query.get("code").map(String::as_str)).unwrap_or_default();
    let body = PAGE.replace("{told}", &told).replace("{code}", &escaped(code));
    let mut reply = reply::text(status, "text/html; charset=utf-8", body);
    let policy =
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    reply::set(&mut reply, "content-security-policy", policy);
    reply::set(&mut reply, "cache-control", "no-store");
    reply
}

fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for c in text.chars().take(300) {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '{' | '}' => {}
            other => safe.push(other),
        }
    }
    safe
}

const FIELDS: &str = r#"<form method=post action=/device>
<label>Code <input name=user_code value="{code}" autocomplete=off autofocus required placeholder=ABCD-EFGH></label>
<label>Client id <input name=client_id autocomplete=username required></label>
<label>Secret <input name=client_secret type=password autocomplete=current-password required></label>
<button>Sign in</button></form>"#;

const PAGE: &str = r"<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>
<title>Twinpath: sign in</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:24rem;margin:15vh auto;padding:0 1rem;color:#1a1a1a;background:#fff}
label{display:block;margin:.8rem 0;font-size:.9rem}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.4rem}
button{font:inherit;padding:.4rem 1.2rem}.bad{color:#a00}.good{color:#063}
@media(prefers-color-scheme:dark){body{color:#eee;background:#111}.bad{color:#f88}.good{color:#8d8}}
</style><h1>Sign in</h1><p>Type the code that the other device shows. Go on only if you asked for it yourself.</p>
{told}</html>";
