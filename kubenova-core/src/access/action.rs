//! What can be asked for: one action per kind of operation, named in audit rows and in the authorization table.

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $text:literal),* $(,)?) => {
        /// One kind of operation (contract, section 2).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name),* }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The name in audit rows, `noun.verb`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

actions! {
    /// `GET /me`.
    ReadMe = "me.read",
    /// `POST /tokens`.
    IssueToken = "token.issue",
    /// `GET /tokens`.
    ListTokens = "token.list",
    /// `DELETE /tokens/{id}`.
    RevokeToken = "token.revoke",
    /// Lists, reads and capabilities of clusters.
    ReadCluster = "cluster.read",
    /// `POST /clusters`.
    CreateCluster = "cluster.create",
    /// `DELETE /clusters/{c}`.
    DeleteCluster = "cluster.delete",
    /// `POST /clusters/{c}/bootstrap/{part}`.
    BootstrapCluster = "cluster.bootstrap",
    /// Lists and reads of tenants.
    ReadTenant = "tenant.read",
    /// `POST …/tenants`.
    CreateTenant = "tenant.create",
    /// `DELETE …/tenants/{t}`.
    DeleteTenant = "tenant.delete",
    /// `PUT …/tenants/{t}/owners`.
    SetOwners = "tenant.owners",
    /// `PUT …/quotas`.
    SetQuotas = "tenant.quotas",
    /// `PUT …/limits`.
    SetLimits = "tenant.limits",
    /// `PUT …/network-policies`.
    SetNetworkPolicies = "tenant.networkPolicies",
    /// Lists and reads of projects, and their member lists.
    ReadProject = "project.read",
    /// `POST …/projects`.
    CreateProject = "project.create",
    /// `PUT …/projects/{p}`.
    UpdateProject = "project.update",
    /// `DELETE …/projects/{p}`.
    DeleteProject = "project.delete",
    /// `PUT …/projects/{p}/access`.
    SetAccess = "project.access",
    /// `POST /tenants/{t}/kubeconfig` and `GET …/projects/{p}/kubeconfig`.
    IssueGrant = "grant.issue",
    /// Lists and reads of grants.
    ReadGrant = "grant.read",
    /// `DELETE /grants/{id}`.
    RevokeGrant = "grant.revoke",
}
