//! MQTT's byte stream to packets, for a client that subscribes at QoS 0 (MQTT 3.1.1 and 5.0, sections 2 and 3.3).
//!
//! A report is the payload of a PUBLISH. Nothing else of that packet is needed (the topic repeats the payload),
//! so it is stepped over unread. All other packets are few and small: they are handed over whole, for a library
//! that knows the protocol.

/// Longest packet that is no PUBLISH, in bytes with its header: a SUBACK of 240 topics has 250, a CONNACK or
/// DISCONNECT with a reason in words and a few properties some hundred.
pub const MQTT_PACKET_BYTES_MAX: usize = 4_096;

const PUBLISH: u8 = 3;
/// Bytes of a remaining length (MQTT 2.2.3; 5.0: 1.5.5).
const LENGTH_BYTES_MAX: u32 = 4;

/// What a broker sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MqttFrame<'a> {
    /// The payload of a PUBLISH of QoS 0, retained or not.
    Payload(&'a [u8]),
    /// A CONNACK, SUBACK, PINGRESP or DISCONNECT, whole, from its first byte on.
    Packet(&'a [u8]),
}

/// How the other side breaks the protocol. After a fault the stream cannot be read on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MqttFault {
    /// A length of more than four bytes.
    Length,
    /// A packet type that is reserved, that only clients send, or that answers what we never say.
    Type,
    /// Flags of a packet that has none.
    Flags,
    /// A PUBLISH of QoS 1, 2 or 3: a broker may not send more than the 0 that was subscribed.
    Qos,
    /// A topic or properties that end behind their packet.
    Overrun,
    /// A PUBLISH without a topic; MQTT 5 allows that, for aliases.
    NoTopic,
    /// A packet longer than [`MQTT_PACKET_BYTES_MAX`].
    TooLong,
}

impl MqttFault {
    /// For the operator.
    pub const fn words(self) -> &'static str {
        match self {
            MqttFault::Length => "sent a packet length of more than four bytes",
            MqttFault::Type => "sent a packet of a type that is not a broker's to send",
            MqttFault::Flags => "sent reserved flags",
            MqttFault::Qos => "sent a message above QoS 0, which was all that we subscribed",
            MqttFault::Overrun => "sent a message whose topic or properties end behind it",
            MqttFault::NoTopic => "sent a message without a topic",
            MqttFault::TooLong => "sent a control packet longer than 4096 bytes",
        }
    }
}

/// A number of one to four bytes, seven bits each, lowest first.
#[derive(Clone, Copy, Debug, Default)]
struct Length {
    value: u32,
    bytes: u32,
}

impl Length {
    /// The number, once its last byte is there.
    #[inline]
    fn push(&mut self, byte: u8) -> Result<Option<u32>, MqttFault> {
        self.value |= u32::from(byte & 0x7F) << (7 * self.bytes);
        self.bytes += 1;
        match byte & 0x80 {
            0 => Ok(Some(self.value)),
            _ if self.bytes == LENGTH_BYTES_MAX => Err(MqttFault::Length),
            _ => Ok(None),
        }
    }
}

/// Where in a packet we are. `left`: bytes of the packet that have not come.
#[derive(Clone, Copy, Debug)]
enum State {
    Start,
    Length {
        is_publish: bool,
        length: Length,
    },
    TopicLength {
        left: u32,
        high: Option<u8>,
    },
    Topic {
        left: u32,
        skip: u32,
    },
    PropertiesLength {
        left: u32,
        length: Length,
    },
    Properties {
        left: u32,
        skip: u32,
    },
    Payload {
        left: u32,
    },
    /// A payload above the bound.
    Discard {
        left: u32,
    },
    Packet {
        left: u32,
    },
    Broken(MqttFault),
}

/// Cuts a byte stream into frames, whatever the pieces it arrives in.
///
/// Memory: what is unfinished, at most the larger of [`MQTT_PACKET_BYTES_MAX`] and `payload_bytes_max`, taken once.
#[derive(Clone, Debug)]
pub struct MqttFramer {
    /// MQTT 5: properties stand behind the topic.
    has_properties: bool,
    payload_bytes_max: u32,
    state: State,
    /// The beginning of a payload, or of another packet with its header.
    held: Vec<u8>,
    too_long: u64,
}

