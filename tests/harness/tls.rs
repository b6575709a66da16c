//! TLS for tests: certificates in a folder, connections that trust them, and a tunnel through which every client that
//! speaks plain HTTP reaches a server with TLS.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use server::config::layer::Layer;
use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// The name in every certificate.
const NAME: &str = "localhost";

/// A certificate that signs itself, and its key, as files.
#[derive(Debug)]
pub struct Certificate {
    folder: TempDir,
    cert: CertificateDer<'static>,
}

impl Certificate {
    /// A new one in a folder of its own.
    pub fn new() -> Result<Certificate> {
        let folder = TempDir::new()?;
        let cert = write(folder.path())?;
        Ok(Certificate { folder, cert })
    }

    /// Another one in the same files.
    pub fn renew(&mut self) -> Result<()> {
        self.cert = write(self.folder.path())?;
        Ok(())
    }

    /// The certificate's file.
    pub fn cert_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// The key's file.
    pub fn key_file(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// The settings of a server that shows it.
    pub fn layer(&self) -> Layer {
        Layer {
            tls_cert: Some(self.cert_file()),
            tls_key: Some(self.key_file()),
            public_matches: Some(0),
            ..Layer::default()
        }
    }

    /// A connection to `address`, which must show this certificate, offering one protocol.
    pub async fn connect(&self, address: SocketAddr, protocol: &[u8]) -> Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(self.cert.clone())?;
        let mut config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let socket = TcpStream::connect(address).await?;
        socket.set_nodelay(true)?;
        Ok(TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(NAME)?, socket).await?)
    }
}

fn write(folder: &Path) -> Result<CertificateDer<'static>> {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([NAME.to_owned()])?;
    std::fs::write(folder.join("cert.pem"), cert.pem())?;
    std::fs::write(folder.join("key.pem"), signing_key.serialize_pem())?;
    Ok(cert.der().clone())
}

/// A port on which a server with TLS speaks without; it ends when it is dropped.
#[derive(Debug)]
pub struct Tunnel {
    /// Where plain clients connect.
    pub address: SocketAddr,
    _runtime: Runtime,
}

impl Tunnel {
    /// A tunnel to the server at `to`; each connection through it is one of HTTP/1.1 over TLS.
    pub fn open(to: SocketAddr, certificate: Certificate) -> Result<Tunnel> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr().context("no address")?;
        let certificate = Arc::new(certificate);
        runtime.spawn(async move {
            while let Ok((mut plain, _)) = listener.accept().await {
                let certificate = Arc::clone(&certificate);
                tokio::spawn(async move {
                    // What goes wrong shows to the client as an end.
                    drop(plain.set_nodelay(true));
                    if let Ok(mut secure) = certificate.connect(to, b"http/1.1").await {
                        drop(copy_bidirectional(&mut plain, &mut secure).await);
                    }
                });
            }
        });
        Ok(Tunnel { address, _runtime: runtime })
    }

    /// The address of a path behind it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
