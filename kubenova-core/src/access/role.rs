//! Roles and their order.

/// A role of the API (contract, section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads one tenant, without Secrets.
    ReadOnly,
    /// Works in projects of one tenant.
    ProjectDev,
    /// Runs one tenant.
    TenantOwner,
    /// Runs clusters and tenants; makes no admins.
    Ops,
    /// Everything.
    Admin,
}

impl Role {
    /// All roles, weakest first.
    pub const ALL: [Self; 5] = [
        Self::ReadOnly,
        Self::ProjectDev,
        Self::TenantOwner,
        Self::Ops,
        Self::Admin,
    ];

    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Ops => "ops",
            Self::TenantOwner => "tenantOwner",
            Self::ProjectDev => "projectDev",
            Self::ReadOnly => "readOnly",
        }
    }

    /// Reads exactly the word of the API.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }

    /// Whether this role means something only inside one tenant.
    pub const fn is_scoped(self) -> bool {
        matches!(self, Self::TenantOwner | Self::ProjectDev | Self::ReadOnly)
    }

    /// The group `/me` shows; information only, never a subject of a binding.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Admin | Self::Ops | Self::TenantOwner => "tenant-admins",
            Self::ProjectDev => "tenant-maintainers",
            Self::ReadOnly => "tenant-viewers",
        }
    }
}

/// A role inside a project: what a membership or a kubeconfig gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProjectRole {
    /// Reads all but Secrets.
    ReadOnly,
    /// Works with workloads.
    ProjectDev,
    /// Works with everything a project holds.
    TenantOwner,
}

impl ProjectRole {
    /// All project roles, weakest first.
    pub const ALL: [Self; 3] = [Self::ReadOnly, Self::ProjectDev, Self::TenantOwner];

    /// The word of the API and the last part of the role's name on the cluster.
    pub const fn as_str(self) -> &'static str {
        self.role().as_str()
    }

    /// Reads exactly the word of the API.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }

    /// The same as a role of the API.
    pub const fn role(self) -> Role {
        match self {
            Self::ReadOnly => Role::ReadOnly,
            Self::ProjectDev => Role::ProjectDev,
            Self::TenantOwner => Role::TenantOwner,
        }
    }
}

/// A set of roles that is never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roles(Vec<Role>);

impl Roles {
    /// A set of one.
    pub fn one(role: Role) -> Self {
        Self(vec![role])
    }

    /// A set, sorted and without repetition; `None` when empty.
    pub fn new(roles: impl IntoIterator<Item = Role>) -> Option<Self> {
        let mut roles: Vec<Role> = roles.into_iter().collect();
        roles.sort_unstable();
        roles.dedup();
        (!roles.is_empty()).then_some(Self(roles))
    }

    /// The roles, weakest first.
    pub fn iter(&self) -> impl Iterator<Item = Role> + '_ {
        self.0.iter().copied()
    }

    /// Whether the role is among them.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// The strongest role.
    pub fn strongest(&self) -> Role {
        self.0.last().copied().unwrap_or(Role::ReadOnly)
    }

    /// Whether any role needs a tenant.
    pub fn any_scoped(&self) -> bool {
        self.iter().any(Role::is_scoped)
    }

    /// Whether some role sees every tenant.
    pub fn any_unscoped(&self) -> bool {
        self.iter().any(|r| !r.is_scoped())
    }
}
