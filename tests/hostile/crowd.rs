//! Two thousand at once.

use super::bench::{FeedServer, PATIENCE, User, node, over_cores, spot_line, stop, until};
use dxring::telnet::limits::Refusal;
use socket2::{Domain, Socket, Type};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

const CROWD: usize = 2_000;
const PER_ADDRESS: u32 = 6;
const PRE_LOGIN: u32 = 1_000;
/// Connections from each hostile address.
const FROM_EACH: usize = 8;

/// Starts a connection and waits for nothing.
fn dial(from: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    // In progress, or done at once.
    let _ = socket.connect(&to.into());
    socket.into()
}

/// The first thing the node says: a line, or the login prompt, which has no line end.
fn first_words(stream: &mut TcpStream) -> String {
    // The handshake may still be under way; a blocking read waits for it.
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let (mut said, mut byte) = (Vec::new(), [0]);
    while !said.ends_with(b"\r\n") && !said.ends_with(b"your call: ") {
        match stream.read(&mut byte).unwrap() {
            0 => panic!("closed after {:?}", String::from_utf8_lossy(&said)),
            _ => said.push(byte[0]),
        }
    }
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn two_thousand_strangers_at_once_are_served_or_politely_refused() {
    let mut server = FeedServer::new();
    let running = node(|node| {
        node.feeds.push(server.feed("rbn"));
        node.limits.per_address = PER_ADDRESS;
        node.limits.pre_login = PRE_LOGIN;
    });
    let mut feed = server.log_in();
    let hostile = |n: usize| Ipv4Addr::new(127, 0, 1, (n / FROM_EACH) as u8);
    let mut crowd: Vec<TcpStream> = (0..CROWD).map(|n| dial(hostile(n), running.telnet)).collect();
    let said: Vec<String> = crowd.iter_mut().map(first_words).collect();
    let count = |words: &str| said.iter().filter(|text| text.contains(words)).count() as u64;
    let served = count("login: Please enter your call: ");
    let (address, pre_login) =
        (count("Sorry, too many connections from your address."), count("Sorry, too many log-ins under way."));
    assert_eq!(served + address + pre_login, CROWD as u64, "somebody heard something else");
    assert!(served <= u64::from(PRE_LOGIN) && address > 0 && pre_login > 0, "{served} {address} {pre_login}");
    // Every address has more than its share, so only the bound on log-ins can end the giving.
    assert!(served >= u64::from(PRE_LOGIN) - 8, "{served}");
    assert_eq!(over_cores(&running, |s| s.accepted.get()), served);
    assert_eq!(over_cores(&running, |s| s.refused(Refusal::Address).get()), address);
    assert_eq!(over_cores(&running, |s| s.refused(Refusal::PreLogin).get()), pre_login);

    // Alive, and the operator at 127.0.0.1 gets in.
    let mut user = User::log_in(running.telnet, "K1ABC");
    feed.write_all(spot_line("K2XYZ").as_bytes()).unwrap();
    assert!(user.spot().contains("K2XYZ"));

    // When they leave, their places are free.
    drop(crowd);
    until("all strangers are gone", || over_cores(&running, |s| s.connections.get()) == 1);
    for n in 0..PER_ADDRESS {
        let said = first_words(&mut dial(Ipv4Addr::new(127, 0, 1, 0), running.telnet));
        assert!(said.contains("login:"), "connection {n}: {said}");
    }
    stop(running);
}

#[test]
fn two_thousand_from_the_exempt_loopback_are_all_served() {
    let running = node(|node| {
        node.limits.per_address = PER_ADDRESS;
        node.limits.pre_login = 1;
    });
    let mut crowd: Vec<TcpStream> = (0..CROWD).map(|_| dial(Ipv4Addr::LOCALHOST, running.telnet)).collect();
    for stream in &mut crowd {
        assert_eq!(first_words(stream), "login: Please enter your call: ");
    }
    assert_eq!(over_cores(&running, |s| s.accepted.get()), CROWD as u64);
    assert_eq!(over_cores(&running, |s| Refusal::ALL.iter().map(|why| s.refused(*why).get()).sum()), 0);
    drop(crowd);
    until("all are gone", || over_cores(&running, |s| s.connections.get()) == 0);
    stop(running);
}
