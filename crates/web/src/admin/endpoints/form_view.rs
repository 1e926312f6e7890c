//! The endpoint form as its template needs it: values kept, errors at their fields, the catalogue with what is chosen.

use std::fmt;

use askama::Template;
use tollgate_models::api_keys::ApiKey;
use tollgate_stripe_client::catalogue::API_VERSIONS;

use super::Notice;
use super::chooser::Chooser;
use crate::admin::guard::sentence;
use crate::admin::layout::Layout;
use crate::admin::parts::Choice;
use crate::endpoints::{Kind, Refusal, VALIDATIONS};

/// What stands in the fields, right or wrong.
#[derive(Clone, Debug, Default)]
pub(in crate::admin) struct Entered {
    pub(in crate::admin) uuid: String,
    pub(in crate::admin) kind: Kind,
    pub(in crate::admin) api_key_id: String,
    pub(in crate::admin) live: bool,
    pub(in crate::admin) base_url: String,
    pub(in crate::admin) description: String,
    pub(in crate::admin) all_events: bool,
    /// Chosen types of snapshot events.
    pub(in crate::admin) events: Vec<String>,
    /// Chosen types of thin events.
    pub(in crate::admin) thin_events: Vec<String>,
    /// Types of thin events that were written, with commas between them.
    pub(in crate::admin) other_thin_events: String,
    /// Types and families answered after their handlers, with commas between them.
    pub(in crate::admin) inline_events: String,
    pub(in crate::admin) api_version: String,
    pub(in crate::admin) connect: bool,
    pub(in crate::admin) tolerance: String,
    pub(in crate::admin) validation: String,
}

/// Something that was refused, and the field that the message leads to.
pub(in crate::admin) struct RefusalRow {
    field: &'static str,
    message: String,
}

/// A kind of endpoint to choose.
pub(in crate::admin) struct KindChoice {
    value: &'static str,
    label: &'static str,
    hint: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "admin/endpoint_form.html")]
pub(in crate::admin) struct EndpointForm {
    layout: Layout,
    is_new: bool,
    intro: &'static str,
    notices: Vec<Notice>,
    refusals: Vec<RefusalRow>,
    action: String,
    uuid: String,
    form: Entered,
    url_preview: String,
    kinds: Vec<KindChoice>,
    keys: Vec<Choice>,
    versions: Vec<Choice>,
    validations: Vec<Choice>,
    choosers: Vec<Chooser>,
    verb: &'static str,
    back: String,
}

/// Markup out of our own words only.
struct Markup(String);

impl askama::filters::HtmlSafe for Markup {}

impl fmt::Display for Markup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Template)]
#[template(source = "<span class=\"error\" id=\"error-{{ field }}\">{{ message }}</span>", ext = "html")]
struct FieldError<'a> {
    field: &'static str,
    message: &'a str,
}

impl EndpointForm {
    /// The attributes of a field that was refused.
    fn invalid(&self, field: &str) -> Markup {
        let refused = self.refusals.iter().find(|refusal| refusal.field == field);
        let attributes =
            refused.map(|refusal| format!(" aria-invalid=\"true\" aria-describedby=\"error-{}\"", refusal.field));
        Markup(attributes.unwrap_or_default())
    }

    /// The message at a field that was refused.
    fn error(&self, field: &str) -> Markup {
        let refused = self.refusals.iter().find(|refusal| refusal.field == field);
        let error = refused.map(|refusal| FieldError { field: refusal.field, message: &refusal.message });
        Markup(error.map(|error| error.to_string()).unwrap_or_default())
    }

    pub(in crate::admin) fn new(layout: Layout, form: Entered, keys: &[ApiKey], refusals: &[Refusal]) -> Self {
        Self {
            is_new: true,
            intro: "Tollgate checks everything here first, then makes the endpoint on Stripe and stores its secret.",
            action: "/admin/endpoints".to_owned(),
            verb: "Create on Stripe",
            back: "/admin/endpoints".to_owned(),
            choosers: vec![
                Chooser::of_snapshots(&form.events).with_class("for-snapshots"),
                Chooser::of_thin_events(&form.thin_events, &form.other_thin_events).with_class("for-thin"),
            ],
            ..Self::build(layout, form, keys, refusals)
        }
    }

