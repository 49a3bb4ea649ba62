//! DX: a user's spot, from the line to its fate.

use super::resolve::{Args, words};
use super::{Command, ECHO_BYTES_MAX, Exec, Next, Wait};
use crate::reference::{Lookup, enrich};
use crate::spot::{self, Band, COMMENT_BYTES_MAX, Call, Class, Flags, Freq, Spot, Verdict};
use crate::telnet::wash::excerpt;
use crate::telnet::{Action, NodeView};
use crate::wire;
use std::fmt;
use std::io::Write;

/// The commands of this file.
pub(super) static ROWS: &[Command] = &[
    Command {
        path: "DX",
        run: post,
        usage: "DX freq call [comment]   or   DX call freq [comment]",
        brief: "post a spot",
        more: "The frequency is in kHz (14025.3) or MHz (14.0253). You are told what became\n\
               of the spot: how many users here got it, whose duplicate it was, or why it was\n\
               refused. A mode and a report in the comment are understood: CW 599, FT8 -12\n\
               dB, UP 2.",
    },
    Command {
        path: "DXTEST",
        run: test_post,
        usage: "DXTEST freq call [comment]",
        brief: "what a DX of yours would look like, to you alone",
        more: "In the layout you have. Nothing is sent to anybody.",
    },
];

/// A post as typed, checked as far as the line alone allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draft<'a> {
    /// Frequency; lies in a band, or above all of them.
    pub freq: Freq,
    /// Station heard; has the shape of a call, without SSID.
    pub dx: Call,
    /// The rest of the line.
    pub comment: &'a [u8],
}

/// What is wrong with a post. Its text is the reply.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PostFault {
    /// Too few words.
    Usage,
    /// Neither of the first two words is a number.
    NoFrequency,
    /// `DX 0 CALL`: the radio was not connected to the logger.
    Zero,
    /// No band, neither as kHz nor as MHz.
    NotInBand(Freq),
    /// Not a call.
    NotACall(String),
    /// A call of no country.
    NoCountry(Call),
}

impl fmt::Display for PostFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const USAGE: &str = "Usage: DX freq call [comment], for example DX 14025.3 K1ABC up 2.";
        match self {
            PostFault::Usage => f.write_str(USAGE),
            PostFault::NoFrequency => f.write_str("A frequency is missing, as in DX 14025.3 K1ABC up 2."),
            PostFault::Zero => f.write_str("Frequency 0 is not in band. Is your logger connected to the radio?"),
            PostFault::NotInBand(freq) => {
                write!(f, "{} kHz is not in band. Give kHz, as 14025.3, or MHz, as 14.0253.", khz(*freq))
            }
            PostFault::NotACall(text) => write!(f, "{text} is not a callsign that can be spotted."),
            PostFault::NoCountry(call) => write!(f, "{call}: refused: it belongs to no country that this node knows."),
        }
    }
}

/// Reads what follows `DX`: frequency and call in either order, then the comment.
pub fn read_post(rest: &[u8]) -> Result<Draft<'_>, PostFault> {
    let mut typed = words(rest);
    let (Some(first), Some(second)) = (typed.next(), typed.next()) else {
        return Err(PostFault::Usage);
    };
    let (freq, call) = match (read_number(first), read_number(second)) {
        (Some(freq), _) => (freq, second),
        (None, Some(freq)) => (freq, first),
        (None, None) => return Err(PostFault::NoFrequency),
    };
    let freq = in_band(freq)?;
    let dx = read_call(call).ok_or_else(|| PostFault::NotACall(excerpt(call, ECHO_BYTES_MAX)))?;
    let after = second.as_ptr() as usize - rest.as_ptr() as usize + second.len();
    Ok(Draft { freq, dx, comment: rest[after..].trim_ascii() })
}

/// A number with decimals after a point or a comma: what it is as kHz, and as MHz.
fn read_number(text: &[u8]) -> Option<(Freq, Freq)> {
    let mut buf = [0u8; 16];
    let buf = buf.get_mut(..text.len())?;
    buf.copy_from_slice(text);
    if let Some(comma) = buf.iter_mut().find(|b| **b == b',') {
        *comma = b'.';
    }
    let as_khz = Freq::parse_khz(buf)?;
    let point = buf.iter().position(|&b| b == b'.').unwrap_or(buf.len());
    let decimals = buf.get(point + 1..).unwrap_or_default().iter().chain(std::iter::repeat(&b'0'));
    let below_mhz = decimals.take(6).fold(0, |hz, digit| hz * 10 + u64::from(digit - b'0'));
    let as_mhz = as_khz.khz().saturating_mul(1_000_000).saturating_add(below_mhz);
    Some((as_khz, Freq::from_hz(as_mhz)))
}

