//! TLS to PostgreSQL: rustls over aws-lc-rs, always with the certificate and the host's name verified.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect};
use tokio_rustls::TlsConnector;

use crate::error::{Error, Result};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Whose certificates are trusted.
pub(crate) enum Roots {
    /// Those that the operating system trusts.
    System,
    /// Those in this file, in PEM.
    File(PathBuf),
}

/// Makes TLS of a connection, if it is to be made.
#[derive(Clone)]
pub(crate) struct MakeTls(Option<Arc<ClientConfig>>);

impl MakeTls {
    pub(crate) fn off() -> Self {
        Self(None)
    }

    pub(crate) fn verifying(roots: &Roots) -> Result<Self> {
        let broken = |error: BoxError| Error::Broken(error);
        let mut trusted = RootCertStore::empty();
        match roots {
            Roots::System => {
                trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
            Roots::File(path) => {
                let certificates =
                    CertificateDer::pem_file_iter(path).map_err(|error| broken(error.into()))?;
                for certificate in certificates {
                    let certificate = certificate.map_err(|error| broken(error.into()))?;
                    trusted.add(certificate).map_err(|error| broken(error.into()))?;
                }
            }
        }
        if trusted.is_empty() {
            return Err(broken(
                "there is no certificate to trust: name a file of them with sslrootcert".into(),
            ));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| broken(error.into()))?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(Self(Some(Arc::new(config))))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> MakeTlsConnect<S> for MakeTls {
    type Stream = TlsStream<S>;
    type TlsConnect = Handshake;
    type Error = BoxError;

    fn make_tls_connect(&mut self, host: &str) -> std::result::Result<Handshake, BoxError> {
        // It is asked for before the driver looks whether there is to be any.
        let Some(config) = self.0.clone() else { return Ok(Handshake(None)) };
        Ok(Handshake(Some((config.into(), ServerName::try_from(host.to_owned())?))))
    }
}

/// A handshake to come, if there is to be one.
pub(crate) struct Handshake(Option<(TlsConnector, ServerName<'static>)>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> TlsConnect<S> for Handshake {
    type Stream = TlsStream<S>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = std::result::Result<TlsStream<S>, BoxError>> + Send>>;

    fn connect(self, stream: S) -> Self::Future {
        Box::pin(async move {
            let (connector, host) = self.0.ok_or("TLS is off")?;
            Ok(TlsStream(connector.connect(host, stream).await?))
        })
    }
}

/// An encrypted stream, as the driver wants it.
pub(crate) struct TlsStream<S>(tokio_rustls::client::TlsStream<S>);

impl<S: AsyncRead + AsyncWrite + Unpin> tokio_postgres::tls::TlsStream for TlsStream<S> {
    fn channel_binding(&self) -> ChannelBinding {
        // It would bind the password to the certificate. That is verified already.
        ChannelBinding::none()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for TlsStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for TlsStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
