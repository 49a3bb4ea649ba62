#!/usr/bin/env bash
# A node under a moderate load for an hour, with users who come and go: are memory, descriptors and threads flat, do its
# books balance, did every steady user get every line?
#
#   scripts/soak.sh                          60 minutes, 200 steady users, 500 spots/s, 5 log-ins per second beside them
#   scripts/soak.sh --minutes 3 --users 50   a try; memory is judged from 30 minutes on
#   --rate N, --logins N                     spots and log-ins per second
#
# Builds what it needs. Writes perf/out/soak-TIME.csv, a row every 5 s, and ends with first, median, last of each figure.
# Exit status 0: flat, balanced, nothing lost. 1: not so, and why. 2: it could not run.
#
# Bounds. Windows of 480 s and the history fill first: the first 12 minutes do not count (40 % of a run that is shorter than 30).
# Then memory may grow by 8 MiB per hour (slope of the least squares): 18,000 log-ins and 1.8 million spots pass in that
# hour, so a leak of 470 bytes per log-in or 5 per spot is found, while the allocator's and the line memory's ups and downs
# average out over 500 rows. Descriptors without users' sockets may not grow at all, threads neither.
set -eu
cd "$(dirname "$0")/.."

RSS_SLOPE_KIB_MAX=8192
WARM_UP_S=720
JUDGED_FROM_MINUTES=30
EVERY_S=5
# Calls that come and go: each is remembered by the node, so they repeat.
CALLS=500

minutes=60 users=200 rate=500 logins=5
number() { case "$2" in '' | *[!0-9]* | 0) echo "soak: $1 $2: a whole number above 0" >&2; exit 2 ;; esac; }
while [ $# -gt 0 ]; do
    case "$1" in
        --minutes | --users | --rate | --logins)
            number "$1" "${2:-}"
            declare "${1#--}=$2"
            shift
            ;;
        -h | --help) sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        *) echo "soak: unknown argument $1; try --help" >&2; exit 2 ;;
    esac
    shift
done
fail() { echo "soak: $*" >&2; exit 2; }
[ $((minutes * 60 * rate)) -le 7000000 ] || fail "--minutes $minutes at --rate $rate repeat a DX call: use at most 7,000,000 spots in all"