/// The frequency as it is when a band holds it or it lies above the table, as the gate has it; else as MHz, when
/// a band holds that: 14400 is a slip on 20 m, not 14.4 GHz.
fn in_band((as_khz, as_mhz): (Freq, Freq)) -> Result<Freq, PostFault> {
    // A hertz count near the end of u64 would overflow when it is rounded to the lines' 0.1 kHz.
    let is_in_band = |freq: Freq| freq <= Freq::MICROWAVE_MAX && Band::of(freq) != Band::None;
    match () {
        () if as_khz.hz() == 0 => Err(PostFault::Zero),
        () if is_in_band(as_khz) || Band::is_microwave(as_khz) => Ok(as_khz),
        () if is_in_band(as_mhz) => Ok(as_mhz),
        () => Err(PostFault::NotInBand(as_khz)),
    }
}

/// A call as it goes on the air: its SSID belongs to packet radio and would confuse every logger.
fn read_call(text: &[u8]) -> Option<Call> {
    let call = spot::collapse_ssid(&spot::canonical(text)?);
    let is_call = spot::is_plausible(&spot::base_call(&call)) && !call.as_bytes().contains(&b'#');
    is_call.then_some(call)
}

/// Runs DX.
pub(super) fn post(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    if !exec.user.may_post {
        exec.line(format_args!("{}", exec.user.guest_line(exec.node.settings)));
        return Next::Prompt;
    }
    let draft = read_post(args.rest).and_then(|draft| in_a_country(draft, exec.node));
    match draft {
        Err(fault) => {
            exec.line(format_args!("{fault}"));
            Next::Prompt
        }
        Ok(draft) => {
            let (spot, is_cut) = to_spot(&draft, exec);
            exec.out.actions.push(Action::Post(spot));
            Next::Wait(Wait::Verdict(Posted { dx: draft.dx, freq: spot.freq, is_cut }))
        }
    }
}

/// The line as its poster would see it, and nobody else does.
fn test_post(exec: &mut Exec<'_>, args: &Args<'_>) -> Next {
    match read_post(args.rest).and_then(|draft| in_a_country(draft, exec.node)) {
        Err(fault) => exec.line(format_args!("{fault}")),
        Ok(draft) => {
            let (mut spot, _) = to_spot(&draft, exec);
            enrich(exec.node.cty, &mut spot);
            let style = exec.user.settings.preferences.style;
            wire::spot_line(&spot, style, &mut exec.out.bytes);
            exec.out.bytes.extend_from_slice(b"\r\n");
        }
    }
    Next::Prompt
}

fn in_a_country<'a>(draft: Draft<'a>, node: &NodeView<'_>) -> Result<Draft<'a>, PostFault> {
    match node.cty.lookup(&draft.dx) {
        Lookup::Unknown => Err(PostFault::NoCountry(draft.dx)),
        _ => Ok(draft),
    }
}

fn to_spot(draft: &Draft<'_>, exec: &Exec<'_>) -> (Spot, bool) {
    let now = exec.node.now;
    let mut spot = Spot::empty();
    spot.dx = draft.dx;
    spot.de = exec.user.call;
    spot.set_freq(draft.freq);
    spot.read_ns = now.mono_ns;
    spot.time = now.utc;
    spot.set_class(Class::Human);
    spot.feed = Spot::FEED_POSTS;
    spot.post = exec.user.id;
    spot.flags.set(Flags::POST, true);
    spot.flags.set(Flags::BEACON, draft.dx.as_bytes().ends_with(b"/B"));
    spot.flags.set(Flags::TEST_SPOTTER, spot::test_spotter_base(&exec.user.call).is_some());
    spot.node = Call::new(exec.node.settings.callsign.as_bytes()).unwrap_or_default();
    let is_cut = spot.set_comment(draft.comment);
    let said = wire::comment(draft.comment, draft.freq);
    spot.set_mode(said.mode);
    spot.set_snr(said.snr);
    spot.speed = said.speed;
    spot.flags.set(Flags::SPEED_BPS, said.speed_bps);
    (spot, is_cut)
}

/// A post on the road, as its reply names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Posted {
    dx: Call,
    freq: Freq,
    is_cut: bool,
}

impl fmt::Display for Posted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {} kHz", self.dx, khz(self.freq))
    }
}

/// Tells what became of a post, as one line.
pub(in crate::telnet) fn tell_fate(post: &Posted, verdict: &Verdict, out: &mut Vec<u8>) {
    // Writing to a vector cannot fail.
    let _ = match verdict {
        Verdict::Sent { users: 1 } => write!(out, "{post}: sent to 1 user here"),
        Verdict::Sent { users } => write!(out, "{post}: sent to {users} users here"),
        Verdict::Duplicate { of, age_s } => write!(out, "{post}: duplicate of {of}'s spot {age_s} s ago"),
        Verdict::Refused(why) => write!(out, "{post}: refused: {why}"),
    };
    if post.is_cut && matches!(verdict, Verdict::Sent { .. }) {
        let _ = write!(out, " (comment cut to {COMMENT_BYTES_MAX} bytes)");
    }
    out.extend_from_slice(b"\r\n");
}

