//! Attacks on tokens, each beside the harmless form that is accepted.

use jiff::ToSpan as _;
use jsonwebtoken::EncodingKey;
use serde_json::{Value, json};

use kubenova_core::{
    access::{Role, Roles},
    value::{ProjectId, Subject, TenantId, TokenId},
};

use super::*;

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn tokens() -> Tokens {
    Tokens::new(SigningKey::generate().unwrap(), "kubenova", "kubenova-api")
}

fn header(tokens: &Tokens) -> Value {
    json!({"alg": "ES256", "typ": "at+jwt", "kid": tokens.key.id()})
}

fn claims() -> Value {
    let now = now().as_second();
    json!({
        "iss": "kubenova", "aud": "kubenova-api", "sub": "alice", "iat": now, "exp": now + 3600,
        "jti": TokenId::nth(7).to_string(), "roles": ["tenantOwner"],
        "tenant": TenantId::nth(1).to_string(),
    })
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// Signs any header and any claims with the installation's own key.
fn signed(tokens: &Tokens, header: &Value, claims: &Value) -> String {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signing = tokens.key.signing();
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), signing, Algorithm::ES256);
    format!("{message}.{}", signature.unwrap())
}

fn accepted_with(change: impl FnOnce(&mut Value, &mut Value)) -> bool {
    let tokens = tokens();
    let (mut header, mut claims) = (header(&tokens), claims());
    change(&mut header, &mut claims);
    tokens
        .verify(&signed(&tokens, &header, &claims), now())
        .is_ok()
}

#[track_caller]
fn assert_claim(name: &str, value: Value, accepted: bool) {
    let shown = value.to_string();
    assert_eq!(
        accepted_with(|_, claims| claims[name] = value),
        accepted,
        "{name}: {shown}"
    );
}

#[test]
fn what_we_sign_we_believe() {
    let tokens = tokens();
    let token = Token {
        id: TokenId::nth(7),
        subject: Subject::parse("alice").unwrap(),
        roles: Roles::new([Role::ProjectDev, Role::ReadOnly]).unwrap(),
        tenant: Some(TenantId::nth(1)),
        projects: Some(vec![ProjectId::nth(2)]),
        issued_by: Subject::parse("bob").unwrap(),
        created_at: now(),
        expires_at: now() + 1.hour(),
        revoked_at: None,
    };
    let secret = tokens.sign(&token).unwrap();
    let claims = tokens.verify(secret.expose_str().unwrap(), now()).unwrap();
    assert_eq!(claims.id, token.id);
    assert_eq!(claims.subject, token.subject);
    assert_eq!(claims.roles, token.roles);
    assert_eq!(claims.tenant, token.tenant);
    assert_eq!(claims.projects, token.projects);
    assert_eq!(claims.expires_at, token.expires_at);
}

#[test]
fn attack_03_alg_none() {
    let tokens = tokens();
    for alg in ["none", "None", "NONE", ""] {
        let mut header = header(&tokens);
        header["alg"] = alg.into();
        let message = format!("{}.{}", encoded(&header), encoded(&claims()));
        for text in [
            format!("{message}."),
            message.clone(),
            signed(&tokens, &header, &claims()),
        ] {
            assert_eq!(tokens.verify(&text, now()), Err(BadToken), "{alg}");
        }
    }
    let good = signed(&tokens, &header(&tokens), &claims());
    let (message, signature) = good.rsplit_once('.').unwrap();
    assert!(tokens.verify(&good, now()).is_ok());
    for text in [
        message,
        &format!("{message}."),
        &format!("{good}.{signature}"),
        "",
        ".",
        "..",
        "a.b.c",
    ] {
        assert_eq!(tokens.verify(text, now()), Err(BadToken), "{text}");
    }
}

#[test]
fn attack_04_another_algorithm_with_a_public_key() {
    let tokens = tokens();
    let public = tokens.key.verifying().try_get_as_bytes().unwrap().to_vec();
    for alg in [Algorithm::HS256, Algorithm::HS512] {
        let mut header = Header::new(alg);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(tokens.key.id().to_owned());
        let key = EncodingKey::from_secret(&public);
        let text = jsonwebtoken::encode(&header, &claims(), &key).unwrap();
        assert_eq!(tokens.verify(&text, now()), Err(BadToken), "{alg:?}");
    }
    let other = self::tokens();
    let foreign = signed(&other, &header(&tokens), &claims());
    assert_eq!(
        tokens.verify(&foreign, now()),
        Err(BadToken),
        "another key under our id"
    );
}

#[test]
fn attack_05_a_required_claim_is_missing() {
    assert!(accepted_with(|_, _| ()));
    for name in ["iss", "aud", "sub", "iat", "exp", "jti", "roles"] {
        let missing = |_: &mut Value, claims: &mut Value| {
            claims.as_object_mut().unwrap().remove(name);
        };
        assert!(!accepted_with(missing), "{name}");
    }
}

