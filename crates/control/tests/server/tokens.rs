//! Tokens: how they are had, and which open nothing.

use crate::client::{Rig, request};
use control::auth::{External, Keys};
use control::trace::Traces;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;

const LIST: &str = "/subscriptions?api-version=2022-12-01";

#[tokio::test(flavor = "multi_thread")]
async fn a_client_gets_a_token_by_its_secret_and_refusals_have_the_numbers_that_clients_know() {
    let rig = Rig::start().await;
    let tenant = rig.credentials.tenant.clone();
    let (client, secret) = (rig.credentials.customer.client_id.clone(), rig.credentials.customer.client_secret.clone());
    let path = format!("/{tenant}/oauth2/v2.0/token");
    let scope = format!("scope={0}/.default", rig.base);
    let who = format!("client_id={client}&client_secret={secret}");
    let grant = "grant_type=client_credentials";
    // az given an audience that ends in a slash asks for two.
    for scope in [scope.clone(), format!("scope={0}//.default", rig.base)] {
        let answer = rig.form(&path, &format!("{grant}&{who}&{scope}")).await;
        assert_eq!((answer.status, answer.json()["expires_in"].as_i64()), (200, Some(3599)), "{answer:?}");
    }
    let first = rig.form(&format!("/{tenant}/oauth2/token"), &format!("{grant}&{who}&resource={}", rig.base)).await;
    assert_eq!((first.status, first.json()["expires_in"].as_str()), (200, Some("3599")), "{first:?}");
    let refused = |path: String, form: String| {
        let rig = &rig;
        async move {
            let answer = rig.form(&path, &form).await;
            let body = answer.json();
            let error = body["error"].as_str().unwrap_or_default().to_owned();
            (answer.status, error, body["error_codes"][0].as_i64().unwrap_or(0))
        }
    };
    let wanted = |status: u16, error: &str, number: i64| (status, error.to_owned(), number);
    let wrong = format!("{grant}&client_id={client}&client_secret=wrong&{scope}");
    assert_eq!(refused(path.clone(), wrong).await, wanted(401, "invalid_client", 7_000_215));
    let stranger = format!("{grant}&client_id=nobody&client_secret=x&{scope}");
    assert_eq!(refused(path.clone(), stranger).await, wanted(400, "unauthorized_client", 700_016));
    let elsewhere = format!("/{}/oauth2/v2.0/token", "0".repeat(8));
    assert_eq!(refused(elsewhere, format!("{grant}&{who}&{scope}")).await, wanted(400, "invalid_request", 90_002));
    let odd = format!("grant_type=password&{who}&{scope}");
    assert_eq!(refused(path.clone(), odd).await, wanted(400, "unsupported_grant_type", 70_003));
    let other = format!("{grant}&{who}&scope=https://graph.example/.default");
    assert_eq!(refused(path, other).await, wanted(400, "invalid_resource", 500_011));
    let unknown = rig.ask("GET", "/not-a-tenant/v2.0/.well-known/openid-configuration", "", None).await;
    assert_eq!((unknown.status, unknown.json()["error"].as_str()), (400, Some("invalid_tenant")));
    for tenant in [tenant.as_str(), "organizations", "common"] {
        let found = rig.ask("GET", &format!("/{tenant}/v2.0/.well-known/openid-configuration"), "", None).await;
        let token = format!("{}/{tenant}/oauth2/v2.0/token", rig.base);
        assert_eq!((found.status, found.json()["token_endpoint"].as_str()), (200, Some(token.as_str())));
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_expired_and_foreign_tokens_open_nothing() {
    let rig = Rig::start().await;
    let token = rig.customer().await;
    assert_eq!(rig.ask("GET", LIST, &token, None).await.status, 200);
    let pem = std::fs::read_to_string(rig.dir.path().join("data/token.key")).unwrap();
    let keys = Keys::from_pem(&pem).unwrap();
    let now = control::clock::now().as_second();
    let principal =
        control::auth::Principal::find(&*rig.store, &rig.credentials.customer.client_id).await.unwrap().unwrap();
    let claims = |change: &[(&str, Value)]| {
        let mut claims = json!({
            "aud": rig.base, "iss": rig.base, "iat": now, "nbf": now, "exp": now + 60, "appid": principal.client,
            "azp": principal.client, "oid": principal.object, "sub": principal.object, "tid": principal.tenant, "ver": "2.0",
            "tp_use": "access",
        });
        for (name, value) in change {
            claims[*name] = value.clone();
        }
        claims
    };
    let signed = |change: &[(&str, Value)]| keys.sign(&claims(change)).unwrap();
    assert_eq!(rig.ask("GET", LIST, &signed(&[]), None).await.status, 200);
    let other = Keys::from_pem(&rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let mut cut = token.clone();
    cut.truncate(token.len() - 6);
    let invalid = "InvalidAuthenticationToken";
    for (what, token, code) in [
        ("expired", signed(&[("exp", json!(now - 1))]), "ExpiredAuthenticationToken"),
        ("not yet", signed(&[("nbf", json!(now + 3600))]), invalid),
        ("for another", signed(&[("aud", json!("https://graph.example"))]), invalid),
        ("another tenant", signed(&[("tid", json!("another"))]), invalid),
        ("another object", signed(&[("oid", json!("another"))]), invalid),
        ("nobody", signed(&[("appid", json!("nobody"))]), invalid),
        ("a refresh token", signed(&[("tp_use", json!("refresh"))]), invalid),
        ("another key", other.sign(&claims(&[])).unwrap(), invalid),
        ("cut off", cut, invalid),
        ("no token", "x".to_owned(), invalid),
        ("three dots", "...".to_owned(), invalid),
        ("none", String::new(), "AuthenticationFailed"),
    ] {
        let answer = rig.ask("GET", LIST, &token, None).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, code), "{what}: {answer:?}");
        let challenge = answer.header("www-authenticate").unwrap();
        assert!(challenge.starts_with(&format!("Bearer authorization_uri=\"{}/", rig.base)), "{challenge}");
        assert!(!challenge.contains("claims="), "{challenge}");
        assert!(token.len() < 8 || !answer.text.contains(&token), "{what}: the answer repeats the token");
    }
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_with_a_code() {
    let rig = Rig::start().await;
    let scope = format!("scope={}//.default offline_access openid profile", rig.base);
    let begun = rig.form("/organizations/oauth2/v2.0/devicecode", &format!("client_id=az&{scope}")).await.json();
    let code = begun["device_code"].as_str().unwrap();
    let poll = format!("grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=az&device_code={code}");
    let token = "/organizations/oauth2/v2.0/token";
    assert_eq!(rig.form(token, &poll).await.json()["error"], "authorization_pending");
    let page = rig.ask("GET", "/device", "", None).await;
    assert!(page.status == 200 && page.text.contains("user_code"), "{page:?}");
    let account = &rig.credentials.customer;
    let typed = format!("user_code={}", begun["user_code"].as_str().unwrap().to_lowercase());
    let wrong = format!("{typed}&client_id={}&client_secret=wrong", account.client_id);
    assert_eq!(rig.form("/device", &wrong).await.status, 401);
    assert_eq!(rig.form(token, &poll).await.json()["error"], "authorization_pending");
    let right = format!("{typed}&client_id={}&client_secret={}", account.client_id, account.client_secret);
    assert_eq!(rig.form("/device", &right).await.status, 200);
    let given = rig.form(token, &poll).await.json();
    let access = given["access_token"].as_str().unwrap();
    assert!(given["id_token"].is_string() && given["client_info"].is_string(), "{given}");
    assert_eq!(rig.ask("GET", LIST, access, None).await.status, 200);
    // Once.
    assert_eq!(rig.form(token, &poll).await.json()["error"], "authorization_pending");
    let refresh = format!(
        "grant_type=refresh_token&client_id=az&refresh_token={}&{scope}",
        given["refresh_token"].as_str().unwrap()
    );
    let again = rig.form(&format!("/{}/oauth2/v2.0/token", rig.credentials.tenant), &refresh).await.json();
    assert_eq!(rig.ask("GET", LIST, again["access_token"].as_str().unwrap(), None).await.status, 200);
    rig.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_with_secrets_are_for_their_owner_and_answers_do_not_tell_them() {
    let rig = Rig::start().await;
    for name in ["ca.key", "token.key", "credentials.json"] {
        let mode = std::fs::metadata(rig.dir.path().join("data").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert!(!format!("{:?}", rig.credentials).contains(&rig.credentials.customer.client_secret));
    let wrong = request(
        "POST",
        "/x/oauth2/v2.0/token",
        "",
        "application/x-www-form-urlencoded",
        Some("client_secret=hush&grant_type=hush"),
    );
    let answer = rig.raw(wrong.as_bytes()).await;
    assert_eq!(answer.status, 400, "{answer:?}");
    let secrets = rig.store.audit("/twinpath/principals", None, 10).await.unwrap();
    assert!(!secrets.is_empty() && !format!("{secrets:?}").contains("argon2"), "{secrets:?}");
    rig.stop().await;
}

/// An issuer of tokens that answers who it is and which keys it has, as long as the test runs. Gives its address.
fn issuer(keys: Value) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let about = json!({ "issuer": address, "jwks_uri": format!("{address}/keys") });
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let body = if head[0].contains("/keys") { keys.to_string() } else { about.to_string() };
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_an_issuer_that_a_setting_names_count_and_others_do_not() {
    let fresh = || Keys::from_pem(&rcgen::KeyPair::generate().unwrap().serialize_pem()).unwrap();
    let (keys, other) = (fresh(), fresh());
    let address = issuer(json!({ "keys": [keys.public] }));
    let rig =
        Rig::start_with(vec![External::parse(&format!("{address}=api://twinpath")).unwrap()], Traces::default()).await;
    let client = &rig.credentials.customer.client_id;
    let object = control::auth::Principal::find(&*rig.store, client).await.unwrap().unwrap().object;
    let now = control::clock::now().as_second();
    let token = |keys: &Keys, change: &[(&str, Value)]| {
        let mut claims = json!({ "iss": address, "aud": "api://twinpath", "exp": now + 60, "azp": client });
        for (name, value) in change {
            claims[*name] = value.clone();
        }
        keys.sign(&claims).unwrap()
    };
    let by_object = [("azp", json!("nobody")), ("oid", json!(object))];
    for good in [token(&keys, &[]), token(&keys, &by_object), token(&keys, &[("exp", json!(now - 30))])] {
        assert_eq!(rig.ask("GET", LIST, &good, None).await.status, 200);
    }
    for (what, bad) in [
        ("another key", token(&other, &[])),
        ("another audience", token(&keys, &[("aud", json!("api://other"))])),
        ("another issuer", token(&keys, &[("iss", json!("https://other.example"))])),
        ("long over", token(&keys, &[("exp", json!(now - 600))])),
        ("not yet", token(&keys, &[("nbf", json!(now + 600))])),
        ("nobody", token(&keys, &[("azp", json!("nobody"))])),
    ] {
        assert_eq!(rig.ask("GET", LIST, &bad, None).await.status, 401, "{what}");
    }
    rig.stop().await;
}