impl MqttFramer {
    /// With nothing pending. `has_properties`: the connection speaks MQTT 5.
    pub fn new(has_properties: bool, payload_bytes_max: u32) -> MqttFramer {
        let held = Vec::with_capacity(MQTT_PACKET_BYTES_MAX.max(payload_bytes_max as usize));
        MqttFramer { has_properties, payload_bytes_max, state: State::Start, held, too_long: 0 }
    }

    /// Takes bytes off the front of `bytes` until a frame is complete; `None`: all are taken, and more must come.
    /// A payload that lies whole in `bytes` is not copied. Nothing is allocated.
    ///
    /// # Errors
    /// What the other side did wrong; again at every later call.
    #[inline]
    pub fn next<'f, 'b: 'f>(&'f mut self, bytes: &mut &'b [u8]) -> Result<Option<MqttFrame<'f>>, MqttFault> {
        if let State::Start = self.state
            && let Some((payload, rest)) = self.whole(bytes)
        {
            *bytes = rest;
            return Ok(Some(MqttFrame::Payload(payload)));
        }
        self.piecewise(bytes)
    }

    /// The payload of a PUBLISH that lies whole at the front of `bytes`, and what stands behind it. `None` for
    /// everything else, faults included: [`MqttFramer::piecewise`] knows them.
    #[inline]
    fn whole<'b>(&self, bytes: &'b [u8]) -> Option<(&'b [u8], &'b [u8])> {
        let (first, rest) = bytes.split_first()?;
        if first >> 4 != PUBLISH || qos(*first) != 0 {
            return None;
        }
        let (length, rest) = whole_length(rest)?;
        let (body, rest) = rest.split_at_checked(length)?;
        let ([high, low], body) = body.split_first_chunk::<2>()?;
        let topic_bytes = usize::from(u16::from_be_bytes([*high, *low]));
        if topic_bytes == 0 && !self.has_properties {
            return None;
        }
        let mut body = body.get(topic_bytes..)?;
        if self.has_properties {
            let (length, behind) = whole_length(body)?;
            body = behind.get(length..)?;
        }
        (body.len() <= self.payload_bytes_max as usize).then_some((body, rest))
    }

    #[inline(never)]
    fn piecewise<'f, 'b: 'f>(&'f mut self, bytes: &mut &'b [u8]) -> Result<Option<MqttFrame<'f>>, MqttFault> {
        loop {
            self.state = match self.state {
                State::Start => {
                    let Some(first) = take_byte(bytes) else { return Ok(None) };
                    self.held.clear();
                    let is_publish = first >> 4 == PUBLISH;
                    if let Some(fault) = fault_of_first(first, self.has_properties) {
                        return self.fail(fault);
                    }
                    if !is_publish {
                        self.held.push(first);
                    }
                    State::Length { is_publish, length: Length::default() }
                }
                State::Length { is_publish, mut length } => {
                    let Some(byte) = take_byte(bytes) else { return Ok(None) };
                    if !is_publish {
                        self.held.push(byte);
                    }
                    match length.push(byte) {
                        Err(fault) => return self.fail(fault),
                        Ok(None) => State::Length { is_publish, length },
                        Ok(Some(left)) if is_publish => State::TopicLength { left, high: None },
                        Ok(Some(left)) if left as usize > MQTT_PACKET_BYTES_MAX - self.held.len() => {
                            return self.fail(MqttFault::TooLong);
                        }
                        Ok(Some(left)) => State::Packet { left },
                    }
                }
                State::TopicLength { left: 0, .. } => return self.fail(MqttFault::Overrun),
                State::TopicLength { left, high } => {
                    let Some(byte) = take_byte(bytes) else { return Ok(None) };
                    let left = left - 1;
                    match high {
                        None => State::TopicLength { left, high: Some(byte) },
                        Some(high) => {
                            let skip = u32::from(u16::from_be_bytes([high, byte]));
                            if skip > left {
                                return self.fail(MqttFault::Overrun);
                            }
                            if skip == 0 && !self.has_properties {
                                return self.fail(MqttFault::NoTopic);
                            }
                            State::Topic { left, skip }
                        }
                    }
                }
                State::Topic { left, skip: 0 } if self.has_properties => {
                    State::PropertiesLength { left, length: Length::default() }
                }
                State::Topic { left, skip: 0 } | State::Properties { left, skip: 0 } => self.payload(left),
                State::Topic { left, skip } => {
                    let n = step_over(bytes, skip);
                    if n == 0 {
                        return Ok(None);
                    }
                    State::Topic { left: left - n, skip: skip - n }
                }
                State::PropertiesLength { left: 0, .. } => return self.fail(MqttFault::Overrun),
                State::PropertiesLength { left, mut length } => {
                    let Some(byte) = take_byte(bytes) else { return Ok(None) };
                    let left = left - 1;
                    match length.push(byte) {
                        Err(fault) => return self.fail(fault),
                        Ok(None) => State::PropertiesLength { left, length },
                        Ok(Some(skip)) if skip > left => return self.fail(MqttFault::Overrun),
                        Ok(Some(skip)) => State::Properties { left, skip },
                    }
                }
                State::Properties { left, skip } => {
                    let n = step_over(bytes, skip);
                    if n == 0 {
                        return Ok(None);
                    }
                    State::Properties { left: left - n, skip: skip - n }
                }
                State::Payload { left } if self.held.is_empty() && bytes.len() >= left as usize => {
                    self.state = State::Start;
                    let (payload, rest) = bytes.split_at(left as usize);
                    *bytes = rest;
                    return Ok(Some(MqttFrame::Payload(payload)));
                }
                State::Payload { left: 0 } => {
                    self.state = State::Start;
                    return Ok(Some(MqttFrame::Payload(&self.held)));
                }
                State::Payload { left } => {
                    let n = self.hold(bytes, left);
                    if n == 0 {
                        return Ok(None);
                    }
                    State::Payload { left: left - n }
                }
                State::Discard { left: 0 } => State::Start,
                State::Discard { left } => {
                    let n = step_over(bytes, left);
                    if n == 0 {
                        return Ok(None);
                    }
                    State::Discard { left: left - n }
                }
                State::Packet { left: 0 } => {
                    self.state = State::Start;
                    return Ok(Some(MqttFrame::Packet(&self.held)));
                }
                State::Packet { left } => {
                    let n = self.hold(bytes, left);
                    if n == 0 {
                        return Ok(None);
                    }
                    State::Packet { left: left - n }
                }
                State::Broken(fault) => return Err(fault),
            };
        }
    }

    /// The payload begins, `left` bytes long.
    fn payload(&mut self, left: u32) -> State {
        if left > self.payload_bytes_max {
            self.too_long += 1;
            return State::Discard { left };
        }
        State::Payload { left }
    }

    /// Keeps what is there of `left` bytes; both callers checked `left` against the bound.
    fn hold(&mut self, bytes: &mut &[u8], left: u32) -> u32 {
        let n = bytes.len().min(left as usize);
        let (piece, rest) = bytes.split_at(n);
        self.held.extend_from_slice(piece);
        *bytes = rest;
        n as u32
    }

    fn fail<T>(&mut self, fault: MqttFault) -> Result<T, MqttFault> {
        self.state = State::Broken(fault);
        self.held.clear();
        Err(fault)
    }

    /// Whether a PUBLISH has begun and not ended. When a connection ends there, a message was cut off; the rest
    /// of one that was too long is not counted again.
    pub fn is_inside_message(&self) -> bool {
        match self.state {
            State::Length { is_publish, .. } => is_publish,
            State::TopicLength { .. }
            | State::Topic { .. }
            | State::PropertiesLength { .. }
            | State::Properties { .. }
            | State::Payload { .. } => true,
            State::Start | State::Discard { .. } | State::Packet { .. } | State::Broken(_) => false,
        }
    }

    /// Payloads stepped over because they were too long, since the framer was made.
    pub fn too_long(&self) -> u64 {
        self.too_long
    }

    /// Bytes kept of what is unfinished.
    pub fn held_bytes(&self) -> usize {
        self.held.len()
    }
}

