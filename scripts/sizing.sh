#!/usr/bin/env bash
# Measures what the model behind `dxring plan --users` needs, fits its constants, and compares the model with each
# measurement. About six minutes after the build; the machine should be quiet and has to be the one that the model is for.
#
#   scripts/sizing.sh                        the grid: 100 to 2,000 users, 1,000 to 10,000 spots/s, 1 and 100 filters
#   scripts/sizing.sh --quick                a corner of it, in a minute
#   scripts/sizing.sh --noisy                counts rows during which other processes used more than 0.3 core: a try, no result
#   scripts/sizing.sh --fit FILE             fits and compares a CSV that is there already
#
# Writes perf/out/sizing-TIME.csv and prints: the coefficients (CPU = spots, reads, spots x cohorts, sends, lines, by weighted
# least squares, none below zero), what each row would be by them, and what `dxring plan` says with the constants in
# src/node/sizing.rs. A run that was noisy or lost lines is shown and not fitted.
# Exit status 0: plan is within 20 % of the CPU of every row that counts.
set -eu
cd "$(dirname "$0")/.."

SECONDS_EACH=6
WARM_UP=500

grid_users='100 500 1000 2000' grid_rates='1000 5000 10000' grid_filters='1 100' csv='' noise=0.3
while [ $# -gt 0 ]; do
    case "$1" in
        --quick) grid_users='100 1000' grid_rates='1000 5000' grid_filters='1 100' ;;
        --noisy) noise=9 ;;
        --fit) csv=${2:?--fit needs a file}; shift ;;
        -h | --help) sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        *) echo "sizing: unknown argument $1; try --help" >&2; exit 2 ;;
    esac
    shift
done

