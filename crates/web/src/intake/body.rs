//! Reading a body with a limit on its size and on the time it may take.

use std::time::Duration;

use actix_web::http::header::CONTENT_LENGTH;
use actix_web::{HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;

/// Why a body was not read to its end.
pub(super) enum BodyError {
    /// Larger than allowed; the start of it.
    TooLarge(Bytes),
    /// The connection ended too early, or the encoding is broken.
    Broken,
    /// It took too long.
    Slow,
}

/// Reads the whole body.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
    longest: Duration,
) -> Result<Bytes, BodyError> {
    // A length that is announced as too large is not read at all.
    if announced(request).is_some_and(|length| length > limit as u64) {
        return Err(BodyError::TooLarge(Bytes::new()));
    }
    let body = tokio::time::timeout(longest, collect(payload, limit)).await.unwrap_or(Err(BodyError::Slow))?;
    // A connection that ends early may look like the end of the body.
    let whole = announced(request).is_none_or(|length| length == body.len() as u64);
    if whole { Ok(body) } else { Err(BodyError::Broken) }
}

async fn collect(mut payload: web::Payload, limit: usize) -> Result<Bytes, BodyError> {
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| BodyError::Broken)?;
        if body.is_empty() && chunk.len() <= limit {
            // Most bodies come in one piece, which need not be copied.
            match payload.next().await {
                None => return Ok(chunk),
                Some(second) => {
                    body.extend_from_slice(&chunk);
                    body.extend_from_slice(&second.map_err(|_| BodyError::Broken)?);
                }
            }
        } else {
            body.extend_from_slice(&chunk);
        }
        if body.len() > limit {
            body.truncate(limit);
            return Err(BodyError::TooLarge(body.freeze()));
        }
    }
    Ok(body.freeze())
}

fn announced(request: &HttpRequest) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The body's whole size as far as it is known, in bytes.
pub(super) fn announced_size(request: &HttpRequest, read: &Bytes) -> i64 {
    let size = announced(request).unwrap_or(0).max(read.len() as u64);
    i64::try_from(size).unwrap_or(i64::MAX)
}
