//! Tokens and keys, judged without a server around them.

use super::*;
use parlour_engine::code::Code;
use parlour_engine::io::{Identity, Role};
use parlour_engine::limits::Limits;
use std::sync::Arc;

const FAR: u64 = 4_000_000_000;

fn secret() -> Secret {
    Secret::new(b"0123456789abcdef0123456789abcdef".to_vec(), Algorithm::HS256).unwrap()
}

fn trust(secret: Secret) -> Trust {
    Trust { secret: Some(secret), key: None, source: None, rsa: Algorithm::RS256, issuer: None, audience: None }
}

fn verify(trust: &Trust, token: &str) -> Result<Identity, Code> {
    Verifier::start(trust, &Limits::default(), nothing_revoked()).unwrap().verify(token)
}

fn nothing_revoked() -> Arc<Revocations> {
    Arc::new(Revocations::open(Path::new("/nowhere"), &Limits::default()).unwrap())
}

fn ada() -> Mint<'static> {
    Mint { sub: "ada", exp: FAR, ..Mint::default() }
}

#[test]
fn a_minted_token_says_who_and_until_when() {
    let token = mint(&secret(), Mint { role: Some("admin"), name: Some("Ada"), ..ada() }).unwrap();
    let who = verify(&trust(secret()), &token).unwrap();
    assert_eq!((who.user.as_str(), who.name.as_str(), who.role), ("ada", "Ada", Role::Admin));
    assert_eq!(who.expires_ms, Some((FAR + Limits::default().jwt_leeway_s) * 1000));
}

#[test]
fn a_token_that_is_not_ours_is_refused_and_an_old_one_is_called_old() {
    let ours = trust(secret());
    let old = mint(&secret(), Mint { exp: 1_000_000_000, ..ada() }).unwrap();
    assert_eq!(verify(&ours, &old), Err(Code::TokenExpired));
    let others = Secret::new(b"another secret, as long as ours is".to_vec(), Algorithm::HS256).unwrap();
    let others = mint(&others, ada()).unwrap();
    let role = mint(&secret(), Mint { role: Some("emperor"), ..ada() }).unwrap();
    // alg none: {"alg":"none","typ":"JWT"} . {"sub":"ada","exp":4000000000} .
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJzdWIiOiJhZGEiLCJleHAiOjQwMDAwMDAwMDB9.";
    for bad in [others.as_str(), role.as_str(), unsigned, "", "a.b.c"] {
        assert_eq!(verify(&ours, bad), Err(Code::AuthenticationFailed), "{bad}");
    }
    let long = Mint { name: Some(&"a".repeat(Limits::default().jwt_bytes)), ..ada() };
    assert_eq!(verify(&ours, &mint(&secret(), long).unwrap()), Err(Code::TokenTooLong));
}

#[test]
fn issuer_and_audience_matter_only_when_configured() {
    let token = mint(&secret(), ada()).unwrap();
    let of = |issuer: Option<&str>, audience: Option<&str>| Trust {
        issuer: issuer.map(str::to_owned),
        audience: audience.map(str::to_owned),
        ..trust(secret())
    };
    assert!(verify(&of(None, None), &token).is_ok());
    assert_eq!(verify(&of(Some("me"), None), &token), Err(Code::AuthenticationFailed));
    assert_eq!(verify(&of(None, Some("me")), &token), Err(Code::AuthenticationFailed));
    let token = mint(&secret(), Mint { issuer: Some("me"), audience: Some("here"), ..ada() }).unwrap();
    assert!(verify(&of(Some("me"), Some("here")), &token).is_ok());
}

