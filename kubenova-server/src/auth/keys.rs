//! The key that signs tokens: EC P-256, from a PEM file or made in memory.

use std::{fmt, fs, io, path::Path};

use aws_lc_rs::{
    digest, hmac,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use zeroize::Zeroizing;

/// The key cannot sign tokens. Says what is wrong with it, never what is in it.
#[derive(Debug, thiserror::Error)]
pub enum InvalidKey {
    /// The file cannot be read.
    #[error("auth.signing_key_file: cannot be read")]
    Unreadable(#[source] io::Error),
    /// No PKCS#8 key in PEM.
    #[error("auth.signing_key_file: no private key in PEM (PKCS#8)")]
    Format,
    /// A key of another kind.
    #[error("auth.signing_key_file: not an EC key on the curve P-256")]
    Curve,
    /// The system gave no randomness.
    #[error("no key could be made")]
    Generate,
}

/// A signing key and everything derived from it. No way to print it.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    signing: EncodingKey,
    verifying: DecodingKey,
    secret: hmac::Key,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({})", self.id)
    }
}

impl SigningKey {
    /// Reads a PKCS#8 PEM file.
    ///
    /// # Errors
    /// [`InvalidKey`] for anything but a P-256 key.
    pub fn from_file(path: &Path) -> Result<Self, InvalidKey> {
        let text = Zeroizing::new(fs::read(path).map_err(InvalidKey::Unreadable)?);
        Self::from_pem(&text)
    }

    /// Reads PKCS#8 PEM.
    ///
    /// # Errors
    /// [`InvalidKey`] for anything but a P-256 key.
    pub fn from_pem(text: &[u8]) -> Result<Self, InvalidKey> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(text).map_err(|_| InvalidKey::Format)?;
        Self::from_der(der.secret_pkcs8_der())
    }

    /// Makes a key that lives as long as the process.
    ///
    /// # Errors
    /// [`InvalidKey::Generate`] without randomness.
    pub fn generate() -> Result<Self, InvalidKey> {
        Self::from_der(&fresh()?)
    }

    /// A fresh key as a PKCS#8 PEM file.
    ///
    /// # Errors
    /// [`InvalidKey::Generate`] without randomness.
    pub fn generate_pem() -> Result<Zeroizing<String>, InvalidKey> {
        use base64::engine::general_purpose::STANDARD;
        let encoded = Zeroizing::new(STANDARD.encode(fresh()?.as_slice()));
        let mut pem = Zeroizing::new(String::with_capacity(encoded.len() + 80));
        pem.push_str("-----BEGIN PRIVATE KEY-----\n");
        for (n, c) in encoded.chars().enumerate() {
            if n > 0 && n % 64 == 0 {
                pem.push('\n');
            }
            pem.push(c);
        }
        pem.push_str("\n-----END PRIVATE KEY-----\n");
        Ok(pem)
    }

    fn from_der(der: &[u8]) -> Result<Self, InvalidKey> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der)
            .map_err(|_| InvalidKey::Curve)?;
        // An uncompressed point: 4, then both coordinates.
        let point = pair.public_key().as_ref();
        let (Some(x), Some(y)) = (point.get(1..33), point.get(33..65)) else {
            return Err(InvalidKey::Curve);
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        let verifying = DecodingKey::from_ec_components(&x, &y).map_err(|_| InvalidKey::Curve)?;
        Ok(Self {
            id: thumbprint(&x, &y),
            signing: EncodingKey::from_ec_der(der),
            verifying,
            secret: hmac::Key::new(hmac::HMAC_SHA256, der),
        })
    }

    /// The `kid`: the key's RFC 7638 thumbprint.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) const fn signing(&self) -> &EncodingKey {
        &self.signing
    }

    pub(super) const fn verifying(&self) -> &DecodingKey {
        &self.verifying
    }

    /// A key for another purpose, the same in every replica that holds this one.
    pub fn derive(&self, purpose: &str) -> hmac::Key {
        hmac::Key::new(
            hmac::HMAC_SHA256,
            hmac::sign(&self.secret, purpose.as_bytes()).as_ref(),
        )
    }
}

fn fresh() -> Result<Zeroizing<Vec<u8>>, InvalidKey> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
        .map_err(|_| InvalidKey::Generate)?;
    let der = pair.to_pkcs8v1().map_err(|_| InvalidKey::Generate)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

/// RFC 7638: SHA-256 over the required members in lexicographic order, without blanks.
fn thumbprint(x: &str, y: &str) -> String {
    let members = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attack_11_a_weak_or_foreign_key_is_refused_and_not_printed() {
        let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let ed25519 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let short = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
        let good = SigningKey::generate().unwrap();
        for bad in [
            "",
            "change-me-super-secret",
            "0123456789abcdef0123456789abcdef",
            good.id(),
            short,
            &p384.serialize_pem(),
            &ed25519.serialize_pem(),
        ] {
            let error = SigningKey::from_pem(bad.as_bytes()).expect_err("refused");
            let said = format!("{error} {error:?}");
            assert!(
                bad.is_empty() || !said.contains(bad) && !said.contains("c2VjcmV0"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_key_survives_its_file() {
        let pem = SigningKey::generate_pem().unwrap();
        let (one, two) = (
            SigningKey::from_pem(pem.as_bytes()),
            SigningKey::from_pem(pem.as_bytes()),
        );
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.id(), two.id());
        let tag = hmac::sign(&one.derive("cursor"), b"x");
        assert!(hmac::verify(&two.derive("cursor"), b"x", tag.as_ref()).is_ok());
        assert!(hmac::verify(&two.derive("other"), b"x", tag.as_ref()).is_err());
        assert_ne!(one.id(), SigningKey::generate().unwrap().id());
        assert!(!format!("{one:?}").contains("PRIVATE"));
    }

    #[test]
    fn the_key_id_is_the_thumbprint_of_rfc_7638() {
        let members = "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4";
        let y = "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM";
        // The key of RFC 7517, appendix A.1; its thumbprint was computed with another implementation.
        let known = jsonwebtoken::jwk::Jwk {
            common: jsonwebtoken::jwk::CommonParameters::default(),
            algorithm: jsonwebtoken::jwk::AlgorithmParameters::EllipticCurve(
                jsonwebtoken::jwk::EllipticCurveKeyParameters {
                    key_type: jsonwebtoken::jwk::EllipticCurveKeyType::EC,
                    curve: jsonwebtoken::jwk::EllipticCurve::P256,
                    x: members.to_owned(),
                    y: y.to_owned(),
                },
            ),
        };
        let theirs = known
            .thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256)
            .unwrap();
        assert_eq!(thumbprint(members, y), theirs);
    }
}
