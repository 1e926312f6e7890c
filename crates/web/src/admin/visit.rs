//! One request to the admin: who asks, when, in which theme, and with which token for forms.

use std::rc::Rc;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{LOCATION, SET_COOKIE};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use tollgate_models::sessions::Session;
use tollgate_models::users::User;
use uuid::Uuid;

use super::cookies::Cookie;
use super::csrf;
use super::flash::{self, Flash};
use super::layout::{Layout, Section};
use super::session;
use super::theme::Theme;
use crate::users::random_token;
use crate::{Error, Tollgate};

/// What is known about a request before its page is made.
pub(super) struct Visit {
    pub(super) tollgate: Tollgate,
    /// In unix milliseconds.
    pub(super) now: i64,
    /// Names the request on error pages and in the log.
    pub(super) id: String,
    /// Path and query.
    pub(super) path: String,
    /// The session and its user.
    pub(super) signed_in: Option<(Session, User)>,
    /// The session's token, if the browser sent one, good or not.
    session_token: Option<String>,
    visitor_token: String,
    /// Whether the browser has to be given the visitor's token.
    pub(super) visitor_is_new: bool,
    pub(super) flash: Option<Flash>,
    theme: Theme,
}

impl Visit {
    /// Looks at a request; with the session that its cookie names.
    pub(super) async fn begin(request: &ServiceRequest, tollgate: &Tollgate) -> Result<Self, Error> {
        let mut visit = Self::anonymous(request, tollgate);
        if let Some(token) = &visit.session_token {
            visit.signed_in = session::find(tollgate, token, visit.now).await?;
        }
        Ok(visit)
    }

    /// Looks at a request without asking the database.
    pub(super) fn anonymous(request: &ServiceRequest, tollgate: &Tollgate) -> Self {
        let config = tollgate.config();
        let cookie = |cookie: Cookie| cookie.read(request.headers(), config);
        let visitor = cookie(Cookie::Visitor);
        Self {
            tollgate: tollgate.clone(),
            now: tollgate.clock().now_millis(),
            id: Uuid::new_v4().simple().to_string()[..12].to_owned(),
            path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            signed_in: None,
            session_token: cookie(Cookie::Session),
            visitor_is_new: visitor.is_none(),
            visitor_token: visitor.unwrap_or_else(random_token),
            flash: cookie(Cookie::Flash).and_then(|value| Flash::open(&value, tollgate.keyring())),
            theme: cookie(Cookie::Theme).and_then(|value| Theme::parse(&value)).unwrap_or_default(),
        }
    }

    /// The visit that a request belongs to.
    pub(super) fn of(request: &HttpRequest) -> Result<Rc<Self>, Error> {
        let found = request.extensions().get::<Rc<Self>>().cloned();
        found.ok_or_else(|| Error::internal("a page of the admin stands outside its guard"))
    }

    /// The token that a form of the sign-in page must carry.
    pub(super) fn visitor_csrf(&self) -> String {
        csrf::token(self.tollgate.keyring(), &self.visitor_token)
    }

    /// The token that every other form must carry; none without a session cookie.
    pub(super) fn session_csrf(&self) -> Option<String> {
        self.session_token.as_deref().map(|token| csrf::token(self.tollgate.keyring(), token))
    }

    /// The `Set-Cookie` header that gives the browser its visitor's token.
    pub(super) fn visitor_cookie(&self) -> String {
        Cookie::Visitor.set(&self.visitor_token, None, self.tollgate.config())
    }

    /// What every page shows around its content.
    pub(super) fn layout(&self, section: Section, title: impl Into<String>) -> Layout {
        let user = self.signed_in.as_ref().map(|(_, user)| user);
        Layout {
            title: title.into(),
            section,
            email: user.map(|user| user.email.clone()).unwrap_or_default(),
            role: user.map(|user| user.role),
            csrf: if user.is_some() { self.session_csrf().unwrap_or_default() } else { self.visitor_csrf() },
            flash: self.flash.clone(),
            theme: self.theme,
            path: self.path.clone(),
        }
    }

    /// Leads the browser to another page.
    pub(super) fn redirect(&self, to: &str) -> HttpResponse {
        HttpResponse::SeeOther().insert_header((LOCATION, to)).finish()
    }

    /// Leads the browser to another page, which shows a message.
    pub(super) fn redirect_with(&self, to: &str, flash: &Flash) -> HttpResponse {
        let cookie =
            Cookie::Flash.set(&flash.seal(self.tollgate.keyring()), Some(flash::MAX_AGE), self.tollgate.config());
        HttpResponse::SeeOther().insert_header((LOCATION, to)).append_header((SET_COOKIE, cookie)).finish()
    }
}

/// The path to go to after a sign-in or a change of theme, if it is one of ours; else the dashboard.
pub(super) fn local_path(path: &str) -> &str {
    let inside = path.strip_prefix("/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    let harmless = path.chars().all(|c| c.is_ascii_graphic() && c != '\\') && !path.starts_with("/admin/sign-");
    if inside && harmless { path } else { "/admin" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_sign_in_nobody_is_led_elsewhere() {
        for path in ["/admin", "/admin/events?status=dead", "/admin?x=1"] {
            assert_eq!(local_path(path), path);
        }
        for path in [
            "",
            "//evil.example",
            "https://evil.example",
            "/admin@evil.example",
            "/adminevil",
            "/admin/\\x",
            "/admin/sign-in",
            "/admin/a\r\nb",
        ] {
            assert_eq!(local_path(path), "/admin", "{path}");
        }
    }
}
