//! All routes on one page: method, path, handler, and what is asked for.

use std::sync::Arc;

use axum::{Router, http::Method, middleware, routing};
use utoipa::{
    Modify, OpenApi as _,
    openapi::{
        OpenApi,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use kubenova_core::access::Action::{
    self, BootstrapCluster, CreateCluster, CreateProject, CreateTenant, DeleteCluster,
    DeleteProject, DeleteTenant, IssueGrant, IssueToken, ListTokens, ReadCluster, ReadGrant,
    ReadMe, ReadProject, ReadTenant, RevokeGrant, RevokeToken, SetAccess, SetLimits,
    SetNetworkPolicies, SetOwners, SetQuotas, UpdateProject,
};

use super::{
    App, Envelope,
    rim::{self, Rim},
};
use crate::route::{cluster, grant, project, system, tenant, token};

/// One operation of the API.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// The method, in capitals.
    pub method: &'static str,
    /// The template of the path.
    pub path: &'static str,
    /// What is asked for; `None` where no token is needed.
    pub action: Option<Action>,
}

macro_rules! operations {
    ($($method:ident $path:literal => $resource:ident :: $handler:ident, $action:expr;)*) => {
        /// Every operation of the API, in the order of the document.
        pub const OPERATIONS: &[Operation] = &[$(Operation {
            method: stringify!($method),
            path: $path,
            action: $action,
        }),*];

        #[derive(utoipa::OpenApi)]
        #[openapi(
            info(title = "KubeNova", license(name = "Apache-2.0", identifier = "Apache-2.0"),
                description = "Tenants, projects and access on many Kubernetes clusters"),
            paths($($resource::$handler),*),
            components(schemas(Envelope)),
            security(("token" = [])),
            modifiers(&Bearer),
        )]
        struct Document;

        fn operations() -> Router<App> {
            Router::new()$(.route($path, routing::on(filter(stringify!($method)), $resource::$handler)))*
        }
    };
}

operations! {
    GET    "/api/v1/healthz"  => system::get_health, None;
    GET    "/api/v1/readyz"   => system::get_readiness, None;
    GET    "/api/v1/version"  => system::get_version, None;
    GET    "/api/v1/features" => system::get_features, None;
    GET    "/api/v1/me"       => system::get_me, Some(ReadMe);

    GET    "/api/v1/tokens"      => token::list_tokens, Some(ListTokens);
    POST   "/api/v1/tokens"      => token::issue_token, Some(IssueToken);
    DELETE "/api/v1/tokens/{id}" => token::revoke_token, Some(RevokeToken);

    GET    "/api/v1/clusters"                           => cluster::list_clusters, Some(ReadCluster);
    POST   "/api/v1/clusters"                           => cluster::register_cluster, Some(CreateCluster);
    GET    "/api/v1/clusters/{c}"                       => cluster::get_cluster, Some(ReadCluster);
    DELETE "/api/v1/clusters/{c}"                       => cluster::delete_cluster, Some(DeleteCluster);
    GET    "/api/v1/clusters/{c}/capabilities"          => cluster::get_capabilities, Some(ReadCluster);
    POST   "/api/v1/clusters/{c}/bootstrap/{component}" => cluster::bootstrap_cluster, Some(BootstrapCluster);

    GET    "/api/v1/clusters/{c}/tenants"            => tenant::list_tenants, Some(ReadTenant);
    POST   "/api/v1/clusters/{c}/tenants"            => tenant::create_tenant, Some(CreateTenant);
    GET    "/api/v1/clusters/{c}/tenants/{t}"        => tenant::get_tenant, Some(ReadTenant);
    DELETE "/api/v1/clusters/{c}/tenants/{t}"        => tenant::delete_tenant, Some(DeleteTenant);
    PUT    "/api/v1/clusters/{c}/tenants/{t}/owners" => tenant::put_owners, Some(SetOwners);
    PUT    "/api/v1/clusters/{c}/tenants/{t}/quotas" => tenant::put_quotas, Some(SetQuotas);
    PUT    "/api/v1/clusters/{c}/tenants/{t}/limits" => tenant::put_limits, Some(SetLimits);
    PUT    "/api/v1/clusters/{c}/tenants/{t}/network-policies" => tenant::put_network_policies, Some(SetNetworkPolicies);
    POST   "/api/v1/tenants/{t}/kubeconfig"          => tenant::issue_tenant_kubeconfig, Some(IssueGrant);

    GET    "/api/v1/clusters/{c}/tenants/{t}/projects"                => project::list_projects, Some(ReadProject);
    POST   "/api/v1/clusters/{c}/tenants/{t}/projects"                => project::create_project, Some(CreateProject);
    GET    "/api/v1/clusters/{c}/tenants/{t}/projects/{p}"            => project::get_project, Some(ReadProject);
    PUT    "/api/v1/clusters/{c}/tenants/{t}/projects/{p}"            => project::put_project, Some(UpdateProject);
    DELETE "/api/v1/clusters/{c}/tenants/{t}/projects/{p}"            => project::delete_project, Some(DeleteProject);
    GET    "/api/v1/clusters/{c}/tenants/{t}/projects/{p}/access"     => project::get_access, Some(ReadProject);
    PUT    "/api/v1/clusters/{c}/tenants/{t}/projects/{p}/access"     => project::put_access, Some(SetAccess);
    GET    "/api/v1/clusters/{c}/tenants/{t}/projects/{p}/kubeconfig" => project::issue_project_kubeconfig, Some(IssueGrant);

    GET    "/api/v1/grants"      => grant::list_grants, Some(ReadGrant);
    GET    "/api/v1/grants/{id}" => grant::get_grant, Some(ReadGrant);
    DELETE "/api/v1/grants/{id}" => grant::revoke_grant, Some(RevokeGrant);
}

/// The whole API, ready to be served.
pub fn router(app: App, rim: Rim) -> Router {
    operations()
        .route("/healthz", routing::get(system::get_health))
        .route("/readyz", routing::get(system::get_readiness))
        .route("/openapi.json", routing::get(system::get_openapi))
        .fallback(rim::no_route)
        .method_not_allowed_fallback(rim::wrong_method)
        .layer(middleware::from_fn_with_state(Arc::new(rim), rim::rim))
        .with_state(app)
}

/// The OpenAPI 3.1 document.
pub fn openapi() -> OpenApi {
    Document::openapi()
}

/// The document as indented JSON with a final newline.
pub fn document() -> String {
    // Maps with text keys always become JSON.
    let mut text = openapi().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
}

/// Declares how a token is shown.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut OpenApi) {
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .build();
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(bearer));
    }
}

/// `GET` answers `HEAD` too.
fn filter(method: &str) -> routing::MethodFilter {
    match method {
        "POST" => routing::MethodFilter::POST,
        "PUT" => routing::MethodFilter::PUT,
        "DELETE" => routing::MethodFilter::DELETE,
        _ => routing::MethodFilter::GET,
    }
}

impl Operation {
    /// The operation that a method and a route's template mean; `HEAD` means `GET`.
    pub fn find(method: &Method, path: &str) -> Option<&'static Self> {
        let method = if *method == Method::HEAD {
            "GET"
        } else {
            method.as_str()
        };
        OPERATIONS
            .iter()
            .find(|one| one.method == method && one.path == path)
    }
}
