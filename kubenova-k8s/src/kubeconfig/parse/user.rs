//! The credential of one user entry: a token, or a certificate with its key; nothing that runs, reads or pretends.

use kubenova_core::value::Secret;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;

use super::fields::Fields;
use super::take;
use crate::kubeconfig::access::Credential;
use crate::kubeconfig::fault::Fault;
use crate::kubeconfig::pem;

const USER: &[&str] = &["token", "client-certificate-data", "client-key-data"];
const USER_FORBIDDEN: &[(&str, &str)] = &[
    (
        "exec",
        "would run a program; give a token or a client certificate",
    ),
    (
        "auth-provider",
        "would run a program; give a token or a client certificate",
    ),
    ("tokenFile", "would read a file; give the token itself"),
    (
        "client-certificate",
        "would read a file; give client-certificate-data",
    ),
    ("client-key", "would read a file; give client-key-data"),
    (
        "username",
        "is not supported; give a token or a client certificate",
    ),
    (
        "password",
        "is not supported; give a token or a client certificate",
    ),
    ("as", "would act as somebody else"),
    ("as-groups", "would act as somebody else"),
    ("as-uid", "would act as somebody else"),
    ("as-user-extra", "would act as somebody else"),
    ("extensions", "is not allowed"),
];

pub(super) fn credential(fields: &Fields<'_>, faults: &mut Vec<Fault>) -> Option<Credential> {
    let before = faults.len();
    fields.only(USER, USER_FORBIDDEN, faults);
    let token = take(fields.text("token"), faults)?;
    let cert = take(fields.decoded("client-certificate-data"), faults)?;
    let key = take(fields.decoded("client-key-data"), faults)?;
    if faults.len() > before {
        return None;
    }
    let found = match (token, cert, key) {
        (Some(token), None, None) => bearer(fields, token),
        (None, Some(cert), Some(key)) => certificate(fields, &cert, &key),
        (None, _, _) => Err(Fault::format(format!(
            "{} is missing, or client-certificate-data and client-key-data beside it",
            fields.at("token")
        ))),
        (Some(_), _, _) => Err(Fault::format(format!(
            "{} and a client certificate are given; give one of them",
            fields.at("token")
        ))),
    };
    take(found, faults)
}

fn bearer(fields: &Fields<'_>, token: &str) -> Result<Credential, Fault> {
    if token.is_empty() || token.bytes().any(|b| !b.is_ascii_graphic()) {
        let place = fields.at("token");
        return Err(Fault::format(format!(
            "{place} must be visible ASCII characters, at least one"
        )));
    }
    Ok(Credential::Token(Secret::new(token)))
}

fn certificate(fields: &Fields<'_>, cert: &[u8], key: &[u8]) -> Result<Credential, Fault> {
    let chain = pem::certificates(cert).ok_or_else(|| {
        let place = fields.at("client-certificate-data");
        Fault::format(format!("{place} holds no PEM certificates"))
    })?;
    let no_key = || {
        let place = fields.at("client-key-data");
        Fault::format(format!(
            "{place} holds no PEM key that belongs to the certificate"
        ))
    };
    let key = pem::private_key(key).ok_or_else(no_key)?;
    let key_pem = pem::write_private_key(&key).ok_or_else(no_key)?;
    let cert_pem = pem::write_certificates(&chain);
    CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|_| no_key())?;
    Ok(Credential::ClientCertificate { cert_pem, key_pem })
}