#[test]
fn each_secret_admits_one_algorithm_and_is_as_long_as_its_hash() {
    let bytes = vec![7; 64];
    let secrets = Secret::ALGORITHMS.map(|algorithm| Secret::new(bytes.clone(), algorithm).unwrap());
    for (at, signing) in secrets.iter().enumerate() {
        let token = mint(signing, ada()).unwrap();
        for (other, checking) in secrets.iter().enumerate() {
            assert_eq!(verify(&trust(checking.clone()), &token).is_ok(), at == other, "{at} {other}");
        }
    }
    for (algorithm, least) in Secret::ALGORITHMS.into_iter().zip([32, 48, 64]) {
        assert!(Secret::new(vec![7; least - 1], algorithm).is_err());
        assert!(Secret::new(vec![7; least], algorithm).is_ok());
    }
    assert!(Secret::new(vec![7; 64], Algorithm::RS256).is_err());
    let public = b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQ\n-----END PUBLIC KEY-----\n".to_vec();
    assert!(Secret::new(public, Algorithm::HS256).is_err(), "everybody could sign with it");
}

// Keys and tokens of `{"sub":"ada","exp":4000000000}`, made with another library; their private halves are nowhere.
const RSA: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3vLLGHHeDRhKhvrKAqeN
5WvzEr2JLEiUru74zR7IpeTzZG1N8bUU7Jo8ljy9x+WEbDfwOH6k/PM21ILB8tDR
ZUO9Vp4J5ABuLV1EBlASXUieAHtxIUiY7CgK5L81o5uC+nRzLfsNN2emCje5UnM8
K4nMyZk4tqmBIPcmKcYfEbxgX+xXXCcR7VoIRiBrGcl2LQxu2k3E5htVlgmjJn+Y
RP59AnY9+5nPnn/3YCm19RjJ2Texoq5DL1tgNi+RYuNB5zG6MfPfZ2gQy37MoYR8
Idlg7yfqSMIsjZ3edm1uW3Gsl3cj+pBi3CfUkfn6RLUvFw8xDwiFEqRZ07WS4n5p
KwIDAQAB
-----END PUBLIC KEY-----";
const RSA_1024: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC9t7DIrUSb0EHc3XQGEvePPufb
ZrZB9nmuuNqoJv+7Z08rvf7+rWTUwQPO6vNabcR2ahGgQQ6eepinEUeUqQaJk2wv
j6AFsmCSCRfkql5MfKNrLvdd9kb804oX4rCE7nJlagxdCYF65+sKw0AhqLm/8NaT
fAXynitrem1FTftJQQIDAQAB
-----END PUBLIC KEY-----";
const P256: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEwWoaY8oLjDTrDkfjVrACxUZ3nGtF
Kw696kOPGZZ0lJdD3KIc6/7sSCIBkumDYA2THU0dbEOZgC2Gme1dizM9BA==
-----END PUBLIC KEY-----";
const ED25519: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAVFLvN3eDNVewVKgBnoI92cKUaV4jePJXOXLhWcjZcRM=
-----END PUBLIC KEY-----";
const RS256_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEiLCJleHAiOjQwMDAwMDAwMDB9.HPUje_WA2A8KJcqkOmgHkq98QEQvo2W_SRcsJ-\
    d3xUjkRS5ZKTDnX-JHwypxYGghTf0O7yJ-z65yzl-xbIROoqlqZnxanMrk2tA0hvDYH7LuaekMIhdBqy4R6YwhY6NcUeSbPIR_t3\
    IeiavILMpw1qPi1Fk3Pw_DlQ_pe5cSnxqp92B3pFCYSOGfg8Q_Q_ICJsdvq6pvu_3T8Wn-pKVzX4zcaYHEXAFnlOpDSgFbQQ2FgJ\
    EwwnpIPsRooulddjo3QSHgzu80wTRz782Kk45oTnQxEicHachNGVt0sOBynxeFBZK6KrqhLYphqM7OgzL8q8dHzQ5zoL4stIHFRF\
    v8XQ";
