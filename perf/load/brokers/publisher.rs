//! How a publisher is let in by its broker.

use super::frames::Way;
use super::{Heard, mqtt, nats, redis};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A broker on loopback answers at once.
const ANSWER_S: u64 = 10;

/// Longest line of a broker before it lets us in: NATS's INFO is some 400 bytes.
const LINE_BYTES_MAX: u64 = 64 * 1024;

/// Connects and waits until the broker takes publications. The stream does not block from then on.
pub fn connect(broker: SocketAddr, way: Way) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(broker)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(ANSWER_S)))?;
    match way {
        Way::Lines => {}
        Way::Nats => talk(&mut stream, |line| nats::hear(line, Some(nats::CONNECT)))?,
        Way::Redis => {
            stream.write_all(redis::PING)?;
            talk(&mut stream, redis::hear_publisher)?;
        }
        Way::Reports { .. } => {
            stream.write_all(mqtt::CONNECT)?;
            let mut answer = [0; mqtt::CONNACK.len()];
            stream.read_exact(&mut answer)?;
            if answer != mqtt::CONNACK {
                return Err(io::Error::other(format!("CONNACK {answer:02x?}")));
            }
        }
    }
    stream.set_nonblocking(true)?;
    Ok(stream)
}

/// Line by line until it is done. Whatever the reader holds beyond that line is talk too.
fn talk(stream: &mut TcpStream, hear: impl Fn(&[u8]) -> Heard) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = Vec::new();
        if (&mut reader).take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match hear(&line) {
            Heard::Nothing => {}
            Heard::Answer(bytes) => stream.write_all(bytes)?,
            Heard::Done => return Ok(()),
            Heard::Refused => return Err(io::Error::other(String::from_utf8_lossy(&line).trim().to_string())),
        }
    }
}