/// Quality of service of a PUBLISH, from its first byte.
#[inline]
const fn qos(first: u8) -> u8 {
    (first >> 1) & 3
}

/// What is wrong with a packet, by its first byte (table 2-1). To a client that only subscribes, once, at QoS 0, a
/// broker may send CONNACK, PUBLISH, SUBACK, PINGRESP and, in MQTT 5, DISCONNECT; all but PUBLISH without flags.
fn fault_of_first(first: u8, is_v5: bool) -> Option<MqttFault> {
    match first >> 4 {
        PUBLISH => (qos(first) != 0).then_some(MqttFault::Qos),
        2 | 9 | 13 => (first & 0x0F != 0).then_some(MqttFault::Flags),
        14 if is_v5 => (first & 0x0F != 0).then_some(MqttFault::Flags),
        _ => Some(MqttFault::Type),
    }
}

/// A length at the front of `bytes`, and what stands behind it; `None` when it is unfinished or too long.
#[inline]
fn whole_length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = Length::default();
    let mut rest = bytes;
    loop {
        let (byte, behind) = rest.split_first()?;
        rest = behind;
        if let Some(value) = length.push(*byte).ok()? {
            return Some((value as usize, rest));
        }
    }
}

fn take_byte(bytes: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*byte)
}

/// Drops at most `n` bytes; returns how many.
fn step_over(bytes: &mut &[u8], n: u32) -> u32 {
    let n = bytes.len().min(n as usize);
    *bytes = &bytes[n..];
    n as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MAX: u32 = 300;

    fn length(mut n: usize) -> Vec<u8> {
        let mut out = Vec::new();
        loop {
            let more = n > 127;
            out.push((n % 128) as u8 | if more { 128 } else { 0 });
            n /= 128;
            if !more {
                return out;
            }
        }
    }

    fn packet(first: u8, body: &[u8]) -> Vec<u8> {
        [&[first], &length(body.len())[..], body].concat()
    }

    fn publish(first: u8, topic: &[u8], properties: Option<&[u8]>, payload: &[u8]) -> Vec<u8> {
        let mut body = (topic.len() as u16).to_be_bytes().to_vec();
        body.extend(topic);
        if let Some(properties) = properties {
            body.extend(length(properties.len()));
            body.extend(properties);
        }
        body.extend(payload);
        packet(first, &body)
    }

    /// Frames as text, `P` payloads and `C` others, then the fault.
    fn frames(framer: &mut MqttFramer, pieces: &[&[u8]]) -> (Vec<(char, Vec<u8>)>, Option<MqttFault>) {
        let mut out = Vec::new();
        for piece in pieces {
            let mut rest = *piece;
            loop {
                match framer.next(&mut rest) {
                    Ok(Some(MqttFrame::Payload(payload))) => out.push(('P', payload.to_vec())),
                    Ok(Some(MqttFrame::Packet(packet))) => out.push(('C', packet.to_vec())),
                    Ok(None) => break,
                    Err(fault) => return (out, Some(fault)),
                }
            }
            assert!(rest.is_empty());
            assert!(framer.held_bytes() <= MQTT_PACKET_BYTES_MAX.max(MAX as usize));
        }
        (out, None)
    }

    fn fault(is_v5: bool, bytes: &[u8]) -> Option<MqttFault> {
        let whole = frames(&mut MqttFramer::new(is_v5, MAX), &[bytes]);
        let ones: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(frames(&mut MqttFramer::new(is_v5, MAX), &ones), whole);
        whole.1
    }

    #[test]
    fn a_payload_in_one_read_is_not_copied() {
        for (is_v5, bytes) in [
            (false, publish(0x30, b"pskr/a", None, b"{}")),
            (true, publish(0x31, b"", Some(&[35, 0, 1]), b"{}")),
            (true, publish(0x30, b"t", Some(b""), b"{}")),
        ] {
            let mut framer = MqttFramer::new(is_v5, MAX);
            let mut rest = &bytes[..];
            let Ok(Some(MqttFrame::Payload(payload))) = framer.next(&mut rest) else { panic!("{bytes:?}") };
            assert!(std::ptr::eq(payload, &bytes[bytes.len() - 2..]) && rest.is_empty());
            // Nor one whose topic came in the read before.
            let (head, tail) = bytes.split_at(bytes.len() - 2);
            let mut rest = head;
            assert_eq!(framer.next(&mut rest), Ok(None));
            let mut rest = tail;
            let Ok(Some(MqttFrame::Payload(payload))) = framer.next(&mut rest) else { panic!("{bytes:?}") };
            assert!(std::ptr::eq(payload, tail));
        }
    }

    #[test]
    fn the_longest_payload_passes_and_one_more_byte_does_not() {
        for is_v5 in [false, true] {
            let properties = is_v5.then_some(&b""[..]);
            let longest = publish(0x30, b"t", properties, &vec![b'x'; MAX as usize]);
            let too_long = publish(0x30, b"t", properties, &vec![b'x'; MAX as usize + 1]);
            let empty = publish(0x30, b"t", properties, b"");
            let all = [longest, too_long, vec![0xD0, 0], empty].concat();
            for n in [1, 7, all.len()] {
                let mut framer = MqttFramer::new(is_v5, MAX);
                let pieces: Vec<&[u8]> = all.chunks(n).collect();
                let (got, fault) = frames(&mut framer, &pieces);
                let want = [('P', vec![b'x'; MAX as usize]), ('C', vec![0xD0, 0]), ('P', vec![])];
                assert_eq!((got, fault, framer.too_long()), (want.to_vec(), None, 1));
            }
        }
    }

    #[test]
    fn a_payload_of_a_quarter_gigabyte_is_stepped_over() {
        let mut framer = MqttFramer::new(false, MAX);
        let mut head = vec![0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1, b't'];
        let (mut left, chunk) = (268_435_455 - 3, vec![0; 1 << 20]);
        assert_eq!(frames(&mut framer, &[&head]), (vec![], None));
        assert!(!framer.is_inside_message(), "it is counted already");
        while left > 0 {
            let n = chunk.len().min(left);
            assert_eq!(frames(&mut framer, &[&chunk[..n]]), (vec![], None));
            left -= n;
        }
        head = publish(0x30, b"t", None, b"next");
        assert_eq!(frames(&mut framer, &[&head]).0, [('P', b"next".to_vec())]);
        assert_eq!((framer.too_long(), framer.held_bytes()), (1, 0));
    }

    #[test]
    fn every_breach_has_its_name() {
        for (is_v5, bytes, expected) in [
            (false, &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 1][..], MqttFault::Length),
            (false, &[0x20, 0x80, 0x80, 0x80, 0x80], MqttFault::Length),
            (true, &publish(0x30, b"t", None, &[0x80, 0x80, 0x80, 0x80, 0x00]), MqttFault::Length),
            (false, &[0x00, 0], MqttFault::Type),
            (false, &[0x10, 0], MqttFault::Type),
            (false, &[0x82, 0], MqttFault::Type),
            (false, &[0xA2, 0], MqttFault::Type),
            (false, &[0xC0, 0], MqttFault::Type),
            (false, &[0xE0, 0], MqttFault::Type),
            (false, &[0xF0, 0], MqttFault::Type),
            (false, &[0x21, 2, 0, 0], MqttFault::Flags),
            (true, &[0xE1, 0], MqttFault::Flags),
            (false, &[0x62, 2, 0, 1], MqttFault::Type),
            (true, &[0xF0, 0], MqttFault::Type),
            (false, &publish(0x32, b"t", None, b"\0\x01{}"), MqttFault::Qos),
            (true, &publish(0x34, b"t", None, b"\0\x01{}"), MqttFault::Qos),
            (false, &[0x36, 0], MqttFault::Qos),
            (false, &[0x30, 0], MqttFault::Overrun),
            (false, &[0x30, 1, 0], MqttFault::Overrun),
            (false, &[0x30, 3, 0, 2, b't'], MqttFault::Overrun),
            (true, &[0x30, 3, 0, 1, b't'], MqttFault::Overrun),
            (true, &[0x30, 4, 0, 1, b't', 1], MqttFault::Overrun),
            (false, &publish(0x30, b"", None, b"{}"), MqttFault::NoTopic),
            (false, &packet(0x90, &[0; MQTT_PACKET_BYTES_MAX - 2]), MqttFault::TooLong),
            (false, &[0x20, 0xFF, 0xFF, 0xFF, 0x7F], MqttFault::TooLong),
        ] {
            assert_eq!(fault(is_v5, bytes), Some(expected), "{bytes:02X?}");
            // After good packets too, and for ever.
            let mut framer = MqttFramer::new(is_v5, MAX);
            let good = packet(0xD0, &[]);
            assert_eq!(
                frames(&mut framer, &[&[&good[..], bytes].concat()]),
                (vec![('C', good.clone())], Some(expected))
            );
            assert_eq!(frames(&mut framer, &[&good]), (vec![], Some(expected)));
        }
        assert_eq!(fault(false, &packet(0x90, &[0; MQTT_PACKET_BYTES_MAX - 3])), None);
        assert_eq!(fault(true, &packet(0xE0, &[0])), None);
    }

    #[test]
    fn a_message_is_inside_from_its_first_byte_to_its_last() {
        let bytes = publish(0x30, b"pskr/t", None, b"{}");
        let mut framer = MqttFramer::new(false, MAX);
        for (at, byte) in bytes.chunks(1).enumerate() {
            assert_eq!(framer.is_inside_message(), at > 0, "before byte {at}");
            frames(&mut framer, &[byte]);
        }
        assert!(!framer.is_inside_message());
        frames(&mut framer, &[&[0x90, 5, 0]]);
        assert!(!framer.is_inside_message(), "a SUBACK is no message");
    }

    fn any_frame(is_v5: bool) -> impl Strategy<Value = Vec<u8>> {
        let bytes = |n: usize| prop::collection::vec(any::<u8>(), 0..n);
        prop_oneof![
            4 => (bytes(80), bytes(20), bytes(400), 0..2_u8).prop_map(move |(mut topic, properties, payload, retain)| {
                topic.push(b't');
                publish(0x30 | retain, &topic, is_v5.then_some(&properties), &payload)
            }),
            1 => bytes(300).prop_map(|body| packet(0x90, &body)),
            1 => Just(vec![0xD0, 0]),
        ]
    }

    fn cut<'b>(bytes: &'b [u8], cuts: &[prop::sample::Index]) -> Vec<&'b [u8]> {
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
    }

    proptest! {
        #[test]
        fn pieces_give_what_the_whole_gives(
            (is_v5, sent) in any::<bool>().prop_flat_map(|v| (Just(v), prop::collection::vec(any_frame(v), 0..8))),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let bytes = sent.concat();
            let mut framer = MqttFramer::new(is_v5, MAX);
            let whole = frames(&mut framer, &[&bytes]);
            prop_assert_eq!(whole.1, None);
            prop_assert_eq!(whole.0.len() as u64 + framer.too_long(), sent.len() as u64);
            let ones: Vec<&[u8]> = bytes.chunks(1).collect();
            for pieces in [cut(&bytes, &cuts), ones] {
                let mut other = MqttFramer::new(is_v5, MAX);
                prop_assert_eq!(&frames(&mut other, &pieces), &whole);
                prop_assert_eq!(other.too_long(), framer.too_long());
                prop_assert!(!other.is_inside_message());
            }
        }

        #[test]
        fn any_bytes_are_read_within_the_bound_the_same_in_pieces(
            is_v5: bool,
            start in prop::sample::select(vec![0x30_u8, 0x31, 0x20, 0x90, 0xD0, 0xE0, 0x40]),
            mut bytes in prop::collection::vec(any::<u8>(), 1..2_000),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            bytes[0] = start;
            let whole = frames(&mut MqttFramer::new(is_v5, MAX), &[&bytes]);
            prop_assert_eq!(frames(&mut MqttFramer::new(is_v5, MAX), &cut(&bytes, &cuts)), whole);
        }
    }
}
