//! A service in this process, and a client that can say anything.

use control::auth::{Credentials, External, Principal};
use control::server::{Options, Server};
use control::trace::Traces;
use control::{Carriers, Role, Settings};
use rustls::pki_types::ServerName;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::{Change, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A service that runs until it is dropped.
pub(crate) struct Rig {
    pub(crate) base: String,
    pub(crate) address: SocketAddr,
    pub(crate) credentials: Credentials,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) dir: tempfile::TempDir,
    tls: TlsConnector,
    stop: watch::Sender<bool>,
    running: Option<JoinHandle<()>>,
}

/// An answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The code of an ARM error; empty when it has none.
    pub(crate) fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then(|| value.trim()))
    }
}

impl Rig {
    pub(crate) async fn start() -> Self {
        Self::start_with(Vec::new(), Traces::default()).await
    }

    pub(crate) async fn start_with(oidc: Vec<External>, traces: Traces) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = store::open("sqlite::memory:").await.unwrap();
        let settings = Settings {
            base: String::new(),
            catalog: Arc::new(catalog::Catalog::with_files(|_| None).unwrap()),
            carriers: Carriers::Loopback,
            page: 100,
            remember: Duration::from_secs(3600),
            traces,
        };
        let options = Options {
            dir: dir.path().join("data"),
            listen: "127.0.0.1:0".parse().unwrap(),
            base: None,
            store: store.clone(),
            settings,
            oidc,
        };
        let server = Server::bind(options).await.unwrap();
        let mut roots = rustls::RootCertStore::empty();
        roots.add(server.certificates().der().clone()).unwrap();
        let tls = rustls::ClientConfig::builder_with_provider(control::server::provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let (stop, stopped) = watch::channel(false);
        Self {
            base: server.base().to_owned(),
            address: server.address(),
            credentials: server.credentials().unwrap().clone(),
            store,
            dir,
            tls: TlsConnector::from(Arc::new(tls)),
            stop,
            running: Some(tokio::spawn(async move { server.run(stopped).await.unwrap() })),
        }
    }

    /// Stops the service and waits for its end.
    pub(crate) async fn stop(mut self) {
        self.stop.send(true).unwrap();
        self.running.take().unwrap().await.unwrap();
    }

    pub(crate) async fn connect(&self) -> TlsStream<TcpStream> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        self.tls.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap()
    }

    /// Sends bytes as they are and reads one answer.
    pub(crate) async fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect().await;
        let (mut reader, mut writer) = tokio::io::split(&mut stream);
        // The service may answer before it has read all.
        let write = async {
            let _ = writer.write_all(bytes).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            answer = read(&mut reader) => answer,
            () = write => unreachable!(),
            () = tokio::time::sleep(Duration::from_secs(30)) => panic!("no answer within 30 s"),
        }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, token: &str, body: Option<&str>) -> Answer {
        self.raw(request(method, path, token, "application/json", body).as_bytes()).await
    }

    pub(crate) async fn token_for(&self, client: &str, secret: &str) -> String {
        let scope = format!("{}/.default", self.base);
        let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}&scope={scope}");
        let answer = self.form(&format!("/{}/oauth2/v2.0/token", self.credentials.tenant), &form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn form(&self, path: &str, form: &str) -> Answer {
        self.raw(request("POST", path, "", "application/x-www-form-urlencoded", Some(form)).as_bytes()).await
    }

    pub(crate) async fn customer(&self) -> String {
        let account = &self.credentials.customer;
        self.token_for(&account.client_id, &account.client_secret).await
    }

    /// The token of a new principal with a role.
    pub(crate) async fn with_role(&self, subscription: &str, role: Role) -> String {
        let mut principal = Principal::new(&self.credentials.tenant, "somebody").with_role(subscription, role);
        let secret = principal.add_secret(None);
        let now = control::clock::now();
        let puts = vec![principal.to_row(now)];
        self.store.commit(&Change { at: now, puts, ..Change::default() }).await.unwrap();
        self.token_for(&principal.client, &secret).await
    }
}

/// A request on a connection that goes on.
pub(crate) fn request(method: &str, path: &str, token: &str, kind: &str, body: Option<&str>) -> String {
    let bearer = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    let body = body.unwrap_or_default();
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\n{bearer}Content-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

/// Reads one answer.
pub(crate) async fn read(reader: &mut (impl AsyncReadExt + Unpin)) -> Answer {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        assert_ne!(
            reader.read_buf(&mut bytes).await.unwrap(),
            0,
            "no whole answer: {}",
            String::from_utf8_lossy(&bytes)
        );
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer { status, head, text: String::new() };
    let length: usize = answer.header("content-length").map_or(0, |length| length.parse().unwrap());
    while bytes.len() < end + length {
        assert_ne!(reader.read_buf(&mut bytes).await.unwrap(), 0, "the body broke off");
    }
    answer.text = String::from_utf8(bytes[end..end + length].to_vec()).unwrap();
    answer
}

/// Reads the head of an answer that has no body.
pub(crate) async fn head_of(stream: &mut (impl AsyncReadExt + Unpin)) -> Answer {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        bytes.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(bytes).unwrap();
    Answer { status: head.split(' ').nth(1).unwrap().parse().unwrap(), head, text: String::new() }
}