const RS512_TOKEN: &str = "eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiJhZGEiLCJleHAiOjQwMDAwMDAwMDB9.1ZZ0FBc0BdNhs48WpSeAqrY-QWPP_yQScYlHkU\
    -sWgCgXtQPLOYk96pYjbrrD53gh8QbPCeOBlfjGc5Ui5XlX-ZJFuZm7NpbnVkr9v3g9-Ly0vhaOBAuHUG405nc2PHQeMwOlpLmBs\
    ZP1Ngf6H92ZyWWZw3f5EuTgdYyxqKIg10bV40GTmHRVHXXqVSi-Y3jZwBuOG4vb53jF2Ez3CNqevRzoLClcgrINEGr3JmKzso3Yj\
    VtS5LOMO195Kc4IQh3yFqwhCvgu3EA0KocePJSvNvfzYmk6OpRPgVYrgY55b8c5kYsPpjJdddqfH5sdP2KAO20S6Lv28A2EnNrQ1\
    AL2g";
const ES256_TOKEN: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhZGEiLCJleHAiOjQwMDAwMDAwMDB9._SXs5GzXb2P0Z7cWr69j3AOuNGEjs2AyRzqU21\
    qw6tXVioBCze1pSkN1K8OuIN1av7YCPddZJqX6jQWI7Iir6Q";
const EDDSA_TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEiLCJleHAiOjQwMDAwMDAwMDB9.eilVPZLlNNwTuY1iyyRe5Z4fDJtTVoTDZvvpfk\
    OXmvEov9hOy1LVlbjM030ehg_nd-eD8uRuRIAYMwLX5-FgBQ";
const SET: &str = "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"alg\":\"RS512\",\"use\":\"sig\",\"n\":\"3vLLGHHeDRhKhvrK\
    AqeN5WvzEr2JLEiUru74zR7IpeTzZG1N8bUU7Jo8ljy9x-WEbDfwOH6k_PM21ILB8tDRZUO9Vp4J5ABuLV1EBlASXUieAHtxIUiY\
    7CgK5L81o5uC-nRzLfsNN2emCje5UnM8K4nMyZk4tqmBIPcmKcYfEbxgX-xXXCcR7VoIRiBrGcl2LQxu2k3E5htVlgmjJn-YRP59\
    AnY9-5nPnn_3YCm19RjJ2Texoq5DL1tgNi-RYuNB5zG6MfPfZ2gQy37MoYR8Idlg7yfqSMIsjZ3edm1uW3Gsl3cj-pBi3CfUkfn6\
    RLUvFw8xDwiFEqRZ07WS4n5pKw\",\"e\":\"AQAB\"},{\"kty\":\"EC\",\"kid\":\"e\",\"crv\":\"P-256\",\"x\":\
    \"wWoaY8oLjDTrDkfjVrACxUZ3nGtFKw696kOPGZZ0lJc\",\"y\":\"Q9yiHOv-7EgiAZLpg2ANkx1NHWxDmYAthpntXYszPQQ\
    \"},{\"kty\":\"OKP\",\"kid\":\"d\",\"crv\":\"Ed25519\",\"x\":\"VFLvN3eDNVewVKgBnoI92cKUaV4jePJXOXLhW\
    cjZcRM\"}]}";

fn by_key(pem: &str, rsa: Algorithm) -> Trust {
    Trust { secret: None, key: Some(Key::of_pem(pem, rsa).unwrap()), ..trust(secret()) }
}

#[test]
fn a_public_key_admits_the_tokens_of_its_own_algorithm_and_no_others() {
    let keys = [(RSA, Algorithm::RS256), (RSA, Algorithm::RS512), (P256, Algorithm::RS256), (ED25519, Algorithm::RS256)];
    let tokens = [RS256_TOKEN, RS512_TOKEN, ES256_TOKEN, EDDSA_TOKEN];
    for (at, (pem, rsa)) in keys.into_iter().enumerate() {
        for (other, token) in tokens.into_iter().enumerate() {
            let result = verify(&by_key(pem, rsa), token).map(|who| who.user);
            let wanted = if at == other { Ok("ada".to_owned()) } else { Err(Code::AuthenticationFailed) };
            assert_eq!(result, wanted, "{at} {other}");
        }
    }
}

