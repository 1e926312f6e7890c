//! `GET /metrics`: who may read it, and in which of Prometheus's two text formats.

use actix_web::http::header::{ACCEPT, AUTHORIZATION, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, web};
use prometheus_client::encoding::{prometheus_text, text};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Metrics;
use crate::{Error, Tollgate};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers a scrape.
pub(crate) async fn serve(request: HttpRequest, tollgate: web::Data<Tollgate>) -> Result<HttpResponse, Error> {
    if !tollgate.config().metrics_token.as_ref().is_none_or(|token| is_given(&request, token)) {
        let refused = HttpResponse::Unauthorized().insert_header((WWW_AUTHENTICATE, "Bearer")).json(json!({
            "error": "unauthorized"
        }));
        return Ok(refused);
    }
    let open_metrics = header(&request, ACCEPT).is_some_and(|accept| accept.contains("application/openmetrics-text"));
    let text = tollgate.metrics().text(open_metrics).await.map_err(Error::internal)?;
    let kind = if open_metrics { OPEN_METRICS } else { prometheus_text::CONTENT_TYPE };
    Ok(HttpResponse::Ok().content_type(kind).body(text))
}

impl Metrics {
    async fn text(&self, open_metrics: bool) -> Result<String, std::fmt::Error> {
        let figures = &self.0.figures;
        let budgets = super::budgets::registry(&self.0.budgets);
        let registries = [&self.0.registry, &figures.registry(figures.read().await), &budgets];
        let mut text = String::with_capacity(32 * 1024);
        for registry in registries {
            match open_metrics {
                true => text::encode_registry(&mut text, registry)?,
                false => prometheus_text::encode(&mut text, registry)?,
            }
        }
        if open_metrics {
            text::encode_eof(&mut text)?;
        }
        Ok(text)
    }
}

// By their hashes, so that not even the length of the token can be found out by the time this takes.
fn is_given(request: &HttpRequest, token: &SecretString) -> bool {
    let given = header(request, AUTHORIZATION).and_then(|value| value.split_once(' '));
    let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")).map_or("", |(_, given)| given.trim());
    let hashes = [given, token.expose_secret()].map(Sha256::digest);
    hashes[0].ct_eq(&hashes[1]).into()
}

fn header(request: &HttpRequest, name: actix_web::http::header::HeaderName) -> Option<&str> {
    request.headers().get(name)?.to_str().ok()
}