cargo build --release --bins >&2
mkdir -p perf/out
csv=perf/out/soak-$(date -u +%Y%m%dT%H%M%SZ).csv
tmp=$(mktemp -d)
node='' load='' crowd=''
clean_up() {
    for started in "$crowd" "$load" "$node"; do
        [ -n "$started" ] || continue
        kill "$started" 2>/dev/null || true
        # Its status is that of the signal.
        wait "$started" 2>/dev/null || true
    done
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

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
accepts() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# A feed's port that nobody listens on.
feed=$((30000 + RANDOM % 2000))
while accepts $feed; do feed=$((feed + 1)); done
room=$((users + 1000))
cat >"$tmp/node.ron" <<RON
#![enable(implicit_some)]
(
    callsign: "N1SOAK",
    telnet: (listen: "127.0.0.1:0"),
    limits: (connections: $room, per_address: $room, pre_login: $room, exempt: ["127.0.0.0/8"]),
    feeds: [(kind: Rbn, name: "load", enabled: true, host: "127.0.0.1", port: $feed)],
)
RON
target/release/dxring run --config "$tmp/node.ron" --data "$tmp/data" >"$tmp/node.log" 2>&1 &
node=$!
within 10 grep -q 'users: telnet' "$tmp/node.log" || fail "the node does not start: $(tail -n 1 "$tmp/node.log")"
port=$(sed -n 's/.*users: telnet 127.0.0.1 \([0-9]*\).*/\1/p' "$tmp/node.log")

seconds=$((minutes * 60))
TMPDIR=$tmp target/release/dxring-load --server "127.0.0.1:$port" --server-pid $node --feed-listen "127.0.0.1:$feed" \
    --users "$users" --rate "$rate" --seconds "$seconds" --noise-cores-max 9 >"$tmp/load.log" 2>&1 &
load=$!

# A visitor: logs in, asks, looks on for a while, goes; every third reads nothing, and its close is a reset.
visit() {
    local n=$1
    exec 3<>"/dev/tcp/127.0.0.1/$port" || return 0
    printf 'K%dS%b\r\nset/name Visitor\r\npass band 20,40\r\nsh/dx 20\r\nsh/filter\r\n' $((n % 10)) "$(letters "$n")" >&3
    if [ $((n % 3)) = 0 ]; then
        sleep $((n % 5))
    else
        timeout $((1 + n % 9)) cat <&3 >/dev/null || true
        # Not every logging program says good-bye.
        [ $((n % 2)) = 0 ] || printf 'bye\r\n' >&3
    fi
}
letters() { printf '\\%o\\%o\\%o' $((65 + $1 / 676 % 26)) $((65 + $1 / 26 % 26)) $((65 + $1 % 26)); }
come_and_go() {
    trap 'exit 0' TERM
    local n=0
    while :; do
        (visit $((n % CALLS)) 2>/dev/null) &
        n=$((n + 1))
        [ $((n % logins)) != 0 ] || sleep 1
    done
}
come_and_go &
crowd=$!

# rss_kib, descriptors without sockets, sockets, threads
row() {
    local rss threads all sockets
    rss=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$node/status")
    threads=$(sed -n 's/^Threads:[[:space:]]*//p' "/proc/$node/status")
    all=$(readlink "/proc/$node/fd"/* 2>/dev/null || true)
    sockets=$(printf '%s\n' "$all" | grep -c '^socket:' || true)
    echo "$SECONDS,$rss,$(($(printf '%s\n' "$all" | wc -l) - sockets)),$sockets,$threads"
}

SECONDS=0
echo "seconds,rss_kib,files,sockets,threads" >"$csv"
# The generator ends by itself: its seconds, log-ins before, stragglers behind.
while kill -0 "$load" 2>/dev/null && [ $SECONDS -lt $((seconds + 120)) ]; do
    kill -0 $node 2>/dev/null || { echo "soak: the node ended:" >&2; tail -n 5 "$tmp/node.log" >&2; exit 1; }
    row >>"$csv"
    sleep $EVERY_S
done
bad=0
lost=0
wait "$load" || lost=$?
load=''
kill "$crowd" 2>/dev/null || true
wait "$crowd" 2>/dev/null || true
crowd=''
kill $node
status=0
wait $node || status=$?
node=''

sed -n '/^workload/,/^$/p' "$tmp/load.log" | grep -v '^  |' | head -n 6
[ $lost = 0 ] || { echo "soak: FAILED: lines were lost, or the generator missed its rate:"; grep -i failed "$tmp/load.log" || tail -n 5 "$tmp/load.log"; bad=1; }
[ $status = 0 ] || { echo "soak: FAILED: the node ended with status $status"; bad=1; }
# The last report: every row of books ends with `ok`.
books=$(awk '/^-- N1SOAK at /{ n = 0; inside = 0 } /^stage .* balance$/ { inside = 1; next } /^ring /{ inside = 0 }
    inside && !/^    / { if ($NF != "ok") print; n++ } END { if (!n) print "no books in the last report" }' "$tmp/node.log")
[ -z "$books" ] || { echo "soak: FAILED: the books do not balance:"; echo "$books"; bad=1; }
echo "users served:"
grep '^users ' "$tmp/node.log" | tail -n 1 | cut -c1-300

warm=$WARM_UP_S judged=yes
if [ "$minutes" -lt $JUDGED_FROM_MINUTES ]; then warm=$((seconds * 2 / 5)) judged=no; fi
awk -F, -v warm=$warm -v judged=$judged -v rss_max=$RSS_SLOPE_KIB_MAX '
    function median(v, n,   i, j, t, s) {
        for (i = 1; i <= n; i++) s[i] = v[i]
        for (i = 2; i <= n; i++) { t = s[i]; for (j = i - 1; j > 0 && s[j] > t; j--) s[j + 1] = s[j]; s[j + 1] = t }
        return s[int((n + 1) / 2)]
    }
    NR == 1 { for (c = 2; c <= NF; c++) name[c] = $c; columns = NF; next }
    $1 >= warm { rows++; t[rows] = $1; for (c = 2; c <= NF; c++) v[c, rows] = $c }
    END {
        if (rows < 4) { print "soak: too few rows to judge"; exit 1 }
        printf "%-10s%12s%12s%12s%16s\n", "", "first", "median", "last", "slope per hour"
        for (c = 2; c <= columns; c++) {
            st = sv = stt = stv = 0
            for (i = 1; i <= rows; i++) {
                one[i] = v[c, i]; st += t[i]; sv += v[c, i]; stt += t[i] * t[i]; stv += t[i] * v[c, i]
                third = int(rows / 3)
                if (i <= third) early[i] = v[c, i]
                if (i > rows - third) late[i - rows + third] = v[c, i]
            }
            slope[c] = (rows * stv - st * sv) / (rows * stt - st * st) * 3600
            grown[c] = median(late, third) - median(early, third)
            printf "%-10s%12d%12d%12d%16.1f\n", name[c], v[c, 1], median(one, rows), v[c, rows], slope[c]
        }
        bad = 0
        if (judged != "yes") printf "memory is not judged in so short a run (%.0f KiB per hour)\n", slope[2]
        else if (slope[2] > rss_max) { printf "soak: FAILED: memory grows by %.0f KiB per hour, allowed are %d\n", slope[2], rss_max; bad = 1 }
        if (grown[3] > 0) { printf "soak: FAILED: %d more files open at the end\n", grown[3]; bad = 1 }
        if (grown[5] > 0) { printf "soak: FAILED: %d more threads at the end\n", grown[5]; bad = 1 }
        exit bad
    }' "$csv" || bad=1
echo "rows: $csv"
[ $bad = 0 ] && echo "soak: flat, balanced, nothing lost"
exit $bad
