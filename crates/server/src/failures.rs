//! What the HTTP API says when it cannot: beside the codes of the conversation, those of HTTP alone.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use parlour_engine::code::Code;
use parlour_engine::dialect::native_out::Failure;
use serde_json::json;

/// A failure as a response.
pub(crate) fn failed(failure: &Failure) -> Response {
    said(failure, None)
}

/// The same to a client of a dialect, which reads `detail`.
pub(crate) fn failed_with_detail(failure: &Failure) -> Response {
    said(failure, Some(&failure.message))
}

fn said(failure: &Failure, detail: Option<&str>) -> Response {
    let status = match failure.code.as_str() {
        "method_not_allowed" => StatusCode::METHOD_NOT_ALLOWED,
        "too_long" => StatusCode::PAYLOAD_TOO_LARGE,
        "too_slow" => StatusCode::REQUEST_TIMEOUT,
        "authentication_required" | "authentication_failed" | "token_too_long" | "token_revoked" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::from_u16(failure.kind.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
    };
    let mut body =
        json!({"kind": failure.kind.as_str(), "code": failure.code, "message": failure.message, "retry": failure.retry});
    if let Some(retry_after_ms) = failure.retry_after_ms() {
        body["retry_after_ms"] = retry_after_ms.into();
    }
    if let Some(detail) = detail {
        body["detail"] = detail.into();
    }
    if let Some(details) = &failure.details {
        body["details"] = serde_json::from_str(details).unwrap_or_default();
    }
    let mut response = (status, Json(body)).into_response();
    if let Some(retry_after_ms) = failure.retry_after_ms() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_ms.div_ceil(1000)));
    }
    response
}

pub(crate) fn not_here() -> Failure {
    let message = "There is nothing at this path; GET / says what is here.".to_owned();
    Failure { code: "not_found".to_owned(), message, ..Code::RoomNotFound.into() }
}

pub(crate) fn wrong_method() -> Failure {
    let message = "This path is there, but not for this method.".to_owned();
    Failure { code: "method_not_allowed".to_owned(), message, ..Code::InvalidMessage.into() }
}

pub(crate) fn wrong_query() -> Failure {
    let message = "What follows the ? in this address is not as documented.".to_owned();
    Failure { code: "invalid_query".to_owned(), message, ..Code::InvalidMessage.into() }
}

pub(crate) fn too_long() -> Failure {
    let message = "This is longer than a message may be.".to_owned();
    Failure { code: "too_long".to_owned(), message, ..Code::InvalidMessage.into() }
}

pub(crate) fn too_slow() -> Failure {
    let message = "The body of this request took too long.".to_owned();
    Failure { code: "too_slow".to_owned(), message, ..Code::InvalidMessage.into() }
}
