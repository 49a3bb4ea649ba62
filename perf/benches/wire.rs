//! ns per line: reading spot lines, normalising calls, printing.
//!
//! `cargo bench --bench wire`. Each measurement goes round a few dozen different lines of the fixture in
//! `tests/replay/`, so that neither the branch predictor nor one lucky length decides.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dxring::spot::{Spot, Utc, canonical, is_plausible, normalize};
use dxring::wire::{
    Iac, LineFormat, LineSplitter, LineStyle, MqttFrame, MqttFramer, Trailers, cc11, classic, comment, gocluster,
    history_line, json, people_line, pskreporter, skimmer_line, spot_line,
};
use std::hint::black_box;

const SKIMMERS: &[u8] = include_bytes!("../../tests/replay/skimmers.txt");
const PEOPLE: &[u8] = include_bytes!("../../tests/replay/people.txt");

fn lines(bytes: &[u8], wanted: impl Fn(&[u8]) -> bool) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    LineSplitter::new().push(bytes, |line| {
        if wanted(line) {
            out.push(line.to_vec());
        }
    });
    assert!(out.len() >= 20, "the fixture shrank");
    out
}

/// Measures one call per iteration, on one item after the other.
fn each<T, R>(c: &mut Criterion, name: &str, items: &[T], mut run: impl FnMut(&T) -> R) {
    let mut group = c.benchmark_group("wire");
    group.throughput(Throughput::Elements(1));
    group.bench_function(name, |b| {
        let mut at = 0;
        b.iter(|| {
            at = if at + 1 == items.len() { 0 } else { at + 1 };
            black_box(run(black_box(&items[at])))
        });
    });
    group.finish();
}

fn wire(c: &mut Criterion) {
    let machines = lines(SKIMMERS, |line| skimmer_line(line).is_ok());
    let people = lines(PEOPLE, |line| people_line(line).is_ok_and(|l| !l.spot.is_skimmer()));
    each(c, "skimmer_line", &machines, |line| skimmer_line(line));
    each(c, "people_line", &people, |line| people_line(line));

    let dated = |line: &[u8]| -> Spot {
        let mut spot = people_line(line).expect("chosen above").spot;
        spot.time = Utc::from_civil(2026, 11, 24, 14, 48, 0);
        spot
    };
    let machine_spots: Vec<Spot> = machines.iter().map(|line| dated(line)).collect();
    let people_spots: Vec<Spot> = people.iter().map(|line| dated(line)).collect();
    let calls: Vec<Vec<u8>> = machine_spots.iter().map(|spot| spot.dx.as_bytes().to_vec()).collect();
    each(c, "normalize", &calls, |call| normalize(call));
    let canonical: Vec<_> = calls.iter().filter_map(|call| canonical(call)).collect();
    each(c, "is_plausible", &canonical, is_plausible);
    each(c, "comment", &people_spots, |spot| comment(spot.comment(), spot.freq));

    // As in a cohort: many lines one behind the other into a buffer that is there.
    let mut out = Vec::with_capacity(1 << 16);
    let mut printer = |name: &str, spots: &[Spot], c: &mut Criterion, print: fn(&Spot, &mut Vec<u8>)| {
        each(c, name, spots, |spot| {
            if out.len() > (1 << 16) - 2_048 {
                out.clear();
            }
            print(spot, &mut out);
            out.len()
        });
    };
    printer("classic, machines", &machine_spots, c, classic);
    printer("classic, people", &people_spots, c, classic);
    printer("gocluster, machines", &machine_spots, c, |spot, out| gocluster(spot, 76, out));
    printer("gocluster, people", &people_spots, c, |spot, out| gocluster(spot, 76, out));
    let dressed = |spot: &Spot, out: &mut Vec<u8>| {
        let style =
            LineStyle { trailers: Trailers(15), two_decimals: true, beep: true, ..LineStyle::of(LineFormat::Classic) };
        spot_line(spot, style, out);
    };
    printer("classic with all options, people", &people_spots, c, dressed);
    printer("cc11, machines", &machine_spots, c, |spot, out| cc11(spot, LineStyle::default(), out));
    printer("cc11, people", &people_spots, c, |spot, out| cc11(spot, LineStyle::default(), out));
    printer("json, machines", &machine_spots, c, json);
    printer("json, people", &people_spots, c, json);
    printer("history_line", &machine_spots, c, history_line);

    for (name, chosen, people) in [("skimmer_line, text", &machines, false), ("people_line, text", &people, true)] {
        let mut group = c.benchmark_group("wire");
        group.throughput(Throughput::Bytes(chosen.iter().map(|line| line.len() as u64).sum()));
        group.bench_function(name, |b| {
            b.iter(|| {
                let read = |line: &[u8]| if people { people_line(line).is_ok() } else { skimmer_line(line).is_ok() };
                chosen.iter().filter(|line| read(black_box(line))).count()
            })
        });
        group.finish();
    }

    let mut group = c.benchmark_group("wire");
    group.throughput(Throughput::Bytes(SKIMMERS.len() as u64));
    group.bench_function("telnet and lines, fixture whole", |b| {
        let (mut iac, mut splitter) = (Iac::client(), LineSplitter::new());
        let (mut data, mut replies) = (Vec::new(), Vec::new());
        b.iter(|| {
            data.clear();
            iac.feed(SKIMMERS, &mut data, &mut replies);
            let mut bytes = 0;
            splitter.push(&data, |line| bytes += line.len());
            bytes
        });
    });
    group.finish();
}

/// PUBLISH packets as PSKReporter sends them, in one read of 64 KiB: framed, and framed and scanned.
fn mqtt(c: &mut Criterion) {
    let (mut read, mut packets) = (Vec::new(), 0_u64);
    while read.len() < 1 << 16 {
        let n = packets;
        let (dx, de) = (format!("WB{}DX", n % 10), format!("PA{}HJH", n / 10 % 10));
        let topic = format!("pskr/filter/v2/30m/FT8/{dx}/{de}/FN32/JO22/291/263");
        let payload = format!(
            r#"{{"sq":{},"f":{},"md":"FT8","rp":{},"t":1791326355,"t_tx":1791326340,"sc":"{dx}","sl":"FN32XE","rc":"{de}","rl":"JO22UU","sa":291,"ra":263,"b":"30m"}}"#,
            73_468_726_263_u64 + n,
            10_136_000 + n % 3_000,
            n as i64 % 30 - 20,
        );
        let length = 2 + topic.len() + payload.len();
        read.extend([0x30, (length % 128) as u8 | 128, (length / 128) as u8, 0, topic.len() as u8]);
        read.extend(topic.bytes().chain(payload.bytes()));
        packets += 1;
    }
    let average = read.len() as u64 / packets;
    assert!((215..=235).contains(&average), "a report has about 225 bytes, not {average}");
    let mut group = c.benchmark_group("mqtt");
    group.throughput(Throughput::Elements(packets));
    let mut bench = |name: &str, run: fn(&[u8]) -> u64| {
        group.bench_function(name, |b| {
            let mut framer = MqttFramer::new(false, 4_096);
            b.iter(|| {
                let (mut rest, mut sum) = (black_box(&read[..]), 0);
                while let Ok(Some(frame)) = framer.next(&mut rest) {
                    if let MqttFrame::Payload(payload) = frame {
                        sum += run(payload);
                    }
                }
                sum
            });
        });
    };
    bench("framed", |payload| payload.len() as u64);
    bench("framed and scanned", |payload| pskreporter(payload).report.map_or(0, |report| report.spot.freq.hz()));
    group.finish();
}

criterion_group!(benches, wire, mqtt);
criterion_main!(benches);
