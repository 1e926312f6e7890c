//! What stands around the content of every page: title, navigation, who is signed in, theme, message.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use tollgate_models::users::Role;

use super::assets;
use super::flash::Flash;
use super::page_error::PageError;
use super::theme::Theme;

/// The part of the admin that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Dashboard,
    Events,
    Tasks,
    Replays,
    Deliveries,
    Endpoints,
    Handlers,
    Objects,
    Keys,
    Users,
    Audit,
    /// Something that is not in the navigation.
    Elsewhere,
}

/// The frame of a page.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) title: String,
    pub(super) section: Section,
    pub(super) email: String,
    pub(super) role: Option<Role>,
    pub(super) csrf: String,
    pub(super) flash: Option<Flash>,
    pub(super) theme: Theme,
    /// Path and query of this page, to come back to.
    pub(super) path: String,
}

/// Links under one heading.
pub(super) struct Group {
    pub(super) heading: &'static str,
    pub(super) items: Vec<Item>,
}

/// A link of the navigation.
pub(super) struct Item {
    pub(super) section: Section,
    pub(super) href: &'static str,
    pub(super) icon: &'static str,
    pub(super) label: &'static str,
}

const fn item(section: Section, href: &'static str, icon: &'static str, label: &'static str) -> Item {
    Item { section, href, icon, label }
}

impl Layout {
    /// The navigation, as far as the user's role reaches.
    pub(super) fn nav(&self) -> Vec<Group> {
        let webhooks = vec![
            item(Section::Events, "/admin/events", "events", "Events"),
            item(Section::Tasks, "/admin/tasks", "tasks", "Tasks"),
            item(Section::Replays, "/admin/replays", "again", "Replays"),
            item(Section::Deliveries, "/admin/deliveries", "deliveries", "Deliveries"),
            item(Section::Endpoints, "/admin/endpoints", "endpoints", "Endpoints"),
            item(Section::Handlers, "/admin/handlers", "handlers", "Handlers"),
        ];
        let mut settings = vec![item(Section::Keys, "/admin/keys", "keys", "Accounts and keys")];
        if self.role == Some(Role::Admin) {
            settings.push(item(Section::Users, "/admin/users", "users", "Users"));
        }
        settings.push(item(Section::Audit, "/admin/audit", "audit", "Audit log"));
        vec![
            Group { heading: "", items: vec![item(Section::Dashboard, "/admin", "dashboard", "Dashboard")] },
            Group { heading: "Webhooks", items: webhooks },
            Group { heading: "Data", items: vec![item(Section::Objects, "/admin/objects", "objects", "Objects")] },
            Group { heading: "Settings", items: settings },
        ]
    }

    pub(super) fn themes(&self) -> [Theme; 3] {
        Theme::ALL
    }

    pub(super) fn role_text(&self) -> &'static str {
        self.role.map_or("", Role::as_str)
    }

    pub(super) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}

/// A page as an answer.
pub(super) fn page(template: &impl Template) -> Result<HttpResponse, PageError> {
    page_with(StatusCode::OK, template)
}

/// A page as an answer with another status than 200.
pub(super) fn page_with(status: StatusCode, template: &impl Template) -> Result<HttpResponse, PageError> {
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").body(template.render()?))
}