/// `14025.3`.
fn khz(freq: Freq) -> String {
    let tenths = freq.tenths_khz();
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(text: &str) -> Result<(u64, String, String), PostFault> {
        let draft = read_post(text.as_bytes())?;
        let comment = String::from_utf8_lossy(draft.comment).into_owned();
        Ok((draft.freq.hz(), draft.dx.to_string(), comment))
    }
    fn good(hz: u64, dx: &str, comment: &str) -> Result<(u64, String, String), PostFault> {
        Ok((hz, dx.into(), comment.into()))
    }

    #[test]
    fn either_order_and_every_form_of_frequency() {
        for (text, hz, dx, comment) in [
            ("14025.3 K1ABC up 2  tnx", 14_025_300, "K1ABC", "up 2  tnx"),
            ("k1abc 14025.3", 14_025_300, "K1ABC", ""),
            ("14025 K1ABC", 14_025_000, "K1ABC", ""),
            ("14025.25 K1ABC", 14_025_250, "K1ABC", ""),
            ("14025.255 K1ABC", 14_025_255, "K1ABC", ""),
            ("14025,3 K1ABC", 14_025_300, "K1ABC", ""),
            ("14.0253 K1ABC", 14_025_300, "K1ABC", ""),
            ("14,025300 K1ABC", 14_025_300, "K1ABC", ""),
            ("14,025 K1ABC", 14_025_000, "K1ABC", ""),
            ("144.300 K1ABC", 144_300_000, "K1ABC", ""),
            ("432 DL0ABC", 432_000_000, "DL0ABC", ""),
            ("137 DL0ABC", 137_000, "DL0ABC", ""),
            ("5262 G4ABC", 5_262_000, "G4ABC", ""),
            ("10368100 DL0ABC", 10_368_100_000, "DL0ABC", ""),
            ("10368100.5 DL0ABC", 10_368_100_500, "DL0ABC", ""),
            ("DL0ABC 241000000", 241_000_000_000, "DL0ABC", ""),
            ("  7010.0   EA8/DF4UI/P   CQ  ", 7_010_000, "EA8/DF4UI/P", "CQ"),
            ("14074.0 K1ABC FT8 -12 dB FN42", 14_074_000, "K1ABC", "FT8 -12 dB FN42"),
            ("14025 W1AW-2 x", 14_025_000, "W1AW", "x"),
            ("14025 14025 is no call", 0, "", ""),
        ] {
            let want = if dx.is_empty() { Err(PostFault::NotACall("14025".into())) } else { good(hz, dx, comment) };
            assert_eq!(draft(text), want, "{text}");
        }
    }

    #[test]
    fn faults_are_told_apart() {
        for (text, fault) in [
            ("", PostFault::Usage),
            ("14025", PostFault::Usage),
            ("K1ABC", PostFault::Usage),
            ("K1ABC nonsense", PostFault::NoFrequency),
            ("by W1AW 14025 K1ABC", PostFault::NoFrequency),
            ("0 K1ABC", PostFault::Zero),
            ("0.0 K1ABC", PostFault::Zero),
            ("13000 K1ABC", PostFault::NotInBand(Freq::from_khz(13_000))),
            ("14400 K1ABC", PostFault::NotInBand(Freq::from_khz(14_400))),
            ("10368.1 K1ABC", PostFault::NotInBand(Freq::from_hz(10_368_100))),
            ("300000000.1 K1ABC", PostFault::NotInBand(Freq::from_hz(300_000_000_100))),
            ("999999999999999 K1ABC", PostFault::NotInBand(Freq::from_khz(999_999_999_999_999))),
            ("14025 FT8", PostFault::NotACall("FT8".into())),
            ("14025 W3LPL-#", PostFault::NotACall("W3LPL-#".into())),
            ("14025 hello", PostFault::NotACall("hello".into())),
        ] {
            assert_eq!(draft(text), Err(fault), "{text}");
        }
        assert!(PostFault::Zero.to_string().contains("not in band"));
        assert!(PostFault::NotInBand(Freq::from_khz(13_000)).to_string().starts_with("13000.0 kHz is not in band"));
    }

    #[test]
    fn fates_say_the_words_that_programs_look_for() {
        let post = Posted { dx: Call::literal("K1ABC"), freq: Freq::from_khz(14_025), is_cut: true };
        let fate = |verdict| {
            let mut out = Vec::new();
            tell_fate(&post, &verdict, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(
            fate(Verdict::Sent { users: 2 }),
            "K1ABC on 14025.0 kHz: sent to 2 users here (comment cut to 96 bytes)\r\n"
        );
        assert_eq!(
            fate(Verdict::Duplicate { of: Call::literal("W3LPL"), age_s: 40 }),
            "K1ABC on 14025.0 kHz: duplicate of W3LPL's spot 40 s ago\r\n"
        );
        assert_eq!(fate(Verdict::Refused("too fast")), "K1ABC on 14025.0 kHz: refused: too fast\r\n");
    }
}