cargo build --release --bins >&2
node=target/release/dxring
tmp=$(mktemp -d)
load=''
clean_up() {
    [ -n "$load" ] && kill "$load" 2>/dev/null
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# One run: a row of the CSV from what generator and node said.
measure() {
    local users=$1 rate=$2 filters=$3
    TMPDIR=$tmp target/release/dxring-load --spawn $node --users "$users" --rate "$rate" --seconds $SECONDS_EACH \
        --filters "$filters" --noise-cores-max $noise --warmup $WARM_UP >"$tmp/said" 2>&1 &
    load=$!
    wait $load || true
    load=''
    awk -v users="$users" -v rate="$rate" -v filters="$filters" -v warm=$WARM_UP '
        # A figure right after a word.
        function after(word,   i) { for (i = 1; i < NF; i++) if ($i == word) return $(i + 1) + 0; return 0 }
        function before(word,   i) { for (i = 2; i <= NF; i++) if ($i == word || $i == word ",") return $(i - 1) + 0; return 0 }
        $1 == "workload" { delivered = after("delivered"); due = after("%") ; for (i = 1; i < NF; i++) if ($i == "of") due = $(i + 1) + 0 }
        $1 == "delivery" { p50 = after("p50"); p99 = after("p99") }
        $1 == "rate" { for (i = 1; i < NF; i++) if ($i == "server") cpu = $(i + 1) + 0 }
        $1 == "around" { for (i = 1; i <= NF; i++) { if ($i == "RSS") idle = $(i + 1) + 0; if ($i == "users,") logged = $(i - 2) + 0; if ($i == "after,") rss = $(i - 1) + 0; if ($i == "others") others = $(i + 1) + 0 } }
        $1 == "NOISY" { noisy = 1 }
        $1 == "FAILED" { failed = 1 }
        $2 == "correct" && $3 ~ /^[0-9]+$/ { spots = $3 }
        $2 == "pipeline" || $2 == "parse" || $2 == "all" { if ($3 ~ /^[0-9]+$/) turns += $3 }
        $2 == "users" { sends += before("sends"); lines += before("lines"); gap = after("gap"); if ($0 ~ /, [0-9.]+ MB/) mb += before("MB") }
        END {
            # The counters hold the warm-up too: the measured share of them.
            share = spots > warm ? (spots - warm) / spots : 1
            printf "%d,%d,%d,%d,%.0f,%.0f,%.0f,%.4f,%.3f,%.3f,%.1f,%.1f,%.1f,%s\n", users, rate, filters, spots - warm, turns * share,
                sends * share, lines * share, cpu, p50 / 1000, p99 / 1000, idle, logged, rss,
                failed || delivered < 100 ? "failed" : noisy ? "noisy" : "ok"
        }' "$tmp/said"
}

if [ -z "$csv" ]; then
    mkdir -p perf/out
    csv=perf/out/sizing-$(date -u +%Y%m%dT%H%M%SZ).csv
    echo "users,rate,filters,spots,reads,sends,lines,cpu_s,p50_ms,p99_ms,idle_mb,logged_in_mb,after_mb,verdict" >"$csv"
    for users in $grid_users; do
        for rate in $grid_rates; do
            for filters in $grid_filters; do
                measure "$users" "$rate" "$filters" | tee -a "$csv"
            done
        done
    done
fi
sed -n '/^commit/p;/^machine/p' "$tmp/said" 2>/dev/null || true

# What plan says, beside each row.
while IFS=, read -r users rate filters rest; do
    [ "$users" != users ] || continue
    said=$($node plan --users "$users" --rate "$rate" --filters "$filters" --pass 0.5 | sed -n 's/^model: \([0-9.]*\) cores, p50 \([0-9.]*\) ms, p99 \([0-9.]*\) ms.*/\1,\2,\3/p')
    echo "$users,$rate,$filters,$rest,$said"
done <"$csv" >"$tmp/rows"

awk -F, -v seconds=$SECONDS_EACH '
    # Least squares of y = sum x[c] * k[c] over the active columns, each row weighted by 1 / y.
    function solve(   i, j, r, a, b, f, p) {
        split("", a)
        for (i = 1; i <= C; i++) for (j = 1; j <= C + 1; j++) {
            a[i, j] = 0
            for (r = 1; r <= n; r++) a[i, j] += x[r, i] / y[r] * (j > C ? 1 : x[r, j] / y[r])
        }
        for (i = 1; i <= C; i++) if (!active[i]) { for (j = 1; j <= C + 1; j++) { a[i, j] = 0; a[j, i] = 0 } a[i, i] = 1; a[i, C + 1] = 0 }
        for (p = 1; p <= C; p++) {
            if (a[p, p] < 1e-300) { k[p] = 0; continue }
            for (i = 1; i <= C; i++) if (i != p) { f = a[i, p] / a[p, p]; for (j = p; j <= C + 1; j++) a[i, j] -= f * a[p, j] }
        }
        for (p = 1; p <= C; p++) k[p] = a[p, p] < 1e-300 ? 0 : a[p, C + 1] / a[p, p]
    }
    BEGIN { C = 5; split("spot,read,cohort and spot,send,line", name, ",") }
    {
        row[NR] = $0
        if ($14 != "ok" || $8 <= 0) next
        n++
        x[n, 1] = $4; x[n, 2] = $5; x[n, 3] = $4 * ($3 > $1 ? $1 : $3); x[n, 4] = $6; x[n, 5] = $7; y[n] = $8
        of[NR] = n
    }
    END {
        if (n < C) { print "sizing: only " n + 0 " rows count: too few to fit"; exit 1 }
        for (c = 1; c <= C; c++) active[c] = 1
        do {
            solve(); worst = 0
            for (c = 1; c <= C; c++) if (active[c] && k[c] < 0 && (!worst || k[c] < k[worst])) worst = c
            if (worst) active[worst] = 0
        } while (worst)
        print "\nfitted, ns of CPU:"
        for (c = 1; c <= C; c++) printf "  per %-18s %10.1f\n", name[c], k[c] * 1e9
        printf "\n%6s %6s %7s | %8s %8s %6s | %8s %6s | %7s %7s %6s | %7s %7s %6s\n", "users", "rate", "filters", "cores", "fitted", "err", "plan", "err", "p50 ms", "plan", "err", "p99 ms", "plan", "err"
        for (r = 1; r <= NR; r++) {
            split(row[r], v, ",")
            cores = v[8] / seconds
            fitted = (of[r] ? 0 : -1)
            if (of[r]) for (c = 1; c <= C; c++) fitted += k[c] * x[of[r], c] / seconds
            printf "%6d %6d %7d | %8.3f %8.3f %5.0f%% | %8.3f %5.0f%% | %7.2f %7.2f %5.0f%% | %7.2f %7.2f %5.0f%% %s\n", v[1], v[2], v[3], cores, fitted, (fitted / cores - 1) * 100,
                v[15], (v[15] / cores - 1) * 100, v[9], v[16], (v[16] / v[9] - 1) * 100, v[10], v[17], (v[17] / v[10] - 1) * 100, v[14] == "ok" ? "" : v[14]
            if (of[r]) {
                e = v[15] / cores - 1; if (e < 0) e = -e; if (e > cpu_worst) cpu_worst = e
                e = fitted / cores - 1; if (e < 0) e = -e; if (e > fit_worst) fit_worst = e
                user_kib = (v[12] - v[11]) * 1e6 / 1024 / v[1]; if (v[1] >= 1000) { sum += user_kib; m++ }
            }
        }
        if (m) printf "\nmemory per user: %.2f KiB (rows of 1,000 users and more)\n", sum / m
        printf "largest error of CPU: fitted %.0f %%, plan %.0f %%\n", fit_worst * 100, cpu_worst * 100
        exit cpu_worst > 0.2
    }' "$tmp/rows"
