#!/bin/sh
# The three rows of the load point, dxring and the bare writer in turn, in under six minutes after the
# build. Prints the tables, writes perf/out/<date>-<commit>.md and one JSON file per row.
# perf/README.md tells how to read them.
#
#   scripts/load.sh [dxring program]
#
# Exit status 0: every run of every row delivered everything.
set -eu
cd "$(dirname "$0")/.."

cargo build --release --bins
node=${1:-target/release/dxring}
load=target/release/dxring-load
out=perf/out
mkdir -p "$out"
name=$out/$(date -u +%Y-%m-%d)-$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
record=$name.md
: >"$record"
status=0

row() {
    file=$1 title=$2
    shift 2
    printf '\n## %s\n' "$title" | tee -a "$record"
    "$load" --spawn "$node" --spawn-limit --record "$record" --json "$name-$file.json" "$@" || status=1
}

row burst '5,000 spots in 1 s to 1,000 users' \
    --users 1000 --burst 5000 --within-ms 1000 --limit-gap-us 0,20000 --repeat 3 --noise-retries 2
row rate '10,000 spots/s for 15 s to 100 users' \
    --users 100 --rate 10000 --seconds 15 --limit-gap-us 0,20000 --repeat 3
row idle '5,000 idle users' \
    --idle 5000 --seconds 10

echo
echo "record: $record"
exit $status
