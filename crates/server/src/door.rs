//! Connections that the loop hands to the cold path, and those that go back.

use crate::addresses::Ticket;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep, sleep};

/// A connection for the cold path: the loop has accepted it and read the beginning.
pub(crate) struct HandedOver {
    pub(crate) stream: std::net::TcpStream,
    pub(crate) begin: Vec<u8>,
    pub(crate) ticket: Ticket,
}

/// Serves every connection that the loop hands over, until it hands over no more. One from which nothing comes for `silence` is
/// given up, and the head of a next request has to be there so long after the last answer, however its bytes come.
pub(crate) async fn serve(mut handed_over: mpsc::UnboundedReceiver<HandedOver>, app: Router, silence: Duration) {
    while let Some(HandedOver { stream, begin, ticket }) = handed_over.recv().await {
        let Ok(stream) = TcpStream::from_std(stream) else { continue };
        let begun = Begun::new(stream, begin, ticket, silence);
        let service = TowerToHyperService::new(app.clone().layer(Extension(begun.peer)));
        tokio::spawn(async move {
            let mut builder = auto::Builder::new(TokioExecutor::new()).http1_only();
            builder.http1().timer(TokioTimer::new()).header_read_timeout(silence);
            // Whatever went wrong, there is nobody left to tell.
            let _ = builder.serve_connection_with_upgrades(TokioIo::new(begun), service).await;
        });
    }
}

/// Who is at the other end of a connection of the cold path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) Option<IpAddr>);

/// A connection of which the beginning was read already.
pub(crate) struct Begun {
    ticket: Ticket,
    peer: Peer,
    begin: Vec<u8>,
    read: usize,
    stream: TcpStream,
    silence: Duration,
    silent: Pin<Box<Sleep>>,
}

impl Begun {
    fn new(stream: TcpStream, begin: Vec<u8>, ticket: Ticket, silence: Duration) -> Self {
        let (peer, silent) = (Peer(ticket.peer()), Box::pin(sleep(silence)));
        Self { ticket, peer, begin, read: 0, stream, silence, silent }
    }
}

impl AsyncRead for Begun {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let begun = &mut *self;
        if begun.read < begun.begin.len() {
            let take = into.remaining().min(begun.begin.len() - begun.read);
            into.put_slice(&begun.begin[begun.read..begun.read + take]);
            begun.read += take;
            if begun.read == begun.begin.len() {
                (begun.begin, begun.read) = (Vec::new(), 0);
            }
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut begun.stream).poll_read(context, into) {
            Poll::Ready(read) => {
                begun.silent.as_mut().reset(Instant::now() + begun.silence);
                Poll::Ready(read)
            }
            Poll::Pending => begun.silent.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into())),
        }
    }
}

impl AsyncWrite for Begun {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Takes a connection back once its 101 was written: the socket, and what was read beyond the request.
pub(crate) async fn take_back(request: Request) -> Result<(std::net::TcpStream, Vec<u8>, Ticket), io::Error> {
    let upgraded = hyper::upgrade::on(request).await.map_err(io::Error::other)?;
    // The library wraps what it serves once more: only its own downcast knows in what.
    let parts = auto::upgrade::downcast::<TokioIo<Begun>>(upgraded)
        .map_err(|_| io::Error::other("a connection that did not come through this door"))?;
    let begun = parts.io.into_inner();
    let mut rest = parts.read_buf.to_vec();
    rest.extend_from_slice(&begun.begin[begun.read..]);
    Ok((begun.stream.into_std()?, rest, begun.ticket))
}

/// A response that was written out by hand, as the cold path wants it.
pub(crate) fn as_response(bytes: &[u8]) -> Response {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut head = httparse::Response::new(&mut headers);
    let taken = match head.parse(bytes) {
        Ok(httparse::Status::Complete(taken)) => taken,
        _ => bytes.len(),
    };
    let mut response = Response::new(Body::from(bytes[taken..].to_vec()));
    *response.status_mut() =
        head.code.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for header in head.headers.iter().filter(|header| !header.name.eq_ignore_ascii_case("content-length")) {
        let pair = (HeaderName::try_from(header.name), HeaderValue::from_bytes(header.value));
        if let (Ok(name), Ok(value)) = pair {
            response.headers_mut().append(name, value);
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addresses::Addresses;
    use parlour_engine::limits::Limits;
    use std::net::{TcpListener, TcpStream};
    use tokio::io::AsyncReadExt;

    #[tokio::test]
    async fn a_connection_from_which_nothing_comes_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let _other_side = TcpStream::connect(address).unwrap();
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let ticket = Addresses::new(&Limits::default()).admit(None).ok().unwrap();
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        let mut begun = Begun::new(stream, b"GET".to_vec(), ticket, Duration::from_millis(10));
        let mut buffer = [0; 16];
        assert_eq!(begun.read(&mut buffer).await.unwrap(), 3);
        assert_eq!(begun.read(&mut buffer).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
