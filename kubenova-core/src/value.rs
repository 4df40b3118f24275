//! Values that are correct by construction: parsed once at the rim, trusted everywhere behind it.

pub mod condition;
pub mod id;
pub mod labels;
pub mod name;
pub mod page;
pub mod quantity;
pub mod secret;
pub mod selector;
pub mod subject;
pub mod version;

pub use condition::{Condition, ConditionStatus, Phase, Status};
pub use id::{ClusterId, GrantId, InvalidId, ProjectId, Ref, TenantId, TokenId};
pub use labels::{Annotations, InvalidMetadata, Labels};
pub use name::{InvalidName, Name};
pub use page::{Page, Paged, Position};
pub use quantity::{InvalidQuantity, Quantity};
pub use secret::Secret;
pub use selector::{InvalidSelector, LabelSelector};
pub use subject::{InvalidSubject, Subject, SubjectKind};
pub use version::Generation;
