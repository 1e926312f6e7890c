//! The HTML admin.

use actix_web::web;

/// Registers the admin's routes in its scope.
pub(crate) fn configure(_routes: &mut web::ServiceConfig) {}
