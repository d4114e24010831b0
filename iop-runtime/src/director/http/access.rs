//! Who may call: by which name they came, who they are, and whether a page of somebody else made them do it.
//!
//! The order matters: the name first, before anything is routed; then who it is; then, for what changes something, where the
//! request comes from. Nothing of a body is read before.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::answer::Failure;
use super::attempts::{Attempts, Failed};
use super::routes::Behind;
use super::sessions::{Sessions, Whose};
use super::users::UserFile;
use crate::director::{Act, Actor, By, CallOrigin, Caller, Director, Role};

/// Says that a request comes from a script of ours: no page of somebody else can send it without asking, and nobody is
/// allowed.
pub const CSRF: HeaderName = HeaderName::from_static("x-iop-csrf");

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What callers present as `Authorization: Bearer …`. Compared in constant time, shown by [`expose`](Self::expose)
/// alone.
#[derive(Clone)]
pub struct Token {
    text: String,
    hash: blake3::Hash,
}

impl Token {
    /// Nobody has seen it yet: 244 random bits of the operating system.
    pub(super) fn random() -> Self {
        Self::new(format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple()))
    }

    pub(super) fn new(text: String) -> Self {
        let hash = blake3::hash(text.as_bytes());
        Self { text, hash }
    }

    /// The text, for whoever may know it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    pub(super) fn hash(&self) -> &blake3::Hash {
        &self.hash
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// Everything that decides who is let in.
#[derive(Debug)]
pub(super) struct Gate {
    /// Of the store; whoever has it is an admin.
    pub(super) token: Token,
    pub(super) users: Option<UserFile>,
    pub(super) sessions: Sessions,
    pub(super) attempts: Attempts,
    /// Names that the production answers to beside those of this machine.
    pub(super) names: Vec<String>,
    /// Cookies know no ports: productions beside each other must not take each other's.
    pub(super) port: u16,
    /// Everything goes over TLS.
    pub(super) secure: bool,
}

impl Gate {
    /// Whose token it is.
    pub(super) fn whose(&self, token: &str) -> Option<Whose> {
        // Hashes are compared in constant time, and of equal length whatever is presented.
        let hash = blake3::hash(token.as_bytes());
        if hash == self.token.hash {
            return Some(Whose::Store);
        }
        self.users.as_ref()?.with_token(&hash).map(Whose::User)
    }

    fn caller(&self, whose: Whose, origin: CallOrigin) -> Option<Caller> {
        match whose {
            Whose::Store => Some(Caller { name: Arc::from("http-token"), role: Role::Admin, origin }),
            Whose::User(user) => {
                let user = self.users.as_ref()?.still(&user)?;
                Some(Caller { name: Arc::from(user.name.as_str()), role: user.role, origin })
            }
        }
    }

    fn cookie_name(&self) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}iop-{}", self.port)
    }

    /// The cookie that stands for a session.
    pub(super) fn cookie(&self, session: &str) -> HeaderValue {
        self.set_cookie(session, "")
    }

    /// The cookie that takes it away again.
    pub(super) fn no_cookie(&self) -> HeaderValue {
        self.set_cookie("", "; Max-Age=0")
    }

    fn set_cookie(&self, value: &str, more: &str) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}", self.cookie_name());
        // Names and values are letters, digits and hyphens.
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }

    /// The session that a request names.
    pub(super) fn session_name<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let name = self.cookie_name();
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// Refuses an address that has presented too many wrong credentials.
    pub(super) fn listens_to(&self, origin: CallOrigin) -> Result<(), Failure> {
        match self.attempts.locked(address_of(origin)) {
            None => Ok(()),
            Some(left) => {
                let problem = format!("too many wrong tokens came from here; try again in {} s", left.as_secs() + 1);
                Err(Failure::new(StatusCode::TOO_MANY_REQUESTS, problem))
            }
        }
    }

    /// Puts a wrong credential on record, as long as there are not too many.
    pub(super) async fn refused(&self, director: &Director, origin: CallOrigin) -> Failure {
        let result = match self.attempts.failed(address_of(origin)) {
            Failed::Silent => return unknown_caller(),
            Failed::Noted => "refused",
            Failed::Locked => "refused; the address has failed too often, more is not noted for a while",
        };
        let director = director.acting_as(Actor::new("somebody", "none", origin.to_string()));
        let act = Act::new("login", "HTTP entrance").by(By::new("somebody")).came_to(result);
        if let Err(error) = director.record(act).await {
            tracing::warn!(%error, "A refused login could not be put on record.");
        }
        unknown_caller()
    }

    /// Whether a name, with or without a port, is one of ours.
    fn answers_to(&self, name: &str) -> bool {
        let name = without_port(name);
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        name.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.is_loopback())
            || self.has_the_name(name)
    }

    /// Whether a name, with or without a port, is one that was given to this production.
    pub(super) fn has_the_name(&self, name: &str) -> bool {
        self.names.iter().any(|ours| ours.eq_ignore_ascii_case(without_port(name)))
    }
}

