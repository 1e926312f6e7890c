//! The endpoint form as its template needs it: values kept, errors at their fields, the catalogue with what is chosen.

use std::collections::HashSet;
use std::fmt;

use askama::Template;
use tollgate_models::api_keys::ApiKey;
use tollgate_stripe_client::catalogue::{self, API_VERSIONS, PRESETS};

use super::Notice;
use crate::admin::guard::sentence;
use crate::admin::layout::Layout;
use crate::admin::parts::Choice;
use crate::endpoints::{Refusal, VALIDATIONS};

/// What stands in the fields, right or wrong.
#[derive(Clone, Debug, Default)]
pub(in crate::admin) struct Entered {
    pub(in crate::admin) uuid: String,
    pub(in crate::admin) api_key_id: String,
    pub(in crate::admin) live: bool,
    pub(in crate::admin) base_url: String,
    pub(in crate::admin) description: String,
    pub(in crate::admin) all_events: bool,
    pub(in crate::admin) events: Vec<String>,
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

pub(in crate::admin) struct PresetButton {
    name: &'static str,
    types: String,
}

pub(in crate::admin) struct TypeBox {
    name: String,
    chosen: bool,
    waits: bool,
}

pub(in crate::admin) struct FamilyBox {
    /// The group, at the first family of each.
    heading: &'static str,
    name: String,
    count: String,
    open: bool,
    types: Vec<TypeBox>,
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
    keys: Vec<Choice>,
    versions: Vec<Choice>,
    validations: Vec<Choice>,
    presets: Vec<PresetButton>,
    families: Vec<FamilyBox>,
    type_count: usize,
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
            ..Self::build(layout, form, keys, refusals)
        }
    }

    pub(in crate::admin) fn edit(layout: Layout, form: Entered, notices: Vec<Notice>, refusals: &[Refusal]) -> Self {
        let base = super::address(&form.uuid);
        Self {
            is_new: false,
            intro: "Changed on Stripe first, then here. Mode, account, API version and Connect cannot be changed: make a new endpoint.",
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
            keys: keys.iter().map(|key| key_choice(key, &form.api_key_id)).collect(),
            versions: versions(&form.api_version),
            validations: validations(&form.validation),
            presets: PRESETS
                .iter()
                .map(|preset| PresetButton { name: preset.name, types: preset.types.join(" ") })
                .collect(),
            families: families(&form.events),
            type_count: catalogue::types().count(),
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

fn families(chosen: &[String]) -> Vec<FamilyBox> {
    let chosen: HashSet<&str> = chosen.iter().map(String::as_str).collect();
    let mut group = "";
    let mut boxes: Vec<FamilyBox> = Vec::new();
    for family in catalogue::families() {
        let types: Vec<TypeBox> = family.types.iter().map(|name| type_box(name, &chosen)).collect();
        let heading = if family.group == group { "" } else { family.group };
        group = family.group;
        boxes.push(family_box(heading, family.name, types));
    }
    // What Stripe has and the catalogue does not know yet stays chosen.
    let unknown = chosen.iter().filter(|name| **name != "*" && !catalogue::is_known(name));
    let unknown: Vec<TypeBox> = unknown.map(|name| type_box(name, &chosen)).collect();
    if !unknown.is_empty() {
        boxes.push(family_box("Not in the catalogue", "other", unknown));
    }
    boxes
}

fn family_box(heading: &'static str, name: &str, types: Vec<TypeBox>) -> FamilyBox {
    let ticked = types.iter().filter(|type_| type_.chosen).count();
    let count = if ticked == 0 { types.len().to_string() } else { format!("{ticked} of {}", types.len()) };
    FamilyBox { heading, name: name.to_owned(), count, open: ticked > 0, types }
}

fn type_box(name: &str, chosen: &HashSet<&str>) -> TypeBox {
    TypeBox { chosen: chosen.contains(name), waits: catalogue::waits_for_answer(name), name: name.to_owned() }
}
