//! A client's connection: a bare socket, or one with TLS over it, for somebody who never waits once it is open. Above it
//! nobody knows which; the bytes that they count are those within TLS.

use std::fmt;
use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result, anyhow};
use mio::net::TcpStream;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// Whom a client trusts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trust {
    /// Everybody, whatever certificate is shown.
    pub(crate) everybody: bool,
    /// Who is certified by this PEM file; else by the authorities that browsers know.
    pub(crate) authority: Option<PathBuf>,
}

impl Trust {
    fn certificates(&self) -> Result<Option<Vec<CertificateDer<'static>>>> {
        let Some(file) = &self.authority else { return Ok(None) };
        let read = || CertificateDer::pem_file_iter(file)?.collect::<Result<Vec<_>, _>>();
        read().map(Some).with_context(|| format!("--ca {}", file.display()))
    }

    /// For single requests.
    pub(crate) fn for_requests(&self) -> Result<TlsConfig> {
        let builder = TlsConfig::builder().disable_verification(self.everybody);
        let Some(certificates) = self.certificates()? else { return Ok(builder.build()) };
        let roots = certificates.iter().map(|der| Certificate::from_der(der).to_owned());
        Ok(builder.root_certs(RootCerts::from(roots.collect::<Vec<_>>())).build())
    }

    fn for_connections(&self) -> Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        if self.everybody {
            let verifier = Arc::new(Unverified(provider));
            return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
        }
        let mut roots = RootCertStore::empty();
        match self.certificates()? {
            Some(certificates) => {
                certificates.into_iter().try_for_each(|certificate| roots.add(certificate))?;
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }
}

/// Where and how to connect.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// `HOST:PORT`, for sockets.
    address: String,
    /// What TLS needs, if there is any.
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
    /// Where the first connection got to: later ones ask for no name.
    peer: Arc<OnceLock<SocketAddr>>,
}

impl Target {
    /// The server at `authority`, which is `HOST` or `HOST:PORT`.
    pub(crate) fn new(authority: &str, is_secure: bool, trust: &Trust) -> Result<Target> {
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let host =
            if has_port { authority.rsplit_once(':').map_or(authority, |(host, _)| host) } else { authority };
        let port = if is_secure { 443 } else { 80 };
        let address = if has_port { authority.to_owned() } else { format!("{authority}:{port}") };
        if !is_secure {
            return Ok(Target { address, tls: None, peer: Arc::default() });
        }
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let name = ServerName::try_from(bare).map_err(|_| anyhow!("{host} is no name of a server"))?;
        let tls = Some((Arc::new(trust.for_connections()?), name));
        Ok(Target { address, tls, peer: Arc::default() })
    }

    /// A connection that waits, until [`Wire::never_wait`].
    pub(crate) fn connect(&self) -> Result<Wire> {
        let socket = std::net::TcpStream::connect(&self.address)?;
        socket.set_nodelay(true)?;
        // All get to one place; the first one says which.
        let _ = self.peer.set(socket.peer_addr()?);
        let Some((config, name)) = &self.tls else { return Ok(Wire::Plain(TcpStream::from_std(socket))) };
        let mut session = ClientConnection::new(Arc::clone(config), name.clone())?;
        let mut waiting = socket.try_clone()?;
        while session.is_handshaking() {
            session.complete_io(&mut waiting).context("the handshake of TLS failed")?;
        }
        Ok(Wire::Tls(Box::new((TcpStream::from_std(socket), session))))
    }

    /// A connection to where the first one got to, and which never waits: until it stands, all reading and writing
    /// would block.
    pub(crate) fn dial(&self) -> Result<Wire> {
        let peer = self.peer.get().context("there was no connection before")?;
        let socket = TcpStream::connect(*peer)?;
        socket.set_nodelay(true)?;
        let Some((config, name)) = &self.tls else { return Ok(Wire::Plain(socket)) };
        let session = ClientConnection::new(Arc::clone(config), name.clone())?;
        Ok(Wire::Tls(Box::new((socket, session))))
    }
}

/// An open connection.
pub(crate) enum Wire {
    /// A bare socket.
    Plain(TcpStream),
    /// A socket and its session.
    Tls(Box<(TcpStream, ClientConnection)>),
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if matches!(self, Wire::Plain(_)) { "Plain" } else { "Tls" })
    }
}

impl Wire {
    /// The socket, to be registered.
    pub(crate) fn socket(&mut self) -> &mut TcpStream {
        match self {
            Wire::Plain(socket) => socket,
            Wire::Tls(both) => &mut both.0,
        }
    }

    /// Makes every wait an error from now on, or none again.
    pub(crate) fn never_wait(&mut self, never: bool) -> io::Result<()> {
        socket2::SockRef::from(&*self.socket()).set_nonblocking(never)
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let both = match self {
            Wire::Plain(socket) => return socket.read(into),
            Wire::Tls(both) => both,
        };
        let (socket, session) = &mut **both;
        loop {
            match session.reader().read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                read => return read,
            }
            session.read_tls(socket)?;
            session.process_new_packets().map_err(|error| io::Error::new(ErrorKind::InvalidData, error))?;
            // A handshake is a talk.
            send_all(socket, session).or_else(later)?;
        }
    }
}

impl Write for Wire {
    /// What is encrypted and does not get out goes out before anything else.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Wire::Plain(socket) = self {
            return socket.write(bytes);
        }
        self.flush()?;
        let Wire::Tls(both) = self else { return Ok(0) };
        let taken = both.1.writer().write(bytes)?;
        self.flush().or_else(later)?;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        let Wire::Tls(both) = self else { return Ok(()) };
        let (socket, session) = &mut **both;
        send_all(socket, session)
    }
}

/// Sends what a session has encrypted.
fn send_all(socket: &mut TcpStream, session: &mut ClientConnection) -> io::Result<()> {
    while session.wants_write() {
        session.write_tls(socket)?;
    }
    Ok(())
}

/// What would block goes out later.
fn later(error: io::Error) -> io::Result<()> {
    if error.kind() == ErrorKind::WouldBlock { Ok(()) } else { Err(error) }
}

/// Believes every certificate, but not that its owner is somebody else.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
