//! Adding and changing an endpoint: the form, what was entered, and Stripe's errors back at their fields.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use tollgate_models::api_keys;
use tollgate_models::endpoints::{Endpoint, Status, Validation};
use tollgate_stripe_client::catalogue::{NEWEST, PRESETS};
use uuid::Uuid;

use super::chooser::{OTHERS, SNAPSHOT, THIN, as_thin};
use super::form_view::{EndpointForm, Entered};
use super::page::ask_stripe;
use super::{Notice, address};
use crate::Error;
use crate::admin::fields::{Fields, Posted};
use crate::admin::flash::Flash;
use crate::admin::layout::{Section, page_with};
use crate::admin::page_error::PageError;
use crate::admin::parts::name_of;
use crate::admin::roles::Operator;
use crate::admin::show::Tone;
use crate::endpoints::{self, Changes, Draft, EndpointError, Field, Kind, Refusal};

/// What follows the base in the URL of an endpoint.
const MOUNT: &str = "/stripe/webhooks/";

/// `GET /admin/endpoints/new`
pub(in crate::admin) async fn new(operator: Operator, request: HttpRequest) -> Result<HttpResponse, PageError> {
    let entered = Entered {
        uuid: Uuid::new_v4().to_string(),
        base_url: base_url(&operator, &request),
        all_events: true,
        api_version: NEWEST.to_owned(),
        tolerance: "300".to_owned(),
        validation: Validation::VerifySignature.as_str().to_owned(),
        ..Entered::default()
    };
    show_new(&operator, entered, &[]).await
}

/// The configured public URL, else what the browser calls this server.
fn base_url(operator: &Operator, request: &HttpRequest) -> String {
    if let Some(url) = &operator.tollgate.config().public_url {
        return url.as_str().trim_end_matches('/').to_owned();
    }
    let connection = request.connection_info();
    format!("{}://{}", connection.scheme(), connection.host())
}

async fn show_new(operator: &Operator, entered: Entered, refusals: &[Refusal]) -> Result<HttpResponse, PageError> {
    let keys = operator.tollgate.db().read(api_keys::list).await?;
    let layout = operator.layout(Section::Endpoints, "Add an endpoint");
    page_with(status(refusals), &EndpointForm::new(layout, entered, &keys, refusals))
}

fn status(refusals: &[Refusal]) -> StatusCode {
    if refusals.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY }
}

/// `POST /admin/endpoints`
pub(in crate::admin) async fn create(operator: Operator, Posted(form): Posted) -> Result<HttpResponse, PageError> {
    let entered = read(&form);
    if let Some(with_preset) = add_preset(&form, &entered) {
        return show_new(&operator, with_preset, &[]).await;
    }
    let draft = match draft(&form, &entered) {
        Ok(draft) => draft,
        Err(refusals) => return show_new(&operator, entered, &refusals).await,
    };
    match endpoints::create(&operator.tollgate, draft, &operator.actor()).await {
        Ok(endpoint) => {
            let flash = Flash::good("The endpoint is made on Stripe, and its secret is stored. Events can come.");
            Ok(operator.redirect_with(&address(&endpoint.uuid), &flash))
        }
        Err(EndpointError::Refused(refusals)) => show_new(&operator, entered, &refusals).await,
        Err(error @ EndpointError::Pending { .. }) => {
            Ok(operator.redirect_with(&address(&entered.uuid), &Flash::bad(error.to_string())))
        }
        Err(EndpointError::Other(error)) => Err(error.into()),
    }
}

fn read(form: &Fields) -> Entered {
    let owned = |name: &str| form.get(name).to_owned();
    Entered {
        uuid: owned("uuid"),
        kind: Kind::parse(form.get("kind")).unwrap_or_default(),
        api_key_id: owned("api_key_id"),
        live: form.get("mode") == "live",
        base_url: owned("base_url"),
        description: owned("description"),
        all_events: form.get("events_mode") == "all",
        events: form.all(SNAPSHOT).map(str::to_owned).collect(),
        thin_events: form.all(THIN).map(str::to_owned).collect(),
        other_thin_events: owned(OTHERS),
        inline_events: owned("inline_events"),
        api_version: owned("api_version"),
        connect: form.ticked("connect"),
        tolerance: owned("tolerance_seconds"),
        validation: owned("validation"),
    }
}

/// Without a script a preset's button posts the form, which comes back with the preset's types chosen.
fn add_preset(form: &Fields, entered: &Entered) -> Option<Entered> {
    let preset = PRESETS.iter().find(|preset| preset.name == form.get("preset"))?;
    let mut entered = entered.clone();
    entered.events.extend(preset.types.iter().map(|name| (*name).to_owned()));
    entered.thin_events.extend(as_thin(preset.types));
    Some(Entered { all_events: false, ..entered })
}

fn draft(form: &Fields, entered: &Entered) -> Result<Draft, Vec<Refusal>> {
    let mut refusals = Vec::new();
    let refused = |field, message: &str| Refusal { field: Some(field), message: message.to_owned() };
    let api_key_id = match entered.api_key_id.as_str() {
        "" => None,
        text => text.parse().map(Some).unwrap_or_else(|_| {
            refusals.push(refused(Field::Key, "choose one of the keys"));
            None
        }),
    };
    if form.some("kind").is_some_and(|text| Kind::parse(text).is_none()) {
        refusals.push(refused(Field::Kind, "choose one of the kinds"));
    }
    let (tolerance, validation) = (tolerance(entered), validation(entered));
    refusals.extend([tolerance.as_ref().err(), validation.as_ref().err()].into_iter().flatten().cloned());
    // The UUID is a hidden field: one that does not parse was not made by the form.
    let uuid = Uuid::try_parse(&entered.uuid);
    if uuid.is_err() {
        refusals.push(Refusal { field: None, message: "the form is damaged: open it again".to_owned() });
    }
    match (uuid, tolerance, validation) {
        (Ok(uuid), Ok(tolerance_seconds), Ok(validation)) if refusals.is_empty() => Ok(Draft {
            uuid,
            kind: entered.kind,
            api_key_id,
            livemode: entered.live,
            base_url: entered.base_url.clone(),
            description: entered.description.clone(),
            enabled_events: chosen(entered),
            inline_events: written(&entered.inline_events),
            api_version: Some(entered.api_version.clone()).filter(|version| !version.is_empty()),
            connect: entered.connect,
            tolerance_seconds,
            validation,
        }),
        _ => Err(refusals),
    }
}

