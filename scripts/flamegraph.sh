#!/usr/bin/env bash
# A flame graph of a node, per thread: which functions use the CPU. The last line is the name of the SVG file.
#
#   scripts/flamegraph.sh                        the dxring of this user, if exactly one runs
#   scripts/flamegraph.sh --pid PID              that one
#   scripts/flamegraph.sh --scenario burst       builds; 5,000 spots in a second to 1,000 users, every two seconds
#   scripts/flamegraph.sh --scenario filters     5,000 spots/s to 1,000 users in 100 different filters
#   scripts/flamegraph.sh --scenario mqtt        FT8's reports through a real broker (needs mosquitto) to 100 users
#   scripts/flamegraph.sh --scenario replay FILE a capture through all stages, as fast as it goes
#
#   --seconds N      how long to sample (default 10, at most 60; the node's own profiler always takes 10)
#   --thread NAME    one thread only: parse, correct, dedup, pipeline, telnet-0, service, accounts ...
#   --out FILE       where to (default perf/out/flame-WHAT-TIME.svg)
#   --builtin        do not try perf
#
# Sampled with perf where it is installed and the kernel lets this user (kernel functions are seen if
# /proc/sys/kernel/perf_event_paranoid is 1 or less, or for root); else by the node itself (SIGUSR2), which does not see the
# kernel and charges the innermost function to its caller. The C library keeps no frame pointers: some of its calls (send)
# stand directly on the thread.
set -eu
cd "$(dirname "$0")/.."

SECONDS_MAX=60
# Samples per second and CPU: a prime, so that no period hides between them.
HZ=997
USERS=1000

say() { echo "flamegraph: $*" >&2; }
fail() { say "$*"; exit 1; }

pid='' seconds=10 scenario='' capture='' thread='' out='' builtin=no
while [ $# -gt 0 ]; do
    case "$1" in
        --pid) pid=${2:?--pid needs a number}; shift ;;
        --seconds) seconds=${2:?--seconds needs a number}; shift ;;
        --thread) thread=${2:?--thread needs a name}; shift ;;
        --out) out=${2:?--out needs a file}; shift ;;
        --builtin) builtin=yes ;;
        --scenario)
            scenario=${2:?--scenario needs burst, filters, mqtt or replay FILE}
            shift
            if [ "$scenario" = replay ]; then capture=${2:?--scenario replay needs a capture}; shift; fi
            ;;
        -h | --help) sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        *) fail "unknown argument $1; try --help" ;;
    esac
    shift
done
case "$seconds" in '' | *[!0-9]*) fail "--seconds $seconds: a whole number, 1 to $SECONDS_MAX" ;; esac
[ "$seconds" -ge 1 ] && [ "$seconds" -le $SECONDS_MAX ] || fail "--seconds $seconds: use 1 to $SECONDS_MAX"
case "$scenario" in '' | burst | filters | mqtt | replay) ;; *) fail "no scenario $scenario: burst, filters, mqtt, replay FILE" ;; esac
[ -z "$scenario" ] || [ -z "$pid" ] || fail "--pid and --scenario exclude each other"
[ -z "$capture" ] || [ -r "$capture" ] || fail "$capture: cannot be read"

