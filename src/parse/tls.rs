//! TLS on a feed's socket, driven from the core's own loop: rustls without its I/O.

use crate::config::{Feed, server_name, trusted};
use mio::net::TcpStream;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, ClientConfig, ClientConnection, Error};
use std::io::{self, ErrorKind, Read, Write};
use std::sync::Arc;

/// Bytes of ours that rustls keeps for the socket, twice (not yet sealed, sealed): a log-in and a
/// subscription of the longest kind, [`super::feed::SAY_BYTES_MAX`]. What finds no room stays with the link.
pub const TLS_SEND_BYTES_MAX: usize = 16_384;
/// Looks at the socket of one [`TlsStream::read`], of 4 KiB each, that may bring nothing to read: a handshake
/// takes two or three. A server that sends records without content gets its next turn after everybody else.
pub const EMPTY_READS_MAX: usize = 16;

/// Whom to reach over TLS and whom to trust: everything that a connection needs and that is known before it.
#[derive(Clone, Debug)]
pub struct TlsDial {
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
}

impl TlsDial {
    /// Loads the certificates of a feed: reads files, so it is done before the threads run.
    ///
    /// # Errors
    /// One line for the operator, with the feed's key: no certificates, or a host that cannot have one.
    pub fn load(feed: &Feed, index: u8) -> Result<TlsDial, String> {
        let roots = trusted(feed.ca.as_deref()).map_err(|fault| {
            let value = feed.ca.as_ref().map(|path| format!(" = {path:?}")).unwrap_or_default();
            format!("feeds.{index}.ca{value}: {fault}")
        })?;
        let name = server_name(&feed.host).map_err(|fault| format!("feeds.{index}.host = {:?}: {fault}", feed.host))?;
        // The provider by its name: rustls' default of the process would be anybody's.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| format!("feeds.{index}.tls: {e}"))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(TlsDial { config: Arc::new(config), name })
    }
}

/// Why TLS failed, in words.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct TlsFault(String);

impl TlsFault {
    fn of(error: &Error) -> TlsFault {
        let words = match error {
            Error::InvalidCertificate(certificate) => match certificate {
                // BadSignature: another authority of the same name, as one that was made anew.
                CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                    "the broker's certificate comes from nobody that we trust (set ca if it is of your own authority)"
                }
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    "the broker's certificate has expired"
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    "the broker's certificate is not valid yet (is this machine's clock right?)"
                }
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    "the broker's certificate is for another host"
                }
                _ => "the broker's certificate cannot be trusted",
            },
            Error::InvalidMessage(_) => "the other side does not speak TLS as it must (is this its port for TLS?)",
            Error::AlertReceived(_) => "the other side refused",
            Error::PeerIncompatible(_) => "the other side speaks no TLS that we speak (1.2, 1.3)",
            _ => "TLS failed",
        };
        TlsFault(format!("{words}: {error}"))
    }

    /// Whether an error of a transport is one of TLS.
    pub fn is_in(error: &io::Error) -> bool {
        error.get_ref().is_some_and(|inner| inner.is::<TlsFault>())
    }
}

/// A TCP connection with TLS on it.
#[derive(Debug)]
pub struct TlsStream {
    tcp: TcpStream,
    session: ClientConnection,
    /// What ended the session; told when everything that came before it was read.
    fault: Option<TlsFault>,
}

impl TlsStream {
    /// Begins a session; the first bytes wait to be flushed.
    ///
    /// # Errors
    /// What rustls says against the name or the configuration.
    pub fn new(tcp: TcpStream, dial: &TlsDial) -> io::Result<TlsStream> {
        let session = ClientConnection::new(Arc::clone(&dial.config), dial.name.clone());
        let mut session = session.map_err(|e| io::Error::other(TlsFault::of(&e)))?;
        session.set_buffer_limit(Some(TLS_SEND_BYTES_MAX));
        Ok(TlsStream { tcp, session, fault: None })
    }

    /// The socket.
    pub fn tcp(&mut self) -> &mut TcpStream {
        &mut self.tcp
    }

    /// Whether the handshake is still under way.
    pub fn is_handshaking(&self) -> bool {
        self.session.is_handshaking()
    }

    /// Takes what the socket has of the handshake. `Ok(true)`: it is done. `WouldBlock`: more must come first.
    ///
    /// # Errors
    /// As [`TlsStream::read`]; `UnexpectedEof` where the other side closes.
    pub fn handshake(&mut self) -> io::Result<bool> {
        for _ in 0..EMPTY_READS_MAX {
            if let Some(fault) = self.fault.take() {
                return Err(io::Error::other(fault));
            }
            if !self.session.is_handshaking() {
                return Ok(true);
            }
            if self.take_records()? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(false)
    }

    /// Reads plaintext. `Ok(0)` at the end, said in TLS or not; `WouldBlock` when rustls holds nothing and the
    /// socket neither; `Interrupted` when there is more on the socket but others shall have their turn first.
    ///
    /// # Errors
    /// [`TlsFault`] after everything that could be read; errors of the socket.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        for _ in 0..EMPTY_READS_MAX {
            match self.session.reader().read(into) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                // Many servers close without a word in TLS, and a cut-off payload is booked by the conversation.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                done => return done,
            }
            if let Some(fault) = self.fault.take() {
                return Err(io::Error::other(fault));
            }
            // rustls reads only while it holds no plaintext: what it holds stays below one record.
            self.take_records()?;
        }
        Err(ErrorKind::Interrupted.into())
    }

    /// Reads the socket once.
    fn take_records(&mut self) -> io::Result<usize> {
        let read = self.session.read_tls(&mut self.tcp)?;
        if let Err(error) = self.session.process_new_packets() {
            self.fault = Some(TlsFault::of(&error));
            // The alert that tells the other side why.
            let _ = self.flush();
        }
        Ok(read)
    }

    /// Takes bytes to be sent; `WouldBlock` when neither rustls nor the socket takes more now.
    ///
    /// # Errors
    /// Errors of the socket.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.session.writer().write(bytes)?;
        if taken > 0 || bytes.is_empty() {
            return Ok(taken);
        }
        // Full. Only a socket that says no makes an edge when it is ready again.
        self.flush()?;
        match self.session.writer().write(bytes)? {
            0 => Err(ErrorKind::WouldBlock.into()),
            taken => Ok(taken),
        }
    }

    /// Sends what rustls has for the socket.
    ///
    /// # Errors
    /// `WouldBlock`; errors of the socket.
    pub fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            if self.session.write_tls(&mut self.tcp)? == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        Ok(())
    }

    /// Whether rustls has something for the socket.
    pub fn wants_write(&self) -> bool {
        self.session.wants_write()
    }

    /// Says the end in TLS, if the socket takes it now.
    pub fn say_end(&mut self) {
        self.session.send_close_notify();
        let _ = self.flush();
    }
}
