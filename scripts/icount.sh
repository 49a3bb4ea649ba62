#!/usr/bin/env bash
# Counts the instructions of the hot functions (valgrind) and compares them with the baseline of this compiler.
#
#   scripts/icount.sh             counts, prints a table, fails when a subject needs over 3 % more than its baseline
#   scripts/icount.sh --bless     writes the baseline of this compiler anew
#   scripts/icount.sh --install   also installs valgrind when it is missing (Debian); CI=true means the same
#
# Baselines: perf/icount/<rustc version>-<target>.txt, `instructions per item<TAB>subject`. A compiler without one is
# counted and compared with nothing. Subjects and inputs: perf/icount/main.rs.
#
# Built from the dependencies that `cargo test` uses, with only this crate optimised: much cheaper than a release build, and
# counts are compared with counts of the same build.
#
# Exit status: 0 = no worse, 1 = worse or failed, 2 = wrong option, 77 = valgrind is missing.
set -eu
cd "$(dirname "$0")/.."

TOLERANCE_PERCENT=3
bless=no install=no
[ "${CI:-}" = true ] && install=yes
for word in "$@"; do
    case "$word" in
        --bless) bless=yes ;;
        --install) install=yes ;;
        -h | --help)
            sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p}' "$0"
            exit 0
            ;;
        *)
            echo "scripts/icount.sh: unknown option $word; try --help" >&2
            exit 2
            ;;
    esac
done

. scripts/lib/debian.sh
debian_tool valgrind || exit

version=$(rustc -vV | sed -n 's/^release: //p')
baseline=perf/icount/$version-$(rustc -vV | sed -n 's/^host: //p').txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One code generation unit: with several, what is inlined depends on how they are cut.
echo "building (rustc $version)"
CARGO_INCREMENTAL=0 cargo build --locked --bench icount --message-format=json-render-diagnostics \
    --config 'profile.dev.package.dxring.opt-level=3' \
    --config 'profile.dev.package.dxring.codegen-units=1' \
    --config 'profile.dev.package.dxring.debug-assertions=false' \
    --config 'profile.dev.package.dxring.overflow-checks=false' >"$work/build.json"
program=$(sed -n 's/.*"name":"icount".*"executable":"\([^"]*\)".*/\1/p' "$work/build.json" | tail -n 1)
[ -x "$program" ] || { echo "the build named no program"; exit 1; }

# Two at a time: a count does not depend on what else runs.
count() {
    local name=$1 log
    log=$work/$(printf '%s' "$name" | tr -c 'A-Za-z0-9' _)
    valgrind --tool=callgrind --callgrind-out-file=/dev/null --collect-atstart=no \
        --toggle-collect='icount::counted*' "$program" "$name" >"$log.out" 2>&1 ||
        { cat "$log.out"; return 1; }
    sed -n 's/.*Collected : \([0-9]*\).*/\1/p' "$log.out" >"$log.n"
    [ "$(cat "$log.n")" -gt 0 ] || { echo "$name: nothing was counted"; cat "$log.out"; return 1; }
}
export -f count
export work program
"$program" --list >"$work/list"
cut -f 2 "$work/list" | xargs -d '\n' -P 2 -I{} bash -c 'set -eu; count "$1"' count {}

while IFS=$'\t' read -r items name; do
    n=$(cat "$work/$(printf '%s' "$name" | tr -c 'A-Za-z0-9' _).n")
    awk -v n="$n" -v items="$items" -v name="$name" 'BEGIN { printf "%.1f\t%s\n", n / items, name }'
done <"$work/list" >"$work/now"

if [ "$bless" = yes ]; then
    cp "$work/now" "$baseline"
    cat "$baseline"
    echo "written: $baseline"
    exit 0
fi
if [ ! -r "$baseline" ]; then
    cat "$work/now"
    echo "no baseline for this compiler ($baseline): nothing is compared; scripts/icount.sh --bless writes one"
    exit 0
fi
awk -F '\t' -v most="$TOLERANCE_PERCENT" '
    BEGIN { printf "%-20s %10s %10s %8s\n", "subject", "baseline", "now", "%" }
    NR == FNR { before[$2] = $1; next }
    !($2 in before) { printf "%-20s %10s %10.1f %8s  not in the baseline\n", $2, "-", $1, "-"; better = 1; next }
    {
        percent = ($1 / before[$2] - 1) * 100
        word = percent > most ? "WORSE" : percent < -most ? "better" : ""
        if (word == "WORSE") bad = 1
        if (word == "better") better = 1
        printf "%-20s %10.1f %10.1f %+8.2f  %s\n", $2, before[$2], $1, percent, word
        delete before[$2]
    }
    END {
        for (name in before) { printf "%-20s %10.1f %10s\n", name, before[name], "gone"; better = 1 }
        if (bad) print "over " most " % more instructions than the baseline: mend it, or say why and run scripts/icount.sh --bless"
        else if (better) print "the baseline can be renewed: run scripts/icount.sh --bless"
        exit bad
    }' "$baseline" "$work/now"