    pub(in crate::admin) fn edit(layout: Layout, form: Entered, notices: Vec<Notice>, refusals: &[Refusal]) -> Self {
        let base = super::address(&form.uuid);
        Self {
            is_new: false,
            intro: "Changed on Stripe first, then here. Kind, mode, account, API version and Connect cannot be changed: make a new endpoint.",
            choosers: vec![if form.kind.is_thin() {
                Chooser::of_thin_events(&form.thin_events, &form.other_thin_events)
            } else {
                Chooser::of_snapshots(&form.events)
            }],
            notices,
            action: format!("{base}/edit"),
            verb: "Save on Stripe",
            back: base,
            ..Self::build(layout, form, &[], refusals)
        }
    }

    fn build(layout: Layout, form: Entered, keys: &[ApiKey], refusals: &[Refusal]) -> Self {
        let base = form.base_url.trim().trim_end_matches('/');
        let base = if base.is_empty() { "https://…" } else { base };
        Self {
            layout,
            is_new: true,
            intro: "",
            notices: Vec::new(),
            refusals: refusals.iter().map(refusal_row).collect(),
            action: String::new(),
            uuid: form.uuid.clone(),
            url_preview: format!("{base}/stripe/webhooks/{}", form.uuid),
            kinds: kinds(form.kind),
            keys: keys.iter().map(|key| key_choice(key, &form.api_key_id)).collect(),
            versions: versions(&form.api_version),
            validations: validations(&form.validation),
            choosers: Vec::new(),
            verb: "",
            back: String::new(),
            form,
        }
    }
}

fn refusal_row(refusal: &Refusal) -> RefusalRow {
    RefusalRow { field: refusal.field.map_or("", |field| field.name()), message: sentence(&refusal.message) }
}

fn key_choice(key: &ApiKey, chosen: &str) -> Choice {
    let mode = if key.livemode { "live" } else { "test" };
    let account = key.account_name.as_deref().or(key.account.as_deref()).unwrap_or("account not told");
    let value = key.id.to_string();
    Choice { chosen: value == chosen, label: format!("{account}: {} ({mode}, {})", key.name, key.masked), value }
}

fn versions(chosen: &str) -> Vec<Choice> {
    let default = Choice { value: String::new(), label: "The account's default".to_owned(), chosen: chosen.is_empty() };
    let known = API_VERSIONS.iter().enumerate().map(|(position, version)| Choice {
        value: (*version).to_owned(),
        label: if position == 0 { format!("{version} (recommended)") } else { (*version).to_owned() },
        chosen: *version == chosen,
    });
    known.chain(std::iter::once(default)).collect()
}

fn validations(chosen: &str) -> Vec<Choice> {
    let choice = |(validation, label): &(tollgate_models::endpoints::Validation, &str)| Choice {
        value: validation.as_str().to_owned(),
        label: (*label).to_owned(),
        chosen: validation.as_str() == chosen,
    };
    VALIDATIONS.iter().map(choice).collect()
}

fn kinds(chosen: Kind) -> Vec<KindChoice> {
    let hint = |kind| match kind {
        Kind::WebhookEndpoint => "Version 1 of Stripe's API; an event carries its object as it was",
        Kind::SnapshotDestination => "The same events, by version 2 of Stripe's API",
        Kind::ThinDestination => {
            "Stripe's recommendation for new integrations: an event only names its object, and Tollgate fetches it before \
             handlers run"
        }
    };
    let choice =
        |kind: Kind| KindChoice { value: kind.as_str(), label: kind.label(), hint: hint(kind), chosen: kind == chosen };
    Kind::ALL.map(choice).into()
}
