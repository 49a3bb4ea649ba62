#!/bin/sh
# The rows of the load point, dxring and the bare writer in turn, then those of users with filters and of a
# storm of log-ins, in under ten minutes after the build. Prints the tables, writes perf/out/<date>-<commit>.md and one JSON file per row.
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
    alone "$file" "$title" --spawn-limit "$@"
}

# A row of dxring only: the bare writer knows no commands.
alone() {
    file=$1 title=$2
    shift 2
    printf '\n## %s\n' "$title" | tee -a "$record"
    "$load" --spawn "$node" --record "$record" --json "$name-$file.json" "$@" || status=1
}

row burst '5,000 spots in 1 s to 1,000 users' \
    --users 1000 --burst 5000 --within-ms 1000 --limit-gap-us 0,20000 --repeat 3 --noise-retries 2
row rate '10,000 spots/s for 15 s to 100 users' \
    --users 100 --rate 10000 --seconds 15 --limit-gap-us 0,20000 --repeat 3
row idle '5,000 idle users' \
    --idle 5000 --seconds 10
for filters in 1 20 100 2000; do
    alone "filters-$filters" "5,000 spots/s for 10 s to 2,000 users, $filters different filters that pass half each" \
        --users 2000 --rate 5000 --seconds 10 --filters "$filters" --noise-retries 1
done
alone storm '2,000 users log in within 30 s and send 20 commands each' \
    --storm --users 2000 --seconds 30

echo
echo "record: $record"
exit $status
