//! The cold path's answers to pages of other origins: who may ask is `framing::origin`'s to say, here it is done.

use crate::failures::failed;
use crate::head::Callers;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use parlour_engine::code::Code;
use parlour_engine::dialect::native_out::Failure;
use parlour_engine::framing::origin::Caller;

/// A page of another origin may not use what a browser here may do; one of an allowed origin may.
pub(crate) async fn admit(State(callers): State<Callers>, request: Request, next: Next) -> Response {
    let asks_beforehand =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let (origin, host) = (text(request.headers(), header::ORIGIN), text(request.headers(), header::HOST));
    match callers.judge(origin.as_deref(), host.as_deref()) {
        Caller::Stranger => {
            let message = "This page's origin may not call here.".to_owned();
            failed(&Failure { code: "origin_denied".to_owned(), message, ..Code::RoleRequired.into() })
        }
        page @ Caller::Page(_) if asks_beforehand => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            put(response.headers_mut(), page.preflight());
            response
        }
        Caller::Page(_) | Caller::Own => next.run(request).await,
    }
}

/// Tells the browser of an allowed origin's page that the page may read the answer, whatever it is.
pub(crate) async fn tell(State(callers): State<Callers>, request: Request, next: Next) -> Response {
    let (origin, host) = (text(request.headers(), header::ORIGIN), text(request.headers(), header::HOST));
    let mut response = next.run(request).await;
    put(response.headers_mut(), callers.judge(origin.as_deref(), host.as_deref()).headers());
    if !callers.origins.is_empty() {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// One that cannot be read is not nobody's.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default().to_owned())
}

fn put(headers: &mut HeaderMap, pairs: Vec<(&'static str, &str)>) {
    for (name, value) in pairs {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
