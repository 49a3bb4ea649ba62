//! What carries a feed's bytes: TCP, or TLS over it.

use super::tls::{TlsDial, TlsStream};
use mio::net::TcpStream;
use std::io::{self, Read, Write};

/// How a feed's bytes are carried.
#[derive(Clone, Debug)]
pub enum Carrier {
    /// As they are.
    Plain,
    /// Within TLS.
    Tls(TlsDial),
}

/// An upstream connection's socket.
#[derive(Debug)]
pub enum Transport {
    /// TCP.
    Plain(TcpStream),
    /// TLS over TCP.
    Tls(Box<TlsStream>),
}

impl Transport {
    /// A socket that begins to connect.
    ///
    /// # Errors
    /// What TLS says against its configuration.
    pub fn over(stream: TcpStream, carrier: &Carrier) -> io::Result<Transport> {
        Ok(match carrier {
            Carrier::Plain => Transport::Plain(stream),
            Carrier::Tls(dial) => Transport::Tls(Box::new(TlsStream::new(stream, dial)?)),
        })
    }
    /// The socket, to register and to ask.
    pub fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Transport::Plain(stream) => stream,
            Transport::Tls(stream) => stream.tcp(),
        }
    }
    /// Whether a handshake must be done before anything can be read.
    pub fn is_handshaking(&self) -> bool {
        match self {
            Transport::Plain(_) => false,
            Transport::Tls(stream) => stream.is_handshaking(),
        }
    }
    /// Takes what the socket has of the handshake; whether it is done. `WouldBlock` when more must come.
    pub fn handshake(&mut self) -> io::Result<bool> {
        match self {
            Transport::Plain(_) => Ok(true),
            Transport::Tls(stream) => stream.handshake(),
        }
    }
    /// Reads; `WouldBlock` when nothing more is there now, neither on the socket nor in here; `Interrupted`
    /// when there is, but not for this turn; `Ok(0)` at the end.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.read(into),
            Transport::Tls(stream) => stream.read(into),
        }
    }
    /// Takes bytes to be sent; `WouldBlock` when the socket takes no more now.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.write(bytes),
            Transport::Tls(stream) => stream.write(bytes),
        }
    }
    /// Sends what it has taken and not sent yet; `WouldBlock` when the socket takes no more now.
    pub fn flush(&mut self) -> io::Result<()> {
        match self {
            Transport::Plain(_) => Ok(()),
            Transport::Tls(stream) => stream.flush(),
        }
    }
    /// Whether bytes of ours (or of the handshake) wait for the socket.
    pub fn wants_write(&self) -> bool {
        match self {
            Transport::Plain(_) => false,
            Transport::Tls(stream) => stream.wants_write(),
        }
    }
    /// Says the end where that is a message of its own. The socket closes when this is dropped.
    pub fn say_end(&mut self) {
        if let Transport::Tls(stream) = self {
            stream.say_end();
        }
    }
}
