//! The permissions of a page, as arguments of its handler: a viewer, an operator or an admin.

use std::future::{Ready, ready};
use std::ops::Deref;
use std::rc::Rc;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::{FromRequest, HttpRequest};
use tollgate_models::sessions::Session;
use tollgate_models::users::{Role, User};

use super::page_error::PageError;
use super::session;
use super::visit::{Visit, local_path};
use crate::Error;
use crate::audit::Actor;

/// Somebody who is signed in, in any role.
pub(super) struct Viewer {
    visit: Rc<Visit>,
    /// The browser's session.
    pub(super) session: Session,
    /// Who it is.
    pub(super) user: User,
    ip: Option<String>,
}

/// Somebody who may look into payloads, replay, and manage endpoints.
pub(super) struct Operator(Viewer);

/// Somebody who may manage keys and see the users.
pub(super) struct Admin(Viewer);

impl Deref for Viewer {
    type Target = Visit;

    fn deref(&self) -> &Visit {
        &self.visit
    }
}

impl Deref for Operator {
    type Target = Viewer;

    fn deref(&self) -> &Viewer {
        &self.0
    }
}

impl Deref for Admin {
    type Target = Viewer;

    fn deref(&self) -> &Viewer {
        &self.0
    }
}

impl Viewer {
    /// Whether the user has at least this role.
    pub(super) fn may(&self, role: Role) -> bool {
        rank(self.user.role) >= rank(role)
    }

    /// Whom the audit log names.
    pub(super) fn actor(&self) -> Actor {
        Actor { name: self.user.email.clone(), ip: self.ip.clone() }
    }

    fn require(self, role: Role) -> Result<Self, PageError> {
        if self.may(role) {
            return Ok(self);
        }
        let text = format!("this takes the role {role}, and {} has the role {}", self.user.email, self.user.role);
        Err(Error::Forbidden(text).into())
    }

    fn read(request: &HttpRequest) -> Result<Self, PageError> {
        let visit = Visit::of(request)?;
        match visit.signed_in.clone() {
            Some((session, user)) => Ok(Self { ip: session::address(request), visit, session, user }),
            None if request.method() == Method::GET => {
                Err(PageError::SignIn { next: local_path(&visit.path).to_owned() })
            }
            None => Err(PageError::SignedOut),
        }
    }
}

fn rank(role: Role) -> usize {
    Role::ALL.iter().position(|known| *known == role).unwrap_or_default()
}

impl FromRequest for Viewer {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}

impl FromRequest for Operator {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Viewer::read(request).and_then(|viewer| viewer.require(Role::Operator)).map(Self))
    }
}

impl FromRequest for Admin {
    type Error = PageError;
    type Future = Ready<Result<Self, PageError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Viewer::read(request).and_then(|viewer| viewer.require(Role::Admin)).map(Self))
    }
}