fn address_of(origin: CallOrigin) -> IpAddr {
    match origin {
        CallOrigin::Network(address) => address,
        CallOrigin::Process | CallOrigin::Socket => Ipv4Addr::LOCALHOST.into(),
    }
}

/// Where a request comes from, as the accept loop has noted it.
pub(super) fn origin_of(extensions: &Extensions) -> CallOrigin {
    let noted = extensions.get::<CallOrigin>().copied();
    noted.unwrap_or(CallOrigin::Network(Ipv4Addr::UNSPECIFIED.into()))
}

/// Refuses who came by a foreign name: a web page may have its own name point to this machine, but cannot change the
/// name that the browser sends.
pub(super) async fn by_our_name(State(behind): State<Behind>, request: Request, next: Next) -> Response {
    let mut names = request.headers().get_all(header::HOST).iter();
    let name = match (names.next().and_then(|name| name.to_str().ok()), names.next()) {
        (Some(name), None) => name,
        _ => "",
    };
    if behind.gate.answers_to(name) {
        return next.run(request).await;
    }
    let problem = "this entrance answers to localhost, to loopback addresses and to the names in `iop.http_names` only";
    Failure::new(StatusCode::MISDIRECTED_REQUEST, problem).into_response()
}

/// How somebody has shown who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// The system says so.
    System,
    /// With a token, which no browser sends by itself.
    Token,
    /// With a cookie, which a browser sends whoever made it do so.
    Cookie,
}

/// Finds out who asks, and refuses what a page of somebody else may have made a browser do.
pub(super) async fn known(State(behind): State<Behind>, mut request: Request, next: Next) -> Response {
    let gate: &Gate = &behind.gate;
    let found = match who(gate, &behind.director, origin_of(request.extensions()), request.headers()).await {
        Ok(found) => found,
        Err(failure) => return failure.into_response(),
    };
    let shown = found.as_ref().map(|(_, shown)| *shown);
    if let Err(failure) = from_here(gate, &request, shown) {
        return failure.into_response();
    }
    if let Some((caller, _)) = found {
        request.extensions_mut().insert(caller);
    }
    // Routes that are open to everybody stand behind this as well.
    next.run(request).await
}

async fn who(
    gate: &Gate,
    director: &Director,
    origin: CallOrigin,
    headers: &HeaderMap,
) -> Result<Option<(Caller, Shown)>, Failure> {
    if origin == CallOrigin::Socket {
        let caller = Caller { name: Arc::from("local user"), role: Role::Admin, origin };
        return Ok(Some((caller, Shown::System)));
    }
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        gate.listens_to(origin)?;
        let token = value.to_str().ok().and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let caller = token.and_then(|token| gate.whose(token)).and_then(|whose| gate.caller(whose, origin));
        return match caller {
            Some(caller) => Ok(Some((caller, Shown::Token))),
            None => Err(gate.refused(director, origin).await),
        };
    }
    let whose = gate.session_name(headers).and_then(|session| gate.sessions.of(session));
    Ok(whose.and_then(|whose| gate.caller(whose, origin)).map(|caller| (caller, Shown::Cookie)))
}