mkdir -p perf/out
tmp=$(mktemp -d)
load='' node='' broker='' publisher='' readers=''
# Ends what was started here, by number, and nothing else.
clean_up() {
    for started in $readers "$load" "$publisher" "$node" "$broker"; do
        [ -n "$started" ] || continue
        kill "$started" 2>/dev/null || true
        # Its status is that of the signal.
        wait "$started" 2>/dev/null || true
    done
    # A node that the load generator started is its child, not ours.
    if [ -n "$pid" ] && [ -n "$load" ] && kill "$pid" 2>/dev/null; then
        # It drains for 5 s at most.
        within 8 gone "$pid" || kill -9 "$pid" 2>/dev/null || true
    fi
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

gone() { ! kill -0 "$1" 2>/dev/null; }

is_dxring() { [ "$(cat "/proc/$1/comm" 2>/dev/null)" = dxring ]; }

the_only_node() {
    local found='' process
    for process in /proc/[0-9]*; do
        process=${process#/proc/}
        [ -O "/proc/$process" ] && is_dxring "$process" || continue
        [ -z "$found" ] || fail "more than one dxring runs here: choose with --pid"
        found=$process
    done
    [ -n "$found" ] || fail "no dxring of this user runs: start one, or give --scenario"
    echo "$found"
}

# Waits up to $1 s until the rest is true.
within() {
    local tries=$(($1 * 10))
    shift
    while [ $tries -gt 0 ]; do
        if "$@"; then return 0; fi
        tries=$((tries - 1))
        sleep 0.1
    done
    return 1
}

# A program that draws: the one that was built here, or the node's own.
drawer() {
    local program
    for program in target/release/dxring "/proc/$pid/exe"; do
        if "$program" help flame >/dev/null 2>&1; then echo "$program"; return; fi
    done
    fail "no dxring here that can draw: cargo build --release"
}

# Draws from stacks on standard input.
draw() {
    "$(drawer)" flame ${thread:+--thread "$thread"} --title "$title" >"$out"
}

with_perf() {
    command -v perf >/dev/null || { say "perf is not installed"; return 1; }
    perf record -q -F $HZ --call-graph fp -p "$pid" -o "$tmp/perf.data" -- sleep "$seconds" >"$tmp/perf.log" 2>&1 || {
        say "the kernel does not let perf sample (perf_event_paranoid $(cat /proc/sys/kernel/perf_event_paranoid 2>/dev/null || echo unknown)): $(tail -n 1 "$tmp/perf.log")"
        return 1
    }
    # Names of inlined functions would take minutes: one process per address.
    perf script --no-inline -F comm,ip,sym -i "$tmp/perf.data" 2>/dev/null >"$tmp/stacks"
    [ -s "$tmp/stacks" ] || fail "perf took no sample: did the node do anything?"
    draw <"$tmp/stacks"
}

with_builtin() {
    # Without a handler this signal would end the process.
    local caught=$((0x$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$pid/status")))
    [ $((caught >> 11 & 1)) = 1 ] || fail "process $pid does not profile itself (no handler of SIGUSR2)"
    local data
    data=$(data_folder) || fail "process $pid: its data folder is not found"
    local before after
    before=$(newest "$data")
    say "asking the node itself: 10 s"
    kill -USR2 "$pid"
    # 10 s of samples, and names to be looked up when nobody else wants the CPU.
    within 40 eval '[ "$(newest "$data")" != "$before" ]' || fail "no profile came: a node that used no CPU has none; its log tells"
    after=$(newest "$data")
    draw <"$after"
}

newest() { ls -1 "$1"/profile-*.folded 2>/dev/null | tail -n 1; }

# The data folder is the one whose lock the node holds.
data_folder() {
    local file
    for file in "/proc/$pid/fd"/*; do
        case "$(readlink "$file" 2>/dev/null)" in */lock) dirname "$(readlink "$file")"; return 0 ;; esac
    done
    return 1
}

sample() {
    if [ $builtin = no ] && with_perf; then return; fi
    with_builtin
}

child_of() {
    local process
    for process in /proc/[0-9]*/stat; do
        # pid (comm) state ppid
        if [ "$(sed -n 's/^[0-9]* (dxring) [A-Z] \([0-9]*\) .*/\1/p' "$process" 2>/dev/null)" = "$1" ]; then
            process=${process#/proc/}
            echo "${process%/stat}"
            return 0
        fi
    done
    return 1
}

# A node of the load generator, with all users logged in.
loaded() {
    [ -n "$pid" ] || pid=$(child_of "$load") || return 1
    [ "$(ls "/proc/$pid/fd" 2>/dev/null | wc -l)" -ge "$1" ]
}

# Runs the load generator with a node of its own and samples that in the measured part.
with_load() {
    local users=$1
    shift
    TMPDIR=$tmp target/release/dxring-load --spawn target/release/dxring --users "$users" "$@" --quiet >"$tmp/load.log" 2>&1 &
    load=$!
    within 60 loaded "$users" || fail "the load does not start: $(tail -n 3 "$tmp/load.log")"
    # Silence and warm-up after the last log-in: 0.3 + 1 + 0.5 s.
    sleep 2
    sample
    kill -0 "$load" 2>/dev/null || say "the load ended early: $(tail -n 3 "$tmp/load.log")"
    # It has a bounded time of its own; what it says about the sampled run is of no use.
    kill "$load" 2>/dev/null || true
    wait "$load" 2>/dev/null || true
}

# A broker, the simulator that publishes to it, a node that subscribes, and users who read.
with_mqtt() {
    command -v mosquitto >/dev/null || fail "mosquitto is not installed (package mosquitto)"
    target/release/dxring simulate --help | grep -q -- --mqtt || fail "this dxring does not publish to brokers"
    local port users=100 n
    port=$((20000 + RANDOM % 10000))
    printf 'listener %s 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n' "$port" >"$tmp/broker.conf"
    mosquitto -c "$tmp/broker.conf" >"$tmp/broker.log" 2>&1 &
    broker=$!
    within 5 accepts "$port" || fail "mosquitto does not start: $(tail -n 1 "$tmp/broker.log")"
    target/release/dxring run --data "$tmp/data" --set callsign=N1LOAD --set telnet.listen=127.0.0.1:0 \
        --set feeds.pskreporter.enabled=true --set feeds.pskreporter.host=127.0.0.1 --set feeds.pskreporter.port="$port" \
        >"$tmp/node.log" 2>&1 &
    node=$!
    pid=$node
    within 10 grep -q 'users: telnet' "$tmp/node.log" || fail "the node does not start: $(tail -n 1 "$tmp/node.log")"
    target/release/dxring simulate --mqtt "127.0.0.1:$port" --profile ft8-burst --rate 50 >"$tmp/publisher.log" 2>&1 &
    publisher=$!
    port=$(sed -n 's/.*users: telnet 127.0.0.1 \([0-9]*\).*/\1/p' "$tmp/node.log")
    for n in $(seq $users); do
        reads "$port" "K1$(letters "$n")" >"$tmp/reader.log" 2>&1 &
        readers="$readers $!"
    done
    sleep 3
    sample
    kill -0 "$publisher" 2>/dev/null || fail "the publisher ended: $(tail -n 3 "$tmp/publisher.log")"
}

accepts() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

letters() { printf "\\$(printf %o $((65 + $1 / 26 % 26)))\\$(printf %o $((65 + $1 % 26)))A"; }

# A user who wants everything.
reads() {
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf '%s\r\nSET/NOFILTER\r\n' "$2" >&3
    exec cat <&3 >/dev/null
}

# A whole run, at most $seconds long.
with_replay() {
    local replay=(timeout --preserve-status "$seconds" target/release/dxring replay --summary)
    title="$title, $(basename "$capture")"
    if [ $builtin = no ] && command -v perf >/dev/null &&
        perf record -q -F $HZ --call-graph fp -o "$tmp/perf.data" -- "${replay[@]}" "$capture" >"$tmp/perf.log" 2>&1; then
        perf script --no-inline -F comm,ip,sym -i "$tmp/perf.data" 2>/dev/null | without_shell >"$tmp/stacks"
    else
        [ $builtin = yes ] || say "no perf: $(tail -n 1 "$tmp/perf.log" 2>/dev/null || echo not installed)"
        # Ended early it would leave no stacks: it runs to its end.
        target/release/dxring replay --summary --profile "$tmp/stacks.folded" "$capture" >/dev/null
        mv "$tmp/stacks.folded" "$tmp/stacks"
    fi
    draw <"$tmp/stacks"
}

# perf sees `timeout` too, before it becomes dxring.
without_shell() { awk -v RS= '$1 !~ /^(timeout|perf|perf-exec)$/ { print $0 "\n" }'; }

time=$(date -u +%Y%m%dT%H%M%SZ)
if [ -n "$scenario" ]; then
    cargo build --release --bins >&2
    [ $builtin = yes ] && seconds=12
    [ $builtin = no ] && command -v perf >/dev/null || seconds=12
    out=${out:-perf/out/flame-$scenario${thread:+-$thread}-$time.svg}
    title="dxring, $scenario, $(git rev-parse --short HEAD 2>/dev/null || echo unknown commit)"
    case "$scenario" in
        burst) with_load $USERS --burst 5000 --within-ms 1000 --every-ms 2000 --times $(((seconds + 5) / 2)) ;;
        filters) with_load $USERS --filters 100 --rate 5000 --seconds $((seconds + 5)) ;;
        mqtt) with_mqtt ;;
        replay) with_replay ;;
    esac
else
    pid=${pid:-$(the_only_node)}
    is_dxring "$pid" || fail "process $pid is no dxring"
    out=${out:-perf/out/flame-$pid${thread:+-$thread}-$time.svg}
    title="dxring, process $pid"
    sample
fi
[ -s "$out" ] || fail "nothing was drawn"
say "$(grep -o '<title>' "$out" | wc -l) boxes drawn"
echo "$out"
