//! A provider of OpenID Connect on this machine, which says what a test wants it to say.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode, Uri};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData as _, SigningKey as _};
use rsa::pkcs1v15;
use rsa::rand_core::OsRng;
use rsa::sha2::{Digest as _, Sha256};
use rsa::signature::{SignatureEncoding as _, Signer as _};
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

use super::{CLIENT, SECRET};

type Fields = HashMap<String, String>;

/// A provider that runs until the test ends.
pub(crate) struct Provider {
    address: SocketAddr,
    state: Shared,
}

type Shared = Arc<Mutex<World>>;

/// What the provider knows and does.
struct World {
    issuer: String,
    key: Key,
    kid: String,
    signing: Signing,
    /// For whom each code is, until it is used.
    codes: BTreeMap<String, Approved>,
    codes_made: u64,
    keys_asked: u64,
    groups: Option<Value>,
    is_failing: bool,
}

struct Approved {
    claims: Value,
    challenge: String,
    redirect_uri: String,
}

enum Key {
    Ed25519(KeyPair),
    Rsa(rsa::RsaPrivateKey),
}

/// By what a token is signed.
#[derive(Clone, Copy)]
enum Signing {
    Own,
    /// By another key, which is said to be its own.
    Foreign,
    /// By a key that it does not show.
    Unknown,
    /// By the client's secret.
    Shared,
    Nothing,
}

impl Provider {
    pub(crate) async fn start() -> Provider {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let state = Arc::new(Mutex::new(World {
            issuer: format!("http://{address}"),
            key: ed25519(),
            kid: "one".to_owned(),
            signing: Signing::Own,
            codes: BTreeMap::new(),
            codes_made: 0,
            keys_asked: 0,
            groups: None,
            is_failing: false,
        }));
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .with_state(Arc::clone(&state));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Provider { address, state }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets Ann in who came by this URL, and returns the path by which her browser goes back.
    pub(crate) fn approve(&self, way: &str, change: impl FnOnce(&mut Value)) -> String {
        let uri: Uri = way.parse().expect("it is a URL");
        let Query(asked) = Query::<Fields>::try_from_uri(&uri).expect("it has a query");
        assert_eq!(asked["client_id"], CLIENT);
        assert_eq!(asked["code_challenge_method"], "S256");
        let mut world = self.world();
        let now = now();
        let mut claims = json!({
            "iss": world.issuer, "sub": "17", "aud": CLIENT, "iat": now, "exp": now + 300,
            "nonce": asked["nonce"], "preferred_username": "ann", "name": "Ann Example",
            "email": "ann@site.example", "email_verified": true, "groups": ["svc_readonly"],
        });
        change(&mut claims);
        world.codes_made += 1;
        let code = format!("code{}", world.codes_made);
        let approved = Approved {
            claims,
            challenge: asked["code_challenge"].clone(),
            redirect_uri: asked["redirect_uri"].clone(),
        };
        world.codes.insert(code.clone(), approved);
        format!("/oidc/callback/?code={code}&state={}", asked["state"])
    }

    pub(crate) fn change_key(&self, kid: &str) {
        let mut world = self.world();
        (world.key, world.kid) = (ed25519(), kid.to_owned());
    }

    pub(crate) fn sign_by_rsa(&self) {
        let key = rsa::RsaPrivateKey::new(&mut OsRng, 1024).expect("a key can be made");
        self.world().key = Key::Rsa(key);
    }

    pub(crate) fn sign_with_foreign_key(&self) {
        self.world().signing = Signing::Foreign;
    }

    pub(crate) fn sign_with_unknown_key(&self) {
        self.world().signing = Signing::Unknown;
    }

    pub(crate) fn sign_with_shared_secret(&self) {
        self.world().signing = Signing::Shared;
    }

    pub(crate) fn do_not_sign(&self) {
        self.world().signing = Signing::Nothing;
    }

    pub(crate) fn tell_groups_elsewhere(&self, groups: Value) {
        self.world().groups = Some(groups);
    }

    pub(crate) fn fail(&self) {
        self.world().is_failing = true;
    }

    pub(crate) fn keys_asked(&self) -> u64 {
        self.world().keys_asked
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.state.lock().expect("no test has failed")
    }
}

async fn describe(State(state): State<Shared>) -> Json<Value> {
    let issuer = state.lock().expect("no test has failed").issuer.clone();
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/keys"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "RS256", "HS256", "none"],
    }))
}

