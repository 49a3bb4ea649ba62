//! What carries a feed's bytes: TCP, or TLS over it.

use mio::net::TcpStream;
use std::io::{self, Read, Write};

/// An upstream connection's socket.
#[derive(Debug)]
pub enum Transport {
    /// TCP.
    Plain(TcpStream),
}

impl Transport {
    /// The socket, to register and to ask.
    pub fn tcp(&mut self) -> &mut TcpStream {
        match self {
            Transport::Plain(stream) => stream,
        }
    }
    /// Reads; `WouldBlock` when nothing more is there now, `Ok(0)` at the end.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.read(into),
        }
    }
    /// Takes bytes to be sent; `WouldBlock` when it takes no more now.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Transport::Plain(stream) => stream.write(bytes),
        }
    }
    /// Sends what it has taken and not sent yet; `WouldBlock` when the socket takes no more now.
    pub fn flush(&mut self) -> io::Result<()> {
        match self {
            Transport::Plain(_) => Ok(()),
        }
    }
    /// Whether bytes of ours (or of the handshake) wait for the socket.
    pub fn wants_write(&self) -> bool {
        match self {
            Transport::Plain(_) => false,
        }
    }
}
