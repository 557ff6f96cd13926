//! Headers that keep browsers from doing what pages of ours never need.

use std::task::{Context, Poll};

use http::header::{
    CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Request, Response};
use tower::{Layer, Service};

/// A layer that adds these headers to each response that has none of its own:
///
/// | header | so that |
/// | --- | --- |
/// | `Content-Security-Policy` | scripts, styles and all else come from here and from files, never from within a page |
/// | `X-Frame-Options: DENY` | no page is shown in another |
/// | `X-Content-Type-Options: nosniff` | a file is what it is said to be |
/// | `Referrer-Policy: same-origin` | other sites do not learn addresses |
#[derive(Clone, Copy, Debug, Default)]
pub struct SecurityHeaders;

const HEADERS: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         object-src 'none'",
    ),
    (X_FRAME_OPTIONS, "DENY"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
];

impl<S> Layer<S> for SecurityHeaders {
    type Service = WithHeaders<S>;

    fn layer(&self, inner: S) -> WithHeaders<S> {
        WithHeaders { inner }
    }
}

/// A service behind [`SecurityHeaders`].
#[derive(Clone, Debug)]
pub struct WithHeaders<S> {
    inner: S,
}

impl<S, RequestBody, ResponseBody> Service<Request<RequestBody>> for WithHeaders<S>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send + 'static>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let responding = self.inner.call(request);
        Box::pin(async move {
            let mut response = responding.await?;
            for (name, value) in HEADERS {
                response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
            }
            Ok(response)
        })
    }
}