async fn keys(State(state): State<Shared>) -> Json<Value> {
    let mut world = state.lock().expect("no test has failed");
    world.keys_asked += 1;
    let mut key = match &world.key {
        Key::Ed25519(key) => {
            json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": base64(key.der_bytes()) })
        }
        Key::Rsa(key) => json!({
            "kty": "RSA", "alg": "RS256",
            "n": base64(&key.n().to_bytes_be()), "e": base64(&key.e().to_bytes_be()),
        }),
    };
    key["kid"] = json!(world.kid);
    key["use"] = json!("sig");
    Json(json!({ "keys": [key] }))
}

async fn token(
    State(state): State<Shared>,
    headers: HeaderMap,
    Form(asked): Form<Fields>,
) -> Response {
    let mut world = state.lock().expect("no test has failed");
    if world.is_failing {
        return (StatusCode::BAD_GATEWAY, "the provider is away").into_response();
    }
    let shown = headers[AUTHORIZATION].to_str().expect("it is text");
    let client = format!("{CLIENT}:{}", SECRET.replace(' ', "+"));
    if shown != format!("Basic {}", BASE64_STANDARD.encode(client)) {
        let refusal = Json(json!({ "error": "invalid_client" }));
        return (StatusCode::UNAUTHORIZED, refusal).into_response();
    }
    assert_eq!(asked["grant_type"], "authorization_code");
    let proof = base64(&Sha256::digest(&asked["code_verifier"]));
    let approved = world.codes.remove(&asked["code"]);
    let approved = approved.filter(|approved| {
        approved.challenge == proof && approved.redirect_uri == asked["redirect_uri"]
    });
    let Some(approved) = approved else {
        let refusal = Json(json!({ "error": "invalid_grant" }));
        return (StatusCode::BAD_REQUEST, refusal).into_response();
    };
    let id_token = world.sign(&approved.claims);
    Json(json!({ "access_token": "of Ann", "token_type": "Bearer", "id_token": id_token }))
        .into_response()
}

async fn userinfo(State(state): State<Shared>, headers: HeaderMap) -> Json<Value> {
    assert_eq!(headers[AUTHORIZATION], "Bearer of Ann");
    let groups = state.lock().expect("no test has failed").groups.clone();
    Json(json!({ "sub": "17", "groups": groups }))
}

impl World {
    fn sign(&self, claims: &Value) -> String {
        let (algorithm, kid) = match (&self.key, self.signing) {
            (_, Signing::Nothing) => ("none", &*self.kid),
            (_, Signing::Shared) => ("HS256", &*self.kid),
            (_, Signing::Unknown) => ("EdDSA", "unknown"),
            (Key::Rsa(_), _) => ("RS256", &*self.kid),
            (Key::Ed25519(_), _) => ("EdDSA", &*self.kid),
        };
        let header = json!({ "alg": algorithm, "kid": kid, "typ": "JWT" }).to_string();
        let signed =
            format!("{}.{}", base64(header.as_bytes()), base64(claims.to_string().as_bytes()));
        let signature = match self.signing {
            Signing::Own => self.key.sign(signed.as_bytes()),
            Signing::Foreign | Signing::Unknown => ed25519().sign(signed.as_bytes()),
            Signing::Shared => hmac(SECRET.as_bytes(), signed.as_bytes()),
            Signing::Nothing => Vec::new(),
        };
        format!("{signed}.{}", base64(&signature))
    }
}

impl Key {
    fn sign(&self, text: &[u8]) -> Vec<u8> {
        match self {
            Key::Ed25519(key) => key.sign(text).expect("it can be signed"),
            Key::Rsa(key) => pkcs1v15::SigningKey::<Sha256>::new(key.clone()).sign(text).to_vec(),
        }
    }
}

/// HMAC-SHA256, for a key that is not longer than a block.
fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text);
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c));
    outer.chain_update(inner.finalize()).finalize().to_vec()
}

fn ed25519() -> Key {
    Key::Ed25519(KeyPair::generate_for(&PKCS_ED25519).expect("a key can be made"))
}

fn base64(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970").as_secs()
}
