//! A cluster under test.

use std::any::Any;
use std::time::Duration;

use async_trait::async_trait;

use crate::ports::ClusterClient;
use crate::simulation::{ForeignAct, Knock, Thing};
use crate::value::{ClusterId, Name, Secret};

/// A cluster under test: the adapter, and what only somebody else can do or see.
#[async_trait]
pub trait Ground: Send + Sync {
    /// The adapter, with an identity that suffices and is not almighty.
    fn cluster(&self) -> &dyn ClusterClient;

    /// A number that no other test on this cluster has; its lowest 48 bits suffice.
    fn unique(&self) -> u128;

    /// Somebody else does something, and it is done when this returns.
    async fn act(&self, act: ForeignAct);

    /// Changes with every change that somebody makes to the thing; `None` while it is absent.
    async fn fingerprint(&self, thing: Thing) -> Option<String>;

    /// How the cluster answers whoever shows this token and asks for a namespace's pods.
    async fn knock(&self, token: &Secret, namespace: &Name) -> Knock;

    /// The installation whose platform objects are on the cluster: all tests of it share them.
    fn installation(&self) -> ClusterId;

    /// The platform objects of [`Ground::installation`], current until the guard is dropped.
    async fn platform(&self) -> Box<dyn Any + Send>;

    /// Nobody else uses the platform objects until the guard is dropped; they may be there or not.
    async fn alone(&self) -> Box<dyn Any + Send>;

    /// Lets time pass.
    async fn pause(&self, time: Duration);

    /// How long the cluster may speak of a change, or a watch of the start, before it is quiet.
    fn echo(&self) -> Duration;
}
