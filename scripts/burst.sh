#!/usr/bin/env bash
# The bursts of FT8 against the fastest brokers: dxring, nats-server, redis-server and the bare writer, side by side.
#
#   scripts/burst.sh             four rows, under ten minutes after the build: 5,000 and 50,000 spots in a second to 100 and
#                                to 1,000 users
#   scripts/burst.sh --full      the whole table of perf/README.md, about an hour; also writes a record and JSON files
#   --install                    also installs the brokers (Debian packages, their services not started)
#   --row NAME                   one row only, by the name of its file in perf/scenarios
#
# Every row is a file of arguments in perf/scenarios, with its bar. perf/README.md tells the method. Writes
# perf/out/burst-TIME.md (a table with a row per scenario, then every run) and plots beside it.
# Exit status: 0: every line of every row was delivered and every bar is met; 1: not so, the table says where; 2: nothing
# could be measured.
set -eu
cd "$(dirname "$0")/.."

# The longest row of the short table takes three minutes; one that hangs is ended.
ROW_SECONDS_MAX=900

full=no only='' install=no
[ "${CI:-}" = true ] && install=yes
while [ $# -gt 0 ]; do
    case "$1" in
        --full) full=yes ;;
        --install) install=yes ;;
        --row)
            only=${2:-}
            [ -f "perf/scenarios/$only.args" ] || { echo "burst: no perf/scenarios/$only.args" >&2; exit 2; }
            shift
            ;;
        -h | --help) sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        *) echo "burst: unknown argument $1; try --help" >&2; exit 2 ;;
    esac
    shift
done

. scripts/lib/debian.sh
for tool in nats-server redis-server; do debian_tool "$tool" || exit 2; done
if [ "$full" = yes ]; then debian_tool mosquitto || exit 2; fi

cargo build --release --bins >&2
node=target/release/dxring load=target/release/dxring-load
mkdir -p perf/out
name=perf/out/burst-$(date -u +%Y%m%dT%H%M%SZ)
runs=$(mktemp)
row=''
clean_up() {
    # The generator ends its servers when it is told to end.
    if [ -n "$row" ]; then kill "$row" 2>/dev/null && wait "$row" 2>/dev/null; fi
    rm -f "$runs"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

status=0
# A row: file, title, and against whom.
row() {
    local file=$1 title=$2
    shift 2
    [ -z "$only" ] || [ "$only" = "$file" ] || return 0
    printf '\n## %s\n' "$title"
    printf '\n## %s\n' "$title" >>"$runs"
    timeout --kill-after=20 "$ROW_SECONDS_MAX" "$load" --spawn "$node" --scenario "perf/scenarios/$file.args" \
        --title "$title" --summary "$name.md" --record "$runs" --json "$name-$file.json" --quiet "$@" >"$runs.row" 2>&1 &
    row=$!
    local result=0
    wait "$row" || result=$?
    row=''
    # Tables and verdicts; the blocks of all runs are in the record.
    grep -E '^(\||\*\*|- (met|MISSED|cannot)|FAILED|dxring-load:|idle|memory)' "$runs.row" || tail -n 20 "$runs.row"
    rm -f "$runs.row"
    [ "$result" = 0 ] || { echo "row $file: exit status $result"; status=1; }
}
brokers() { row "$1" "$2" --spawn-limit --spawn-nats --spawn-redis --aa --svg "$name-$1.svg"; }

brokers burst-100 '5,000 in 1 s to 100 users'
brokers burst-1000 '5,000 in 1 s to 1,000 users'
brokers flood-100 '50,000 in 1 s to 100 users'
brokers flood-1000 '50,000 in 1 s to 1,000 users'
if [ "$full" = yes ] || [ -n "$only" ]; then
    brokers bursts-3min '5,000 in 1 s every 15 s for 3 minutes, 500/s between, to 1,000 users'
    row filters '1,000 users in 100 filters beside 1,000 in one'
    row mqtt '5,000/s through MQTT and 15,000/s of RBN to 100 users with narrow filters, 60 s'
    row hostile '5 % never read, 1 % reset per second, 200 log-ins per second'
    row idle-10000 '10,000 idle users'
fi

[ -f "$name.md" ] || { echo "burst: nothing was measured" >&2; exit 2; }
echo
cat "$name.md"
cat "$runs" >>"$name.md"
echo
echo "record: $name.md"
exit $status