#[test]
fn no_public_key_serves_as_a_secret() {
    for pem in [RSA, P256, ED25519] {
        let signed = jsonwebtoken::encode(
            &Header::new(Algorithm::HS256),
            &Claims { sub: "ada".to_owned(), exp: FAR.into(), iat: None, jti: None, role: None, name: None },
            &jsonwebtoken::EncodingKey::from_secret(pem.as_bytes()),
        );
        assert_eq!(verify(&by_key(pem, Algorithm::RS256), &signed.unwrap()), Err(Code::AuthenticationFailed));
    }
}

#[test]
fn what_is_no_public_key_or_too_weak_a_one_is_refused() {
    install_crypto();
    let cut = &RSA[..RSA.len() / 2];
    let private = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
-----END PRIVATE KEY-----";
    for bad in ["", "hello", cut, RSA_1024, private] {
        assert!(Key::of_pem(bad, Algorithm::RS256).is_err(), "{bad}");
    }
    assert!(Key::of_pem(private, Algorithm::RS256).unwrap_err().to_string().contains("private"));
    assert!(Key::of_pem(RSA, Algorithm::HS256).is_err(), "an RSA key must not be believed to be a secret");
}

#[test]
fn of_a_set_the_keys_that_are_of_use_are_kept_and_told_apart() {
    let most = Limits::default().jwks_keys;
    let read = |text: &str| Key::of_set(text.as_bytes(), Algorithm::RS256, most);
    let names = |text: &str| {
        let keys = read(text).unwrap();
        keys.into_iter().map(|key| (key.name.unwrap_or_default(), key.algorithm)).collect::<Vec<_>>()
    };
    let algorithms = [("r", Algorithm::RS512), ("e", Algorithm::ES256), ("d", Algorithm::EdDSA)];
    assert_eq!(names(SET), algorithms.map(|(name, algorithm)| (name.to_owned(), algorithm)));
    assert_eq!(names(r#"{"keys":[]}"#), []);
    let useless = [
        r#"{"kty":"oct","kid":"s","k":"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY","alg":"HS256"}"#,
        r#"{"kty":"OKP","crv":"Ed25519","kid":"short","x":"AAAA"}"#,
        r#"{"kty":"OKP","crv":"X25519","kid":"other","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        r#"{"kty":"OKP","crv":"Ed25519","kid":"enc","use":"enc","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        r#"{"kty":"OKP","crv":"Ed25519","kid":"alg","alg":"RS256","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        r#"{"kty":"OKP","crv":"Ed25519","kid":"none","alg":"none","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#,
        r#"{"kty":"RSA","kid":"weak","n":"AQAB","e":"AQAB"}"#,
        r#"{"kid":5}"#,
        "5",
    ];
    for key in useless {
        assert_eq!(names(&format!("{{\"keys\":[{key}]}}")), [], "{key}");
    }
    let good = r#"{"kty":"OKP","crv":"Ed25519","kid":"twice","x":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
    assert_eq!(names(&format!("{{\"keys\":[{good},{good}]}}")).len(), 1);
    assert!(read(&format!("{{\"keys\":[{}]}}", vec![good; most + 1].join(","))).is_err());
    for bad in ["", "[]", "{}", r#"{"keys":{}}"#] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn keys_are_fetched_by_tls_or_from_this_machine() {
    for good in ["https://id.example/keys", "http://127.0.0.1:8080/k?x=1", "http://localhost/", "http://[::1]:80/"] {
        assert!(Source::of_url(good).is_some(), "{good}");
    }
    for bad in ["http://id.example/keys", "ftp://id.example/", "id.example", "", "https://", "https://a:b@id.example/"] {
        assert_eq!(Source::of_url(bad), None, "{bad}");
    }
}
