//! What users type: any bytes as one command line, and through a session from accept on.
#![no_main]

use dxring::config;
use dxring::engine::TestClock;
use dxring::filter::Context;
use dxring::reference::Cty;
use dxring::spot::{Grid, SessionId, Utc};
use dxring::telnet::commands::{read_post, read_show_dx};
use dxring::telnet::{NodeView, Parsed, Session, SessionOut, parse_command};
use libfuzzer_sys::fuzz_target;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

static CTY: LazyLock<Cty> = LazyLock::new(Cty::embedded);
static SETTINGS: LazyLock<config::Node> = LazyLock::new(config::Node::default);

fuzz_target!(|bytes: &[u8]| {
    if let Parsed::Command { args, .. } = parse_command(bytes) {
        let _ = read_post(args.rest);
        let context = Context { cty: &CTY, feeds: &[], grid: Grid::NONE, default_filter: &[] };
        let _ = read_show_dx(&args, &context);
    }
    let now = TestClock::at(Utc::from_civil(2025, 12, 6, 13, 59, 0)).now();
    let node = NodeView { settings: &SETTINGS, users: &[], feeds: &[], digest: &dxring::telnet::Digest::EMPTY, cty: &CTY, bans: dxring::accounts::BanList::empty(), started: now.utc, now };
    let mut out = SessionOut::default();
    let mut session = Session::new(SessionId::new(0, 1, 1), IpAddr::V4(Ipv4Addr::LOCALHOST), now);
    session.on_connect(&node, &mut out);
    for piece in bytes.chunks(64) {
        if session.wants_bytes() {
            session.on_bytes(&node, piece, &mut out);
        }
        session.on_history(&node, 1, b"", &mut out);
    }
});
