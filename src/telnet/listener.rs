//! The listening socket of a telnet core.

use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

/// Connections that may wait to be accepted; the kernel cuts it to `net.core.somaxconn`.
pub const BACKLOG: i32 = 4_096;
/// What the kernel may hold unsent for one user. The kernel books twice that for its own use, so 10,000
/// users who do not read cost at most 2.5 GB; the cohort's memory is shared, this is not.
pub const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// The socket counts as writable below so many unsent bytes, so that lines wait in the cohort, where a
/// reply can overtake them, and not in the kernel.
pub const NOT_SENT_LOW_BYTES: u32 = 64 * 1024;
/// A peer that acknowledges nothing for so long is gone.
pub const USER_TIMEOUT: Duration = Duration::from_secs(120);
/// A silent connection is probed after so long...
pub const KEEPALIVE_IDLE: Duration = Duration::from_secs(120);
/// ...so often...
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(30);
/// ...and is gone after so many probes without an answer.
pub const KEEPALIVE_PROBES: u32 = 4;

/// Binds and listens. Call it once per telnet core with one address (for port 0: with the first one's
/// local address from the second on): the kernel spreads connections over the cores.
///
/// # Errors
/// What the system says; the caller names the address and `telnet.listen`.
pub fn bind(address: SocketAddr) -> io::Result<mio::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(true)?;
    if address.is_ipv6() {
        // `[::]` means everybody, IPv4 too, whatever the system's default.
        socket.set_only_v6(false)?;
    }
    socket.set_nonblocking(true)?;
    // Linux hands these down to accepted sockets, so accept costs one system call, not eight.
    socket.set_tcp_nodelay(true)?;
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    SockRef::from(&socket).set_tcp_notsent_lowat(NOT_SENT_LOW_BYTES)?;
    socket.set_tcp_user_timeout(Some(USER_TIMEOUT))?;
    let keepalive =
        TcpKeepalive::new().with_time(KEEPALIVE_IDLE).with_interval(KEEPALIVE_INTERVAL).with_retries(KEEPALIVE_PROBES);
    socket.set_tcp_keepalive(&keepalive)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(mio::net::TcpListener::from_std(socket.into()))
}

/// Whether somebody listens there already. [`bind()`] would share the port with another node of the same user, and
/// the kernel would give that node half of our users. Between this look and the bind lies a moment in which two
/// starts can still miss each other; the lock of the data folder covers those of one folder.
///
/// # Errors
/// `AddrInUse`, or whatever else the system says about the address.
pub fn check_free(address: SocketAddr) -> io::Result<()> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Connections of an earlier run in TIME_WAIT do not count.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(false)?;
    }
    socket.bind(&address.into())
}

/// A descriptor kept for the moment when there is none left: giving it up lets one more connection
/// be accepted, told and closed. Otherwise the backlog rots, for an edge-triggered listener that once
/// failed is never heard of again.
#[derive(Debug)]
pub struct Reserve(Option<File>);

impl Reserve {
    /// Takes one.
    pub fn take() -> Reserve {
        Reserve(File::open("/dev/null").ok())
    }
    /// Gives it up. Returns whether there was one.
    pub fn give_up(&mut self) -> bool {
        self.0.take().is_some()
    }
    /// Whether it is there.
    pub fn is_held(&self) -> bool {
        self.0.is_some()
    }
    /// Takes it again.
    pub fn retake(&mut self) {
        if self.0.is_none() {
            *self = Reserve::take();
        }
    }
}

/// Whether an accept failed for lack of descriptors, of the process or the system.
pub fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_another_node_has_is_not_free() {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        check_free(free).unwrap();
        let taken = bind("127.0.0.1:0".parse().unwrap()).unwrap().local_addr().unwrap();
        let node = bind(taken).unwrap();
        assert_eq!(check_free(taken).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(node);
    }

    #[test]
    fn two_cores_share_a_port_and_accepted_sockets_inherit() {
        let first = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = first.local_addr().unwrap();
        let second = bind(address).unwrap();
        let _client = std::net::TcpStream::connect(address).unwrap();
        // The handshake is done, so the connection waits on one of the two, nobody knows which.
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        let stream = loop {
            if let Ok((stream, _)) = first.accept().or_else(|_| second.accept()) {
                break stream;
            }
            assert!(std::time::Instant::now() < deadline, "nothing to accept");
            std::thread::yield_now();
        };
        let socket = SockRef::from(&stream);
        assert!(socket.tcp_nodelay().unwrap());
        assert!(socket.keepalive().unwrap());
        assert_eq!(socket.tcp_keepalive_retries().unwrap(), KEEPALIVE_PROBES);
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(USER_TIMEOUT));
        assert!(socket.send_buffer_size().unwrap() >= SEND_BUFFER_BYTES);
        assert_eq!(socket.tcp_notsent_lowat().unwrap(), NOT_SENT_LOW_BYTES);
    }
}
