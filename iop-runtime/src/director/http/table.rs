//! The one table of routes: what can be asked, and who may. The router is made of it, and so is every list of the routes:
//! a route that is not here does not exist.
//!
//! The pages of the console are mounted here too. They are given to the entrance as [`HttpOptions::pages`]
//! (`console::routes`), a function that makes routes with the constructors below:
//!
//! ```text
//! pub(crate) fn routes() -> Vec<Route> {
//!     vec![
//!         Route::get("/", Role::Viewer, production),
//!         Route::get("/messages/{id}", Role::Viewer, message),
//!         Route::open_get("/assets/{file}", asset),
//!     ]
//! }
//!
//! async fn message(asked: Asked, Path(id): Path<MessageId>) -> Response {
//!     … asked.director.message(id, asked.caller.role.sight(false)).await …
//! }
//! ```
//!
//! [`Asked`](super::Asked) is who asks, and a director that acts in their name: what they do is in the audit log so.
//! A path is whole, beginning with `/`; those of the API begin with `/api/v1/`. A GET changes nothing: who may see a page
//! may be made to fetch it by any other page.
//!
//! [`HttpOptions::pages`]: super::HttpOptions::pages

use std::fmt;

use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use axum::{Extension, Router};
use schemars::JsonSchema;

use super::answer::Failure;
use super::gives::Gives;
use super::refusal::wants_a_page;
use super::routes::Behind;
use super::takes::Takes;
use crate::director::{Caller, Role};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody who reaches the entrance: nothing of the production may be seen or changed by it.
    Open,
    /// Who has this role, or one that may more.
    Least(Role),
}

impl Access {
    /// Whether somebody may; `None` stands for somebody that nobody knows.
    #[must_use]
    pub fn allows(self, role: Option<Role>) -> bool {
        match self {
            Self::Open => true,
            Self::Least(least) => role.is_some_and(|role| role >= least),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("open"),
            Self::Least(role) => role.fmt(f),
        }
    }
}

/// A route.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its method.
    pub method: Method,
    /// Its path, with `{name}` for what varies.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// What it does, for programs and in the document of the API; empty for pages.
    pub summary: &'static str,
    /// What may stand in its query.
    pub query: &'static [&'static str],
    /// What the body of a call is.
    pub(super) takes: Takes,
    /// What it answers.
    pub(super) gives: Gives,
    handler: MethodRouter<Behind>,
}

impl Route {
    fn new<H, T>(method: Method, filter: MethodFilter, path: &'static str, access: Access, handler: H) -> Self
    where
        H: Handler<T, Behind>,
        T: 'static,
    {
        let (takes, gives) = (Takes::default(), Gives::default());
        Self { method, path, access, summary: "", query: &[], takes, gives, handler: on(filter, handler) }
    }

    /// What it does, and what may stand in its query.
    #[must_use]
    pub(crate) fn says(self, summary: &'static str, query: &'static [&'static str]) -> Self {
        Self { summary, query, ..self }
    }

    /// What it takes: a message.
    #[must_use]
    pub(crate) fn takes_a_message(self) -> Self {
        Self { takes: Takes::Message { required: true }, ..self }
    }

    /// What it takes: a message, or nothing.
    #[must_use]
    pub(crate) fn may_take_a_message(self) -> Self {
        Self { takes: Takes::Message { required: false }, ..self }
    }

    /// What it takes: a value of this type.
    #[must_use]
    pub(crate) fn takes<T: JsonSchema>(self) -> Self {
        Self { takes: Takes::json::<T>(), ..self }
    }

    /// What it takes: lines with a value of this type each.
    #[must_use]
    pub(crate) fn takes_lines<T: JsonSchema>(self) -> Self {
        Self { takes: Takes::lines::<T>(), ..self }
    }

    /// What it takes: text.
    #[must_use]
    pub(crate) fn takes_text(self) -> Self {
        Self { takes: Takes::Text, ..self }
    }

    /// What it answers: a value of this type.
    #[must_use]
    pub(crate) fn gives<T: JsonSchema>(self) -> Self {
        Self { gives: Gives::json::<T>(), ..self }
    }

    /// What it answers beside, or instead: text of these kinds.
    #[must_use]
    pub(crate) fn gives_text(self, kinds: &'static [&'static str]) -> Self {
        Self { gives: self.gives.text(kinds), ..self }
    }

    /// It may have nothing to answer.
    #[must_use]
    pub(crate) fn gives_nothing(self) -> Self {
        Self { gives: self.gives.nothing(), ..self }
    }

    /// Shows something to anybody.
    pub(crate) fn open_get<H: Handler<T, Behind>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(Method::GET, MethodFilter::GET, path, Access::Open, handler)
    }

    /// Takes something from anybody; only logging in does.
    pub(crate) fn open_post<H: Handler<T, Behind>, T: 'static>(path: &'static str, handler: H) -> Self {
        Self::new(Method::POST, MethodFilter::POST, path, Access::Open, handler)
    }

    /// Shows something.
    pub(crate) fn get<H: Handler<T, Behind>, T: 'static>(path: &'static str, least: Role, handler: H) -> Self {
        Self::new(Method::GET, MethodFilter::GET, path, Access::Least(least), handler)
    }

    /// Does something.
    pub(crate) fn post<H: Handler<T, Behind>, T: 'static>(path: &'static str, least: Role, handler: H) -> Self {
        Self::new(Method::POST, MethodFilter::POST, path, Access::Least(least), handler)
    }

    /// Puts something in its place.
    pub(crate) fn put<H: Handler<T, Behind>, T: 'static>(path: &'static str, least: Role, handler: H) -> Self {
        Self::new(Method::PUT, MethodFilter::PUT, path, Access::Least(least), handler)
    }

    /// Removes something.
    pub(crate) fn delete<H: Handler<T, Behind>, T: 'static>(path: &'static str, least: Role, handler: H) -> Self {
        Self::new(Method::DELETE, MethodFilter::DELETE, path, Access::Least(least), handler)
    }
}

/// The router of a table. Every handler stands behind the role that its route asks for.
pub(super) fn router(routes: Vec<Route>) -> Router<Behind> {
    routes.into_iter().fold(Router::new(), |router, route| {
        router.route(route.path, route.handler.layer(from_fn_with_state(route.access, allowed)))
    })
}

/// Refuses who may not, before anything of a body is read. Who is known nobody of was refused before.
async fn allowed(
    State(access): State<Access>,
    caller: Option<Extension<Caller>>,
    request: Request,
    next: Next,
) -> Response {
    let role = caller.as_ref().map(|Extension(caller)| caller.role);
    if access.allows(role) {
        return next.run(request).await;
    }
    match role {
        // Somebody who looks at a page can log in there.
        None if wants_a_page(&request) => super::login::first(request.uri()).into_response(),
        None => super::access::unknown_caller().into_response(),
        Some(role) => {
            let problem = format!("this needs the role `{access}`, yours is `{role}`");
            Failure::new(StatusCode::FORBIDDEN, problem).into_response()
        }
    }
}
