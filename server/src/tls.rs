//! TLS of our own: the certificate's files, read at the start and again when they change or the operator asks. A file
//! that does not work changes nothing but the log. The accept loop takes the newest config for each new connection;
//! those that are open keep theirs.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use arc_swap::ArcSwap;
use rustls::{
    Error, InconsistentKeys, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

use crate::telemetry::tls_reloaded;

/// What HTTP/2 is called when a handshake agrees on it.
pub const ALPN_HTTP2: &[u8] = b"h2";
const ALPN_HTTP1: &[u8] = b"http/1.1";
/// Time between two looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Where a certificate and its key are.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// PEM with the certificate first and its chain behind it.
    pub cert: PathBuf,
    /// PEM with the private key.
    pub key: PathBuf,
}

/// Why the files do not work; one line that names the setting.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate's file can't be read, or holds none.
    #[error("tls_cert: {}: {message}", file.display())]
    Cert {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The key's file can't be read, or holds none that can be used.
    #[error("tls_key: {}: {message}", file.display())]
    Key {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

/// A certificate in use.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: ArcSwap<ServerConfig>,
    seen: Mutex<Stamps>,
}

/// When the files were written last, and how long they are.
type Stamps = [Option<(SystemTime, u64)>; 2];

impl Tls {
    /// Reads the files.
    pub fn open(files: TlsFiles) -> Result<Tls, TlsError> {
        let seen = Mutex::new(files.stamps());
        let current = ArcSwap::from_pointee(files.read()?);
        Ok(Tls { files, current, seen })
    }

    /// What the next connection gets.
    pub fn config(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Reads the files again. What does not work is logged and counted, and leaves everything as it was.
    pub fn reload(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = self.files.stamps();
        match self.files.read() {
            Ok(config) => {
                self.current.store(Arc::new(config));
                tls_reloaded("ok");
                tracing::info!(cert = %self.files.cert.display(), "the certificate was read again");
            }
            Err(error) => {
                tls_reloaded("failed");
                tracing::warn!(%error, "the certificate stays as it was");
            }
        }
    }

    /// Reads the files again if they are other ones than at the last look.
    pub fn reload_if_changed(&self) {
        let now = self.files.stamps();
        if *self.seen.lock().unwrap_or_else(PoisonError::into_inner) != now {
            self.reload();
        }
    }

    /// Looks after the files: at once on SIGHUP, and now and then. Never ends.
    pub async fn tend(&self) {
        #[cfg(unix)]
        let mut hangups = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup()).ok();
        loop {
            #[cfg(unix)]
            let asked = async {
                match &mut hangups {
                    Some(hangups) => hangups.recv().await,
                    None => std::future::pending().await,
                }
            };
            #[cfg(not(unix))]
            let asked = std::future::pending::<Option<()>>();
            tokio::select! {
                _ = asked => self.reload(),
                () = tokio::time::sleep(LOOK_EVERY) => self.reload_if_changed(),
            }
        }
    }
}

impl TlsFiles {
    fn stamps(&self) -> Stamps {
        [&self.cert, &self.key].map(|file| {
            let about = fs::metadata(file).ok()?;
            Some((about.modified().ok()?, about.len()))
        })
    }

    fn read(&self) -> Result<ServerConfig, TlsError> {
        let cert_wrong = |message| TlsError::Cert { file: self.cert.clone(), message };
        let key_wrong = |message| TlsError::Key { file: self.key.clone(), message };
        let chain = chain(&self.cert).map_err(cert_wrong)?;
        let key = key(&self.key).map_err(key_wrong)?;
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| cert_wrong(error.to_string()))?;
        let config = builder.with_no_client_auth().with_single_cert(chain, key);
        let mut config = config.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                key_wrong(format!("is not the key of the certificate in {}", self.cert.display()))
            }
            Error::InvalidCertificate(_) => cert_wrong(error.to_string()),
            _ => key_wrong(error.to_string()),
        })?;
        config.alpn_protocols = vec![ALPN_HTTP2.to_vec(), ALPN_HTTP1.to_vec()];
        // Who comes back needs no second full handshake, and we need no memory of who was here.
        config.ticketer = ring::Ticketer::new().map_err(|error| key_wrong(error.to_string()))?;
        Ok(config)
    }
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let reader = BufReader::new(File::open(file).map_err(|error| error.to_string())?);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_reader_iter(reader).collect();
    let chain = chain.map_err(|error| format!("is no PEM file: {error}"))?;
    if chain.is_empty() { Err("holds no certificate in PEM".to_owned()) } else { Ok(chain) }
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, String> {
    let reader = BufReader::new(File::open(file).map_err(|error| error.to_string())?);
    PrivateKeyDer::from_pem_reader(reader).map_err(|error| match error {
        rustls::pki_types::pem::Error::NoItemsFound => "holds no private key in PEM".to_owned(),
        other => format!("is no PEM file: {other}"),
    })
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, generate_simple_self_signed};
    use tempfile::TempDir;

    use super::*;

    /// A folder with a certificate for `name`.
    fn write(folder: &TempDir, name: &str) -> TlsFiles {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
        let files = TlsFiles { cert: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        fs::write(&files.cert, cert.pem()).unwrap();
        fs::write(&files.key, signing_key.serialize_pem()).unwrap();
        files
    }

    #[test]
    fn what_is_wrong_with_the_files_is_one_line_that_names_the_setting() {
        let (good, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let (ours, theirs) = (write(&good, "a.example"), write(&other, "b.example"));
        assert_eq!(Tls::open(ours.clone()).unwrap().config().alpn_protocols.len(), 2);
        let (empty, garbage) = (good.path().join("empty"), good.path().join("garbage"));
        fs::write(&empty, "").unwrap();
        fs::write(&garbage, "-----BEGIN CERTIFICATE-----\n????\n-----END CERTIFICATE-----\n").unwrap();
        let gone = good.path().join("gone");
        for (cert, key, says) in [
            (&gone, &ours.key, "tls_cert: "),
            (&empty, &ours.key, "holds no certificate in PEM"),
            (&garbage, &ours.key, "tls_cert: "),
            (&ours.key, &ours.key, "holds no certificate in PEM"),
            (&ours.cert, &gone, "tls_key: "),
            (&ours.cert, &ours.cert, "holds no private key in PEM"),
            (&ours.cert, &theirs.key, "is not the key of the certificate in "),
        ] {
            let error = Tls::open(TlsFiles { cert: cert.clone(), key: key.clone() }).unwrap_err().to_string();
            assert!(error.contains(says) && error.lines().count() == 1, "{error}");
        }
    }

    #[test]
    fn a_file_that_does_not_work_changes_nothing_and_a_new_one_is_taken() {
        let folder = TempDir::new().unwrap();
        let files = write(&folder, "a.example");
        let tls = Tls::open(files.clone()).unwrap();
        let first = tls.config();
        tls.reload_if_changed();
        assert!(Arc::ptr_eq(&first, &tls.config()), "nothing has changed");
        fs::write(&files.key, "half a key").unwrap();
        tls.reload_if_changed();
        assert!(Arc::ptr_eq(&first, &tls.config()));
        write(&folder, "a-longer-name.example");
        tls.reload_if_changed();
        assert!(!Arc::ptr_eq(&first, &tls.config()));
    }
}
