//! The web console: pages over the director's read model, for people who look after a running production.
//!
//! Pages are HTML that is complete without a script: everything can be read, linked to and searched. What changes
//! something, and what follows a production while it is looked at, is done by the scripts in `assets/` over the API, with
//! the rights of whoever is logged in: the console can do nothing that `/api/v1` cannot. A page is a file in `pages/` and a
//! template of the same name in `templates/`; [`html`] has the small pieces, [`frame`] what is around every page, [`live`] what
//! changes in one while it is looked at.

mod assets;
mod frame;
mod html;
mod live;
mod pages;

use std::sync::{Arc, OnceLock};

pub(crate) use pages::trace_picture;

use crate::director::Role;
use crate::director::http::Route;
use crate::picture::live::LivePicture;

/// The picture of the production, laid out when it is first looked at.
type Drawn = Arc<OnceLock<LivePicture>>;

/// The pages, for the one table of routes: [`HttpOptions::pages`](crate::director::http::HttpOptions::pages).
#[must_use]
pub fn routes() -> Vec<Route> {
    let drawn = Drawn::default();
    let mut routes = vec![
        Route::open_get("/assets/{file}", assets::asset),
        Route::get("/", Role::Viewer, {
            let drawn = Arc::clone(&drawn);
            move |visit, query| pages::production::production(visit, query, drawn)
        }),
    ];
    routes.extend(pages::routes(&Arc::default()));
    routes
}
