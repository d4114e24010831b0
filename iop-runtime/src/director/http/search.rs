//! Searches and jobs over HTTP.

use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Failure;
use super::operator::answer;
use super::routes::{Asked, Changed, changed, read};
use super::table::Route;
use crate::director::{By, Job, JobAct, JobPlan, PageOf, Role, SavedSearch, SearchPage, SuspendedGroups};
use crate::search;
use crate::store::{Counted, JobLine};

/// Messages in one answer, at most.
const LONGEST_PAGE: usize = 1000;

/// The calls of this file.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/search", Role::Viewer, find)
            .says("Finds messages by a query.", &["q", "after", "limit", "oldest_first"])
            .gives::<SearchPage>(),
        Route::get("/api/v1/search/count", Role::Viewer, count)
            .says("How many messages a query finds.", &["q"])
            .gives::<Counted>(),
        Route::get("/api/v1/search/suggest", Role::Viewer, suggest)
            .says("How a query may go on.", &["q", "at"])
            .gives::<Vec<search::Suggestion>>(),
        Route::get("/api/v1/suspended", Role::Viewer, suspended)
            .says("What is suspended, in groups of one cause.", &[])
            .gives::<SuspendedGroups>(),
        Route::get("/api/v1/searches", Role::Viewer, searches)
            .says("The searches that are kept under a name.", &[])
            .gives::<Vec<SavedSearch>>(),
        Route::put("/api/v1/searches/{name}", Role::Operator, save_search)
            .says("Keeps a search under a name.", &["q", "by"])
            .gives::<SavedSearch>(),
        Route::delete("/api/v1/searches/{name}", Role::Operator, delete_search)
            .says("Forgets a search that was kept.", &["by"])
            .gives::<Changed>(),
        Route::get("/api/v1/jobs", Role::Viewer, jobs).says("Every job.", &["below"]).gives::<Vec<Job>>(),
        Route::post("/api/v1/jobs", Role::Operator, preview)
            .says("Looks at what a job would do, before it is started.", &[])
            .takes::<Plan>()
            .gives::<Job>(),
        Route::get("/api/v1/jobs/{number}", Role::Viewer, job).says("A job, and how far it is.", &[]).gives::<Job>(),
        Route::get("/api/v1/jobs/{number}/messages", Role::Viewer, lines)
            .says("What came of each message of a job.", &["after"])
            .gives::<Lines>(),
        Route::post("/api/v1/jobs/{number}/start", Role::Operator, start)
            .says("Starts a job that was looked at.", &["token"])
            .gives::<Job>(),
        Route::post("/api/v1/jobs/{number}/pause", Role::Operator, pause).says("Has a job wait.", &[]).gives::<Job>(),
        Route::post("/api/v1/jobs/{number}/continue", Role::Operator, go_on)
            .says("Has a job that waits go on.", &[])
            .gives::<Job>(),
        Route::post("/api/v1/jobs/{number}/abort", Role::Operator, abort)
            .says("Ends a job; what it has done stays done.", &[])
            .gives::<Job>(),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct What {
    #[serde(default)]
    q: String,
    after: Option<u64>,
    limit: Option<usize>,
    #[serde(default)]
    oldest_first: bool,
}

/// The query; whoever may not read bodies may not ask for what is in them.
pub(super) fn parsed(asked: &Asked, text: &str) -> Result<search::Query, Box<Response>> {
    let query = search::parse(text).map_err(|error| Box::new(Failure::from(error).into_response()))?;
    if query.reads_bodies() && asked.caller.role < Role::Reader {
        let problem = "`text:` looks into bodies, which the role viewer may not";
        return Err(Box::new(Failure::new(StatusCode::FORBIDDEN, problem).into_response()));
    }
    Ok(query)
}

async fn find(asked: Asked, Query(what): Query<What>) -> Response {
    let limit = what.limit.unwrap_or(0).min(LONGEST_PAGE);
    let page = PageOf { after: what.after, limit, oldest_first: what.oldest_first };
    match parsed(&asked, &what.q) {
        Ok(query) => answer(asked.director.search(&query, page).await),
        Err(response) => *response,
    }
}

async fn count(asked: Asked, Query(what): Query<What>) -> Response {
    match parsed(&asked, &what.q) {
        Ok(query) => answer(asked.director.count(&query).await),
        Err(response) => *response,
    }
}

