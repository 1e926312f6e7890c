//! Light, dark, or as the system is: kept in a cookie, so that it works without a script.

use actix_web::HttpResponse;
use actix_web::http::header::SET_COOKIE;

use super::cookies::Cookie;
use super::fields::Posted;
use super::page_error::PageError;
use super::roles::Viewer;
use super::visit::local_path;

/// A year, in seconds.
const KEPT: i64 = 365 * 86_400;

/// The chosen colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Theme {
    /// What the system prefers.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    pub(super) const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.value() == text)
    }

    pub(super) fn value(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The theme, unless it is the system's.
    pub(super) fn chosen(self) -> Option<&'static str> {
        (self != Self::System).then(|| self.value())
    }
}

/// `POST /admin/theme`
pub(super) async fn choose(viewer: Viewer, Posted(form): Posted) -> Result<HttpResponse, PageError> {
    let theme = Theme::parse(form.get("theme")).unwrap_or_default();
    let mut response = viewer.redirect(local_path(form.get("back")));
    let cookie = Cookie::Theme.set(theme.value(), Some(KEPT), viewer.tollgate.config());
    let cookie = actix_web::http::header::HeaderValue::from_str(&cookie).map_err(crate::Error::internal)?;
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}
