//! Kubeconfigs: hostile text becomes our own type by an allow-list; what we hand out is built, never pasted.

pub mod access;
pub mod address;
pub mod issue;
pub mod parse;
mod shape;

pub use access::{ClusterAccess, Credential, Endpoint};
pub use address::AddressPolicy;
pub use parse::parse;

/// Why a kubeconfig or address is refused: a class of contract section 8, and a sentence that quotes nothing of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{class}: {sentence}", class = .class.as_str())]
pub struct Refused {
    /// The class.
    pub class: Class,
    /// Where and why.
    pub sentence: String,
}

impl Refused {
    pub(crate) fn new(class: Class, sentence: impl Into<String>) -> Self {
        Self {
            class,
            sentence: sentence.into(),
        }
    }
}

/// The closed list of reason classes (contract, section 8 "Registration refusals").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// No kubeconfig, or not one that says one thing only.
    Format,
    /// Something that would run a program, read a file or weaken TLS.
    Forbidden,
    /// An address that may not be reached.
    Address,
    /// No API server answers.
    Unreachable,
    /// The certificate is not trusted.
    Tls,
    /// The credential is not accepted.
    Unauthorized,
    /// The credential may not do what is needed.
    Rights,
    /// It is another cluster than expected.
    Identity,
}

impl Class {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Format => "format",
            Self::Forbidden => "forbidden",
            Self::Address => "address",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Unauthorized => "unauthorized",
            Self::Rights => "rights",
            Self::Identity => "identity",
        }
    }
}