#[derive(Debug, Deserialize)]
struct WhereIs {
    #[serde(default)]
    q: String,
    /// The cursor in bytes; the end, where it is left out.
    at: Option<usize>,
}

async fn suggest(asked: Asked, Query(place): Query<WhereIs>) -> Response {
    answer(asked.director.suggest(&place.q, place.at.unwrap_or(place.q.len())).await)
}

async fn suspended(asked: Asked) -> Response {
    answer(asked.director.suspended().await)
}

async fn searches(asked: Asked) -> Response {
    answer(asked.director.saved_searches().await)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    #[serde(default)]
    q: String,
    by: Option<String>,
}

async fn save_search(asked: Asked, Path(name): Path<String>, Query(kept): Query<Kept>) -> Response {
    match parsed(&asked, &kept.q) {
        Ok(query) => {
            let by = asked.caller.in_the_name_of(kept.by.as_deref());
            answer(asked.director.save_search(&name, &query, by).await)
        }
        Err(response) => *response,
    }
}

async fn delete_search(asked: Asked, Path(name): Path<String>, Query(kept): Query<Kept>) -> Response {
    let by = asked.caller.in_the_name_of(kept.by.as_deref());
    changed(asked.director.delete_search(&name, by).await)
}

/// A job that is to be looked at.
#[derive(Debug, Deserialize, JsonSchema)]
struct Plan {
    #[serde(flatten)]
    act: JobAct,
    /// To which messages.
    query: String,
    /// At most so many in a second.
    per_second: Option<u32>,
    /// Also to those that were resent already.
    #[serde(default)]
    force: bool,
    /// Why; a discard has to say it.
    reason: Option<String>,
    /// In whose name.
    by: Option<String>,
}

async fn preview(asked: Asked, request: Request) -> Response {
    let body = match read(request.into_body(), asked.patience).await {
        Ok(body) => body,
        Err(failure) => return failure.into_response(),
    };
    let plan: Plan = match serde_json::from_slice(&body) {
        Ok(plan) => plan,
        Err(error) => {
            let problem =
                format!("the body is no job such as {{\"act\":\"resend\",\"query\":\"status:error\"}}: {error}");
            return Failure::new(StatusCode::UNPROCESSABLE_ENTITY, problem).into_response();
        }
    };
    let query = match parsed(&asked, &plan.query) {
        Ok(query) => query,
        Err(response) => return *response,
    };
    let by = By::new(asked.caller.in_the_name_of(plan.by.as_deref())).because(plan.reason.as_deref().unwrap_or(""));
    let plan = JobPlan { act: plan.act, query, per_second: plan.per_second, force: plan.force, by };
    answer(asked.director.preview_job(plan).await)
}

#[derive(Debug, Deserialize)]
struct WhichJobs {
    below: Option<u64>,
}

async fn jobs(asked: Asked, Query(which): Query<WhichJobs>) -> Response {
    // Who may only look is not handed what starts a job.
    let hidden = |job: Job| if asked.caller.role < Role::Operator { Job { token: String::new(), ..job } } else { job };
    let jobs = asked.director.jobs(which.below).await;
    answer(jobs.map(|jobs| jobs.into_iter().map(hidden).collect::<Vec<_>>()))
}

async fn job(asked: Asked, Path(number): Path<u64>) -> Response {
    let hidden = |job: Job| if asked.caller.role < Role::Operator { Job { token: String::new(), ..job } } else { job };
    answer(asked.director.job(number).await.map(hidden))
}

#[derive(Debug, Deserialize)]
struct AfterPlace {
    #[serde(default)]
    after: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Lines {
    messages: Vec<JobLine>,
}

async fn lines(asked: Asked, Path(number): Path<u64>, Query(page): Query<AfterPlace>) -> Response {
    answer(asked.director.job_lines(number, page.after).await.map(|messages| Lines { messages }))
}

#[derive(Debug, Deserialize)]
struct Seen {
    token: String,
}

async fn start(asked: Asked, Path(number): Path<u64>, Query(seen): Query<Seen>) -> Response {
    answer(asked.director.start_job(number, &seen.token).await)
}

async fn pause(asked: Asked, Path(number): Path<u64>) -> Response {
    answer(asked.director.pause_job(number).await)
}

async fn go_on(asked: Asked, Path(number): Path<u64>) -> Response {
    answer(asked.director.continue_job(number).await)
}

async fn abort(asked: Asked, Path(number): Path<u64>) -> Response {
    answer(asked.director.abort_job(number).await)
}
