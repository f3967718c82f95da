//! The key that signs tokens, and the tokens.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What a token says, by the names of RFC 7519 and of Entra ID.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Whom it is for: the address of the service.
    pub aud: String,
    /// Who made it.
    pub iss: String,
    /// When it was made, in seconds since 1970, like the next two.
    pub iat: i64,
    /// From when on it counts.
    pub nbf: i64,
    /// When it ends.
    pub exp: i64,
    /// The client id.
    pub appid: String,
    /// The same, by its name in newer tokens.
    pub azp: String,
    /// The object id of the principal.
    pub oid: String,
    /// Whom it speaks for.
    pub sub: String,
    /// The tenant.
    pub tid: String,
    /// The version of the form: `1.0` or `2.0`.
    pub ver: String,
    /// What it is: `access`, `refresh` or `device`; only the first opens anything.
    #[serde(rename = "tp_use")]
    pub usage: String,
    /// Beside: the secret that a refresh token rests on, or the user code of a device code.
    #[serde(rename = "tp_ref", default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

/// The key of this instance: ECDSA over P-256 (`ES256`).
pub struct Keys {
    signing: EncodingKey,
    /// The key id: a digest of the public half.
    pub id: String,
    /// The public half as a JSON Web Key (RFC 7517).
    pub public: Value,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "key {} (hidden)", self.id)
    }
}

impl Keys {
    /// The key of a PEM text (PKCS 8).
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn from_pem(pem: &str) -> Result<Self, String> {
        let pair = rcgen::KeyPair::from_pem(pem).map_err(|error| error.to_string())?;
        let signing = EncodingKey::from_ec_pem(pem.as_bytes()).map_err(|error| error.to_string())?;
        // An uncompressed point (SEC 1, 2.3.3): 4, then both coordinates.
        let point = pair.public_key_raw();
        let (Some(x), Some(y), 65) = (point.get(1..33), point.get(33..65), point.len()) else {
            return Err(format!("the public key has {} bytes, wanted the 65 of a point on P-256", point.len()));
        };
        let id = URL_SAFE_NO_PAD.encode(Sha256::digest(point).get(..12).unwrap_or_default());
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let public = json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id, "x": x, "y": y });
        Ok(Self { signing, id, public })
    }

    /// Signs a token.
    ///
    /// # Errors
    ///
    /// The key does not sign.
    pub fn sign(&self, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.id.clone());
        jsonwebtoken::encode(&header, claims, &self.signing)
    }

    /// What a token says, when its signature is one of the public key. Times and audience are the caller's to judge.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn read(token: &str, public: &Value) -> Result<Claims, String> {
        let text = |name: &str| public.get(name).and_then(Value::as_str).unwrap_or_default();
        let key = DecodingKey::from_ec_components(text("x"), text("y")).map_err(|error| error.to_string())?;
        let mut checks = Validation::new(Algorithm::ES256);
        checks.validate_exp = false;
        checks.validate_aud = false;
        checks.required_spec_claims.clear();
        jsonwebtoken::decode(token, &key, &checks).map(|token| token.claims).map_err(|error| error.to_string())
    }
}
