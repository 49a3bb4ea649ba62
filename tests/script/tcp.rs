//! A server behind a real socket.

use super::Server;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may keep us waiting for the next byte. Never waited for in a run that succeeds.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection of a client.
pub struct Tcp {
    stream: TcpStream,
}

impl Tcp {
    /// Connects.
    pub fn connect(address: SocketAddr) -> std::io::Result<Tcp> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_nodelay(true)?;
        Ok(Tcp { stream })
    }
}

impl Server for Tcp {
    fn send(&mut self, bytes: &[u8]) {
        // A server that has closed is found out when we read.
        let _ = self.stream.write_all(bytes);
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut bytes = vec![0; 4096];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(read) => {
                    bytes.truncate(read);
                    return bytes;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Vec::new(),
            }
        }
    }

    fn happen(&mut self, words: &str) -> Result<(), String> {
        if !words.starts_with("closed ") {
            return Err("only a session without a socket can do that".into());
        }
        let mut byte = [0];
        loop {
            match self.stream.read(&mut byte) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(()),
                Err(error) => return Err(format!("the connection is still open: {error}")),
            }
        }
    }

    fn has_other_lines(&self) -> bool {
        true
    }
}
