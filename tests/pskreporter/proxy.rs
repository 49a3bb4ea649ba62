//! What stands between a node and its broker: a line that trickles, or that goes dead.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

/// Takes connections and passes bytes on to a port of this machine.
pub struct Proxy {
    pub port: u16,
    is_dead: Arc<AtomicBool>,
    /// Kept open until the end: a dead line closes nothing.
    streams: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    /// Passes on what comes, at most `piece` bytes a segment.
    pub fn to(port: u16, piece: usize) -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy =
            Proxy { port: listener.local_addr().unwrap().port(), is_dead: Arc::default(), streams: Arc::default() };
        let (is_dead, streams) = (Arc::clone(&proxy.is_dead), Arc::clone(&proxy.streams));
        std::thread::spawn(move || {
            // Until the process ends: nobody waits for this thread.
            while let Ok((near, _)) = listener.accept() {
                let Ok(far) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { continue };
                for (from, to) in [(&near, &far), (&far, &near)] {
                    to.set_nodelay(true).unwrap();
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let is_dead = Arc::clone(&is_dead);
                    std::thread::spawn(move || pass_on(from, to, piece, &is_dead));
                }
                streams.lock().unwrap().extend([near, far]);
            }
        });
        proxy
    }

    /// From now on nothing passes, and nobody is told.
    pub fn die(&self) {
        self.is_dead.store(true, Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for stream in self.streams.lock().unwrap().iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, piece: usize, is_dead: &AtomicBool) {
    let mut bytes = [0; 4_096];
    loop {
        match from.read(&mut bytes) {
            Ok(0) | Err(_) => break,
            Ok(_) if is_dead.load(Relaxed) => return,
            Ok(n) => {
                if bytes[..n].chunks(piece).any(|piece| to.write_all(piece).is_err()) {
                    break;
                }
            }
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
