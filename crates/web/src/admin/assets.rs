//! Style sheet, script and icon, carried in the binary and served under names that change with their content.

use std::sync::LazyLock;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};

use super::page_error::PageError;
use crate::Error;

struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static [u8],
    hash: String,
}

macro_rules! assets {
    ($($name:literal as $kind:literal,)+) => {
        LazyLock::new(|| vec![$(Asset::new($name, $kind, include_bytes!(concat!("../../../../static/", $name))),)+])
    };
}

static ASSETS: LazyLock<Vec<Asset>> = assets! {
    "admin.css" as "text/css; charset=utf-8",
    "admin.js" as "text/javascript; charset=utf-8",
    "tollgate.svg" as "image/svg+xml",
};

impl Asset {
    fn new(name: &'static str, kind: &'static str, content: &'static [u8]) -> Self {
        Self { name, kind, content, hash: hex::encode(&Sha256::digest(content)[..6]) }
    }

    fn file(&self) -> String {
        format!("{}.{}", self.hash, self.name)
    }
}

/// The address of an asset by its name in `static/`.
pub(super) fn address(name: &str) -> String {
    let file = ASSETS.iter().find(|asset| asset.name == name).map(Asset::file);
    format!("/admin/static/{}", file.unwrap_or_default())
}

/// `GET /admin/static/{file}`
pub(super) async fn serve(file: web::Path<String>) -> Result<HttpResponse, PageError> {
    let asset = ASSETS.iter().find(|asset| asset.file() == *file);
    let asset = asset.ok_or_else(|| Error::NotFound(format!("there is no file {file:.80}")))?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, asset.kind))
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(asset.content))
}