fn chosen(entered: &Entered) -> Vec<String> {
    if entered.all_events {
        return vec!["*".to_owned()];
    }
    if !entered.kind.is_thin() {
        return entered.events.clone();
    }
    entered.thin_events.iter().cloned().chain(written(&entered.other_thin_events)).collect()
}

fn written(text: &str) -> Vec<String> {
    text.split(|c: char| c == ',' || c.is_whitespace()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn tolerance(entered: &Entered) -> Result<u32, Refusal> {
    let message = "the tolerance must be a whole number of seconds, for example 300".to_owned();
    entered.tolerance.parse().map_err(|_| Refusal { field: Some(Field::Tolerance), message })
}

fn validation(entered: &Entered) -> Result<Validation, Refusal> {
    let message = "choose how deliveries are validated".to_owned();
    Validation::parse(&entered.validation).ok_or(Refusal { field: Some(Field::Validation), message })
}

/// `GET /admin/endpoints/{uuid}/edit`
pub(in crate::admin) async fn edit(operator: Operator, uuid: web::Path<String>) -> Result<HttpResponse, PageError> {
    let (endpoint, unreachable) = ask_stripe(&operator.tollgate, &uuid).await?;
    if matches!(endpoint.status, Status::Pending | Status::Deleted) {
        return Err(Error::Conflict(format!("the endpoint is {} and cannot be changed", endpoint.status)).into());
    }
    let mut notices =
        vec![Notice { tone: Tone::Info, text: format!("At Stripe this endpoint is {}.", endpoint.status) }];
    if let Some(problem) = unreachable {
        notices = vec![Notice {
            tone: Tone::Warn,
            text: format!("Stripe could not be asked how this endpoint stands: {problem}"),
        }];
    }
    show_edit(&operator, &endpoint, entered_of(&endpoint), notices, &[])
}

fn show_edit(
    operator: &Operator,
    endpoint: &Endpoint,
    entered: Entered,
    notices: Vec<Notice>,
    refusals: &[Refusal],
) -> Result<HttpResponse, PageError> {
    let layout = operator.layout(Section::Endpoints, format!("Edit {}", name_of(endpoint)));
    page_with(status(refusals), &EndpointForm::edit(layout, entered, notices, refusals))
}

pub(in crate::admin) fn entered_of(endpoint: &Endpoint) -> Entered {
    let (kind, types) = (Kind::of(endpoint), endpoint.event_types());
    let all_events = types.iter().any(|name| name == "*");
    let (events, thin_events) = if kind.is_thin() { (Vec::new(), types) } else { (types, Vec::new()) };
    let base = endpoint.url.split_once(MOUNT).map_or(endpoint.url.as_str(), |(base, _)| base);
    Entered {
        uuid: endpoint.uuid.clone(),
        kind,
        live: endpoint.livemode,
        base_url: base.to_owned(),
        description: endpoint.description.clone(),
        all_events,
        events,
        thin_events,
        inline_events: endpoint.inline_types().join(", "),
        tolerance: endpoint.tolerance_seconds.to_string(),
        validation: endpoint.validation.as_str().to_owned(),
        ..Entered::default()
    }
}

/// `POST /admin/endpoints/{uuid}/edit`
pub(in crate::admin) async fn save(
    operator: Operator,
    uuid: web::Path<String>,
    Posted(form): Posted,
) -> Result<HttpResponse, PageError> {
    let endpoint = endpoints::find(&operator.tollgate, &uuid).await?;
    let entered =
        Entered { uuid: endpoint.uuid.clone(), kind: Kind::of(&endpoint), live: endpoint.livemode, ..read(&form) };
    if let Some(with_preset) = add_preset(&form, &entered) {
        return show_edit(&operator, &endpoint, with_preset, Vec::new(), &[]);
    }
    let (tolerance, validation) = match (tolerance(&entered), validation(&entered)) {
        (Ok(tolerance), Ok(validation)) => (tolerance, validation),
        (tolerance, validation) => {
            let refusals: Vec<Refusal> = [tolerance.err(), validation.err()].into_iter().flatten().collect();
            return show_edit(&operator, &endpoint, entered, Vec::new(), &refusals);
        }
    };
    let changes = Changes {
        base_url: Some(entered.base_url.clone()),
        description: Some(entered.description.clone()),
        enabled_events: Some(chosen(&entered)),
        inline_events: Some(written(&entered.inline_events)),
        tolerance_seconds: Some(tolerance),
        validation: Some(validation),
    };
    match endpoints::update(&operator.tollgate, &uuid, changes, &operator.actor()).await {
        Ok(_) => Ok(operator.redirect_with(&address(&uuid), &Flash::good("The endpoint is saved at Stripe and here."))),
        Err(EndpointError::Refused(refusals)) => show_edit(&operator, &endpoint, entered, Vec::new(), &refusals),
        Err(error) => Err(error.into()),
    }
}
