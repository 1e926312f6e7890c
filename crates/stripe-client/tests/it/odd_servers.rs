//! Servers that misbehave below HTTP: any bytes at all, a trickle, a certificate that nobody vouches for.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use url::Url;

use crate::server::listen;

/// A server that answers each connection with the same bytes and closes it.
pub struct RawServer {
    pub url: Url,
    heads: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl RawServer {
    pub async fn with(bytes: Vec<u8>) -> Self {
        let (listener, url) = listen().await;
        let heads = Arc::new(Mutex::new(Vec::new()));
        let remembered = Arc::clone(&heads);
        let task = tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut head = [0; 8192];
                let count = socket.read(&mut head).await.unwrap_or(0);
                remembered.lock().unwrap().push(String::from_utf8_lossy(&head[..count]).into_owned());
                let _ = socket.write_all(&bytes).await;
                let _ = socket.shutdown().await;
            }
        });
        Self { url, heads, task }
    }

    pub fn connections(&self) -> usize {
        self.heads().len()
    }

    /// What came first over each connection.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server that begins a good answer and then sends a space now and then, for ever.
pub struct TrickleServer {
    pub url: Url,
    task: JoinHandle<()>,
}

impl TrickleServer {
    pub async fn start() -> Self {
        let (listener, url) = listen().await;
        let task = tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut head = [0; 8192];
                let _ = socket.read(&mut head).await;
                let _ = socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n").await;
                while socket.write_all(b" ").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        });
        Self { url, task }
    }
}

impl Drop for TrickleServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server with a certificate it signed itself.
pub struct TlsServer {
    pub url: Url,
    handshakes: Arc<AtomicU32>,
    requests: Arc<AtomicU32>,
    task: JoinHandle<()>,
}

impl TlsServer {
    pub async fn start() -> Self {
        let (listener, mut url) = listen().await;
        url.set_scheme("https").unwrap();
        let (handshakes, requests) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (counted, asked, acceptor) = (Arc::clone(&handshakes), Arc::clone(&requests), acceptor());
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                if let Ok(mut stream) = acceptor.accept(socket).await {
                    let count = stream.read(&mut [0; 8192]).await.unwrap_or(0);
                    asked.fetch_add(u32::from(count > 0), Ordering::SeqCst);
                }
            }
        });
        Self { url, handshakes, requests, task }
    }

    pub fn handshakes(&self) -> u32 {
        self.handshakes.load(Ordering::SeqCst)
    }

    pub fn requests(&self) -> u32 {
        self.requests.load(Ordering::SeqCst)
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The key and the certificate are for `localhost` and nothing else.
fn acceptor() -> TlsAcceptor {
    let pem = include_bytes!("self_signed.pem");
    let certificate = CertificateDer::from_pem_slice(pem).unwrap();
    let key = PrivateKeyDer::from_pem_slice(pem).unwrap();
    let config = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}
