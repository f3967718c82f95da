//! Secrets of principals: made at random, kept as salted hashes.

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use tokio::sync::Semaphore;

/// How many hashes are computed at a time: each takes 8 MiB.
const AT_ONCE: usize = 2;

/// How many right secrets are remembered.
const REMEMBERED: usize = 4096;

/// Random bytes from the system.
///
/// # Panics
///
/// Never in practice: the kernel's generator does not fail once it is up.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = rustls::crypto::ring::default_provider().secure_random.fill(&mut bytes);
    assert!(filled.is_ok(), "the system gives no random bytes");
    bytes
}

/// A new secret: 256 random bits as 43 characters that need no quoting anywhere.
pub fn new_secret() -> String {
    let text = URL_SAFE_NO_PAD.encode(random::<32>());
    // A leading hyphen reads as an option on command lines.
    text.replace('-', "~")
}

/// Argon2id over 8 MiB in one pass: some milliseconds. It is less than OWASP asks for passwords that people choose; these
/// secrets are random, and the first start waits for two of them.
fn argon() -> Argon2<'static> {
    let params = Params::new(8 * 1024, 1, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Hashes secrets with Argon2id, and remembers which were right, so that only the
/// first request of a client pays for it. What is remembered is a digest under a key that this process made up.
#[derive(Debug)]
pub struct Hasher {
    slots: Semaphore,
    key: [u8; 32],
    right: Mutex<BTreeSet<[u8; 32]>>,
}

impl Default for Hasher {
    fn default() -> Self {
        Self { slots: Semaphore::new(AT_ONCE), key: random(), right: Mutex::default() }
    }
}

impl Hasher {
    /// The hash of a secret, in PHC form with its salt and parameters.
    pub fn hash(secret: &str) -> String {
        let hash = argon().hash_password_with_salt(secret.as_bytes(), &random::<16>());
        hash.map_or_else(|_| String::new(), |hash| hash.to_string())
    }

    /// Whether a secret is the one of a hash.
    pub async fn verify(&self, secret: &str, hash: &str) -> bool {
        let digest = self.digest(secret, hash);
        if self.right.lock().unwrap_or_else(PoisonError::into_inner).contains(&digest) {
            return true;
        }
        let Ok(_slot) = self.slots.acquire().await else { return false };
        let (secret, hash) = (secret.to_owned(), hash.to_owned());
        let right = tokio::task::spawn_blocking(move || {
            let Ok(hash) = PasswordHash::new(&hash) else { return false };
            argon().verify_password(secret.as_bytes(), &hash).is_ok()
        });
        let right = right.await.unwrap_or(false);
        if right {
            let mut known = self.right.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= REMEMBERED {
                known.clear();
            }
            known.insert(digest);
        }
        right
    }

    fn digest(&self, secret: &str, hash: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.key);
        digest.update(Sha256::digest(secret));
        digest.update(hash);
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_secret_is_right_also_when_it_is_remembered() {
        let (hasher, secret) = (Hasher::default(), new_secret());
        let hash = Hasher::hash(&secret);
        assert!(hash.starts_with("$argon2id$"), "{hash}");
        for _ in 0..2 {
            assert!(hasher.verify(&secret, &hash).await);
            assert!(!hasher.verify("another", &hash).await);
            assert!(!hasher.verify(&secret, "no hash").await);
        }
    }

    #[test]
    fn secrets_differ_and_need_no_quoting() {
        let (one, other) = (new_secret(), new_secret());
        assert_ne!(one, other);
        assert!(one.chars().all(|c| c.is_ascii_alphanumeric() || "_~".contains(c)), "{one}");
    }
}