/// Refuses what a browser says comes from elsewhere, and what changes something in the name of a cookie without the header
/// that only our own pages send.
fn from_here(gate: &Gate, request: &Request, shown: Option<Shown>) -> Result<(), Failure> {
    let (headers, path) = (request.headers(), request.uri().path());
    let shows = matches!(*request.method(), Method::GET | Method::HEAD);
    // Pages may be linked to; data and what changes something is for our own pages.
    if shows && !path.starts_with("/api/") {
        return Ok(());
    }
    let refuse = |problem: &str| Err(Failure::new(StatusCode::FORBIDDEN, problem));
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if text(&SEC_FETCH_SITE).is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return refuse("a page of another site made this request");
    }
    if let Some(origin) = text(&header::ORIGIN) {
        // A form of a page that tells nobody where it comes from says `null`, and the browser that it is ours.
        let form = origin == "null" && text(&SEC_FETCH_SITE) == Some("same-origin");
        let ours = form
            || origin.split_once("://").is_some_and(|(scheme, name)| {
                // Behind a proxy that takes TLS off, an origin is https while this entrance is not.
                (scheme == "https" || !gate.secure)
                    && gate.answers_to(name)
                    && text(&header::HOST).is_some_and(|host| host.eq_ignore_ascii_case(name))
            });
        if !ours {
            return refuse("a page of another origin made this request");
        }
    }
    // Whoever logs in has shown who they are with a token, whatever cookie they have.
    let logs_in = path == "/login";
    if !shows && !logs_in && shown == Some(Shown::Cookie) && !headers.contains_key(&CSRF) {
        return refuse("who changes something with a cookie sends the header `X-Iop-Csrf: 1`");
    }
    Ok(())
}

/// Whoever asks is nobody that is known here.
pub(super) fn unknown_caller() -> Failure {
    let problem = "present a token, for example that of the file `http-token` in the store: Authorization: Bearer …";
    Failure::new(StatusCode::UNAUTHORIZED, problem)
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // An IPv6 address has colons of its own, and stands in brackets where a port follows.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate {
            token: Token::random(),
            users: None,
            sessions: Sessions::default(),
            attempts: Attempts::default(),
            names: vec!["iop.example.org".to_owned()],
            port: 4100,
            secure: false,
        }
    }

    #[test]
    fn only_names_of_this_machine_and_those_that_were_given_are_ours() {
        let gate = gate();
        for name in ["localhost", "LOCALHOST:4100", "127.0.0.1", "127.0.0.1:80", "[::1]", "[::1]:4100", "127.0.0.2"] {
            assert!(gate.answers_to(name), "{name}");
        }
        assert!(gate.answers_to("iop.example.org:443") && gate.answers_to("IOP.example.org"));
        for name in ["example.com", "127.0.0.1.example.com", "localhost.example.com:4100", "192.168.0.1", "", "[::2]:1"]
        {
            assert!(!gate.answers_to(name), "{name}");
        }
    }

    #[test]
    fn a_token_is_equal_to_itself_alone_and_is_not_shown() {
        let gate = gate();
        assert_eq!(gate.whose(gate.token.expose()), Some(Whose::Store));
        assert_eq!(gate.whose(Token::random().expose()), None);
        assert_eq!(gate.whose(""), None);
        assert_eq!(gate.token.expose().len(), 64);
        assert_eq!(format!("{:?}", gate.token), "Token(***)");
    }

    #[test]
    fn a_cookie_is_for_this_port_and_scripts_do_not_see_it() {
        let plain = gate();
        assert_eq!(plain.cookie("abc"), "iop-4100=abc; Path=/; HttpOnly; SameSite=Strict");
        let secure = Gate { secure: true, ..gate() };
        assert_eq!(secure.cookie("abc"), "__Host-iop-4100=abc; Path=/; HttpOnly; SameSite=Strict; Secure");
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, HeaderValue::from_static("a=b; iop-4101=x; iop-4100=abc"));
        assert_eq!(plain.session_name(&headers), Some("abc"));
        assert_eq!(secure.session_name(&headers), None);
    }
}
