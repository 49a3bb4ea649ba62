//! One hop between two stages: ns per spot, in one thread and between two.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use dxring::engine::{Bell, Consumer, Producer, edge};
use dxring::spot::Spot;
use std::time::{Duration, Instant};

const BATCH: usize = 256;

fn same_thread(c: &mut Criterion) {
    let mut group = c.benchmark_group("ring");
    group.throughput(Throughput::Elements(BATCH as u64));
    group.bench_function("hop, one thread, 256 spots a turn", |b| {
        let (mut tx, mut rx) = edge::<Spot>("bench", 4096, Bell::silent());
        let spots = vec![Spot::empty(); BATCH];
        let mut taken = Vec::with_capacity(BATCH);
        b.iter(|| {
            tx.push_slice(&spots);
            tx.announce();
            taken.clear();
            rx.pop_into(&mut taken, BATCH)
        });
    });
    group.bench_function("announce with nothing to say", |b| {
        let (mut tx, _rx) = edge::<Spot>("bench", 4096, Bell::silent());
        b.iter(|| tx.announce());
    });
    group.finish();
}

/// Moves `n` spots from one thread to another; yields when the ring is full or empty, because a pure
/// spinner takes the core away from its own peer on a small machine.
fn two_threads(n: u64) -> Duration {
    let (mut tx, mut rx): (Producer<Spot>, Consumer<Spot>) = edge("bench", 32_768, Bell::silent());
    let spots = vec![Spot::empty(); BATCH];
    let consumer = std::thread::spawn(move || {
        let mut taken = Vec::with_capacity(4096);
        let mut got = 0;
        while got < n {
            taken.clear();
            let k = rx.pop_into(&mut taken, 4096) as u64;
            if k == 0 {
                std::thread::yield_now();
            }
            got += k;
        }
    });
    let start = Instant::now();
    let mut sent = 0;
    while sent < n {
        let want = BATCH.min((n - sent) as usize);
        let k = tx.push_slice(&spots[..want]);
        tx.announce();
        if k == 0 {
            std::thread::yield_now();
        }
        sent += k as u64;
    }
    consumer.join().expect("the consumer only counts");
    start.elapsed()
}

fn between_threads(c: &mut Criterion) {
    let mut group = c.benchmark_group("ring");
    group.sample_size(10);
    group.throughput(Throughput::Elements(1));
    group.bench_function("hop, two threads", |b| {
        b.iter_custom(|n| two_threads(n.max(100_000)) * n as u32 / n.max(100_000) as u32)
    });
    group.bench_function("make an edge", |b| {
        b.iter_batched(|| (), |()| edge::<Spot>("bench", 1024, Bell::silent()), BatchSize::SmallInput);
    });
    group.finish();
}

criterion_group!(benches, same_thread, between_threads);
criterion_main!(benches);
