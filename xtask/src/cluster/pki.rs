//! Certificates of a test cluster: two authorities and the account key are kept, the rest is signed anew at each start.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, SanType, date_time_ymd,
};

use crate::host::files;
use crate::{Context as _, Result};

/// A certificate authority of the cluster.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its certificate, PEM.
    pub certificate: String,
}

/// A signed certificate and its key, both PEM.
#[derive(Debug)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

impl Authority {
    /// Reads the authority `name` from `folder`, making it there first if it is absent.
    ///
    /// # Errors
    /// When files cannot be read or written, or are damaged.
    pub fn load_or_create(folder: &Path, name: &str) -> Result<Self> {
        let (cert_file, key_file) = (folder.join(format!("{name}.crt")), key_file(folder, name));
        if !cert_file.is_file() {
            let key = KeyPair::generate().context("make a key")?;
            let certificate = authority_params(name).self_signed(&key).context("sign")?;
            files::write_private(&key_file, key.serialize_pem())?;
            files::write_private(&cert_file, certificate.pem())?;
        }
        let key = KeyPair::from_pem(&files::read(&key_file)?).context("read an authority's key")?;
        let issuer = Issuer::new(authority_params(name), key);
        Ok(Self {
            issuer,
            certificate: files::read(&cert_file)?,
        })
    }

    /// Signs a client certificate: user `name`, in `group` if one is given.
    ///
    /// # Errors
    /// When the key cannot be made.
    pub fn client(&self, name: &str, group: Option<&str>) -> Result<Pair> {
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, name);
        if let Some(group) = group {
            subject.push(DnType::OrganizationName, group);
        }
        self.sign(subject, ExtendedKeyUsagePurpose::ClientAuth, Vec::new())
    }

    /// Signs the serving certificate: loopback, the service names, and `addresses`.
    ///
    /// # Errors
    /// When the key cannot be made.
    pub fn serving(&self, addresses: &[IpAddr]) -> Result<Pair> {
        let mut names = vec![
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            SanType::IpAddress(IpAddr::V4(Ipv4Addr::new(10, 96, 0, 1))),
        ];
        names.extend(addresses.iter().copied().map(SanType::IpAddress));
        for name in [
            "localhost",
            "kubernetes",
            "kubernetes.default",
            "kubernetes.default.svc",
        ] {
            names.push(SanType::DnsName(name.try_into().context("a DNS name")?));
        }
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, "test-cluster");
        self.sign(subject, ExtendedKeyUsagePurpose::ServerAuth, names)
    }

    fn sign(
        &self,
        subject: DistinguishedName,
        usage: ExtendedKeyUsagePurpose,
        names: Vec<SanType>,
    ) -> Result<Pair> {
        let mut params = lasting();
        params.distinguished_name = subject;
        params.subject_alt_names = names;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().context("make a key")?;
        let certificate = params.signed_by(&key, &self.issuer).context("sign")?;
        Ok(Pair {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl Pair {
    /// Writes `NAME.crt` and `NAME.key` into `folder` and says where they are.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn write(&self, folder: &Path, name: &str) -> Result<(PathBuf, PathBuf)> {
        let (cert_file, key_file) = (folder.join(format!("{name}.crt")), key_file(folder, name));
        files::write_private(&cert_file, &self.certificate)?;
        files::write_private(&key_file, &self.key)?;
        Ok((cert_file, key_file))
    }
}

/// Makes the key that signs ServiceAccount tokens (`sa.key`, `sa.pub`), unless it is there.
///
/// # Errors
/// When the file system refuses.
pub fn account_key(folder: &Path) -> Result<()> {
    let private = key_file(folder, "sa");
    if private.is_file() {
        return Ok(());
    }
    let key = KeyPair::generate().context("make a key")?;
    files::write_private(&private, key.serialize_pem())?;
    files::write_private(&folder.join("sa.pub"), key.public_key_pem())
}

fn key_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}.key"))
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = lasting();
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, format!("test-cluster {name}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// Wide limits: a seed may lie in a cache for long, and the cluster is reachable from this machine only.
fn lasting() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    params
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authority_is_made_once_and_signs_afterwards() {
        let folder = std::env::temp_dir().join(format!("kn-pki-{}", std::process::id()));
        files::folder(&folder).unwrap();
        let first = Authority::load_or_create(&folder, "ca").unwrap();
        let second = Authority::load_or_create(&folder, "ca").unwrap();
        assert_eq!(first.certificate, second.certificate);
        let pair = second.client("alice", Some("developers")).unwrap();
        assert!(pair.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
        files::remove_folder(&folder).unwrap();
    }
}