#[test]
fn the_header_says_what_we_say() {
    for (name, value) in [
        ("typ", json!("JWT")),
        ("typ", json!("AT+JWT")),
        ("typ", Value::Null),
        ("kid", json!("another")),
        ("kid", json!("../../etc/passwd")),
        ("crit", json!([])),
        ("crit", json!(["exp"])),
        ("jku", json!("https://evil.example")),
        ("b64", json!(false)),
    ] {
        let shown = value.to_string();
        assert!(
            !accepted_with(|header, _| header[name] = value),
            "{name}: {shown}"
        );
    }
    for name in ["typ", "kid", "alg"] {
        let missing = |header: &mut Value, _: &mut Value| {
            header.as_object_mut().unwrap().remove(name);
        };
        assert!(!accepted_with(missing), "{name}");
    }
}

#[test]
fn attack_07_the_token_is_over() {
    let now = now().as_second();
    let ending = |exp: i64| {
        accepted_with(|_, claims| {
            claims["iat"] = (exp - 60).into();
            claims["exp"] = exp.into();
        })
    };
    assert!(ending(now - 5), "within the leeway");
    assert!(!ending(now - 6));
    assert!(!ending(now - 100_000));
}

#[test]
fn the_token_lives_too_long_or_begins_too_late() {
    let now = now().as_second();
    assert_claim("exp", (now + 30 * 86_400).into(), true);
    assert_claim("exp", (now + 30 * 86_400 + 1).into(), false);
    assert_claim("exp", 253_402_300_800_i64.into(), false);
    assert_claim("exp", i64::MAX.into(), false);
    assert_claim("exp", now.into(), false);
    assert_claim("iat", (now + 5).into(), true);
    assert_claim("iat", (now + 6).into(), false);
    assert_claim("nbf", (now + 5).into(), true);
    assert_claim("nbf", (now + 6).into(), false);
}

#[test]
fn attack_09_another_audience_or_issuer() {
    for aud in [
        json!("other"),
        json!(["kubenova-api", "other"]),
        json!(["other"]),
        Value::Null,
        json!(""),
    ] {
        assert_claim("aud", aud, false);
    }
    for iss in [json!("kubenova-staging"), json!(""), json!(["kubenova"])] {
        assert_claim("iss", iss, false);
    }
}

#[test]
fn wrong_types_are_no_claims() {
    let now = now().as_second();
    for (name, value) in [
        ("exp", json!((now + 60).to_string())),
        ("exp", json!(now as f64 + 60.5)),
        ("iat", json!(true)),
        ("nbf", json!("0")),
        ("jti", json!(7)),
        ("jti", json!("../7")),
        ("sub", json!(["alice"])),
        ("tenant", json!("acme")),
        ("tenant", json!([TenantId::nth(1).to_string()])),
        ("projects", json!("all")),
        ("projects", json!(["web"])),
        ("projects", json!([1])),
    ] {
        assert_claim(name, value, false);
    }
}

#[test]
fn attack_16_empty_or_misspelt_identity() {
    for sub in [
        json!(""),
        json!(" "),
        json!("alice\n"),
        json!("a".repeat(300)),
    ] {
        assert_claim("sub", sub, false);
    }
    for roles in [
        json!([]),
        json!("admin"),
        json!(["Admin"]),
        json!(["admin "]),
        json!(["tenantOwner", "root"]),
        json!({"admin": true}),
        Value::Null,
    ] {
        assert_claim("roles", roles, false);
    }
    assert_claim("roles", json!(["admin"]), true);
}

#[test]
fn a_scoped_role_needs_its_tenant() {
    for role in ["tenantOwner", "projectDev", "readOnly"] {
        let unscoped = |_: &mut Value, claims: &mut Value| {
            claims["roles"] = json!([role]);
            claims.as_object_mut().unwrap().remove("tenant");
        };
        assert!(!accepted_with(unscoped), "{role}");
    }
    let nowhere = |_: &mut Value, claims: &mut Value| {
        claims["roles"] = json!(["ops"]);
        claims["projects"] = json!([ProjectId::nth(1).to_string()]);
        claims.as_object_mut().unwrap().remove("tenant");
    };
    assert!(!accepted_with(nowhere));
}

#[test]
fn a_token_without_end_in_sight_is_not_read() {
    let tokens = tokens();
    let mut claims = claims();
    claims["padding"] = "x".repeat(LONGEST).into();
    let text = signed(&tokens, &header(&tokens), &claims);
    assert_eq!(tokens.verify(&text, now()), Err(BadToken));
}
