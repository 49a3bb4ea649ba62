#!/usr/bin/env bash
# Measures what the model behind `dxring plan --users` needs, fits its constants, and compares the model with each
# measurement. About six minutes after the build; the machine should be quiet and has to be the one that the model is for.
#
#   scripts/sizing.sh                        the grid: 100 to 2,000 users, 1,000 to 10,000 spots/s, 1 and 100 filters
#   scripts/sizing.sh --quick                a corner of it, in a minute
#   scripts/sizing.sh --noisy                counts rows during which other processes used more than 0.3 core: a try, no result
#   scripts/sizing.sh --table                the table of perf/README.md, by the model: no measurement
#   scripts/sizing.sh --fit FILE             fits and compares a CSV that is there already
#
# Writes perf/out/sizing-TIME.csv and prints: the coefficients (CPU = spots, reads, spots x cohorts, sends, lines, by weighted
# least squares, none below zero), what each row would be by them, and what `dxring plan` says with the constants in
# src/node/sizing.rs. A run that was noisy or lost lines is shown and not fitted.
# `fitted` takes the sends that there were; `plan` also has to guess the pace, which a node on cores that the generator and others
# use too keeps slower than alone. Exit status 0: the fitted CPU is within 20 % in every row that counts.
set -eu
cd "$(dirname "$0")/.."

SECONDS_EACH=6

grid_users='100 500 1000 2000' grid_rates='1000 5000 10000' grid_filters='1 100' csv='' noise=0.3 table=no
while [ $# -gt 0 ]; do
    case "$1" in
        --quick) grid_users='100 1000' grid_rates='1000 5000' grid_filters='1 100' ;;
        --noisy) noise=9 ;;
        --table) table=yes ;;
        --fit) csv=${2:?--fit needs a file}; shift ;;
        -h | --help) sed -n '2,/^set -eu/{/^set -eu/d;s/^# \{0,1\}//p}' "$0"; exit 0 ;;
        *) echo "sizing: unknown argument $1; try --help" >&2; exit 2 ;;
    esac
    shift
done

cargo build --release --bins >&2
node=target/release/dxring

# Rates of the air, each with the filters that people have: 500 different ones, which pass a fifth.
if [ $table = yes ]; then
    echo "| CPUs | users | spots/s | fullest thread | p50 ms | p99 ms | Gbit/s | memory MB |"
    echo "|---|---|---|---|---|---|---|---|"
    for cpus in 8 16 64; do
        for users in 10000 100000; do
            for rate in 63 700 830 5000; do
                $node plan --cpus $cpus --users $users --rate $rate --filters 500 --pass 0.2 | awk -v cpus=$cpus -v users=$users -v rate=$rate '
                    /^model:/ { for (i = 1; i < NF; i++) { if ($i == "p50") p50 = $(i + 1); if ($i == "p99") p99 = $(i + 1) } }
                    /%$/ { if ($(NF - 1) + 0 > most) { most = $(NF - 1) + 0; name = $1 } }
                    /^network/ { net = $2 }
                    /^memory/ { mb = $2 }
                    END { sub(/-.*/, "", name); if (most > 100) p50 = p99 = "too much"
                          printf "| %d | %d | %d | %s %d %% | %s | %s | %s | %s |\n", cpus, users, rate, name, most, p50, p99, net, mb }'
            done
        done
    done
    exit
fi
tmp=$(mktemp -d)
load=''
clean_up() {
    [ -z "$load" ] || kill "$load" 2>/dev/null || true
    rm -rf "$tmp"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# CPU of a node's threads so far, in ns: `telnet road`, where road is everything from the read to the store.
threads() {
    local task name ns rest telnet=0 road=0
    for task in /proc/"$1"/task/*; do
        read -r name <"$task/comm" && read -r ns rest <"$task/schedstat" || continue
        case "$name" in
            telnet-*) telnet=$((telnet + ns)) ;;
            parse | correct* | dedup | pipeline | service) road=$((road + ns)) ;;
        esac
    done 2>/dev/null
    echo "$telnet $road"
}

# The dxring that process $1 started.
child_of() {
    local file stat
    for file in /proc/[0-9]*/stat; do
        read -r stat <"$file" || continue
        case "$stat" in *" (dxring) "[A-Z]" $1 "*) echo "${stat%% *}"; return 0 ;; esac
    done 2>/dev/null
    return 1
}

# One run: a row of the CSV from what generator, node and kernel said.
measure() {
    local users=$1 rate=$2 filters=$3 pid='' before='' after='' now files
    TMPDIR=$tmp target/release/dxring-load --spawn $node --users "$users" --rate "$rate" --seconds $SECONDS_EACH \
        --filters "$filters" --noise-cores-max $noise >"$tmp/said" 2>&1 &
    load=$!
    while kill -0 $load 2>/dev/null; do
        if [ -z "$pid" ]; then
            pid=$(child_of $load) || true
        elif [ -z "$before" ]; then
            # Log-ins are not what is measured: from the last one on.
            files=(/proc/"$pid"/fd/*)
            [ ${#files[@]} -lt "$users" ] || before=$(threads "$pid")
        else
            now=$(threads "$pid")
            # A node that ends has no threads.
            [ "$now" = '0 0' ] || after=$now
        fi
        # Often enough to see the last state, seldom enough to be no noise.
        sleep 0.2
    done
    wait $load || true
    load=''
    awk -v users="$users" -v rate="$rate" -v filters="$filters" -v before="${before:-0 0}" -v after="${after:-0 0}" '
        # A figure right behind a word, or before one.
        function behind(word,   i) { for (i = 1; i < NF; i++) if ($i == word) return $(i + 1) + 0; return 0 }
        function ahead(word,   i) { for (i = 2; i <= NF; i++) if ($i == word || $i == word ",") return $(i - 1) + 0; return 0 }
        $1 == "workload" { delivered = behind("delivered") }
        $1 == "delivery" { p50 = behind("p50"); p99 = behind("p99") }
        $1 == "rate" { cpu = behind("server") }
        $1 == "around" { idle = behind("RSS"); logged = 0; for (i = 3; i <= NF; i++) { if ($i == "users,") logged = $(i - 2) + 0; if ($i == "after,") rss = $(i - 1) + 0 } }
        $1 == "NOISY" { noisy = 1 }
        $1 == "FAILED" { failed = 1 }
        # The node: the last report, from its start to its end.
        $2 == "correct" && $3 ~ /^[0-9]+$/ { spots = $3 }
        $2 == "pipeline" || $2 == "parse" || $2 == "all" { if ($3 ~ /^[0-9]+$/) turns = $3 }
        $2 == "users" { sends += ahead("sends"); lines += ahead("lines"); gap = behind("gap") }
        END {
            split(before, b, " "); split(after, a, " ")
            printf "%d,%d,%d,%d,%d,%d,%d,%.4f,%.4f,%.4f,%.3f,%.3f,%d,%.1f,%.1f,%.1f,%s\n", users, rate, filters, spots, turns, sends, lines,
                (a[1] - b[1]) / 1e9, (a[2] - b[2]) / 1e9, cpu, p50 / 1000, p99 / 1000, gap, idle, logged, rss,
                failed || delivered < 100 ? "failed" : noisy ? "noisy" : "ok"
        }' "$tmp/said"
}

if [ -z "$csv" ]; then
    mkdir -p perf/out
    csv=perf/out/sizing-$(date -u +%Y%m%dT%H%M%SZ).csv
    echo "users,rate,filters,spots,turns,sends,lines,telnet_cpu_s,road_cpu_s,cpu_s,p50_ms,p99_ms,gap_us,idle_mb,logged_in_mb,after_mb,verdict" >"$csv"
    for users in $grid_users; do
        for rate in $grid_rates; do
            for filters in $grid_filters; do
                measure "$users" "$rate" "$filters" | tee -a "$csv"
            done
        done
    done
fi
sed -n '/^commit/p;/^machine/p' "$tmp/said" 2>/dev/null || true

# The stages alone: a seeded band through all of them on one thread.
$node simulate --minutes 60 --seed 7 --profile contest --start 2026-11-24T12:00 >"$tmp/2026-11-24.txt"
$node replay --summary "$tmp/2026-11-24.txt" >"$tmp/stages"
grep '^time per spot' "$tmp/stages"
stages=$(sed -n 's/^time per spot: .*parse+gate \([0-9.]*\) ns, ring \([0-9.]*\) ns, correct \([0-9.]*\) ns, dedup \([0-9.]*\) ns.*/\1 \2 \3 \4/p' "$tmp/stages" |
    awk '{ print $1 + $2 + $3 + $4 }')
[ -n "$stages" ] || { echo "sizing: replay did not tell its stages" >&2; exit 2; }

# What plan says, beside each row.
while IFS=, read -r users rate filters rest; do
    [ "$users" != users ] || continue
    said=$($node plan --users "$users" --rate "$rate" --filters "$filters" --pass 0.5 | sed -n 's/^model: \([0-9.]*\) cores, p50 \([0-9.]*\) ms, p99 \([0-9.]*\) ms.*/\1,\2,\3/p')
    echo "$users,$rate,$filters,$rest,$said"
done <"$csv" >"$tmp/rows"

awk -F, -v seconds=$SECONDS_EACH -v noise=$noise -v stages="$stages" '
    # Least squares of y = sum x[c] * k[c] over columns from..to, each row weighted by 1 / y, no k below zero.
    function fit(y, from, to,   worst, c) {
        for (c = from; c <= to; c++) active[c] = 1
        do {
            solve(y, from, to); worst = 0
            for (c = from; c <= to; c++) if (active[c] && k[c] < 0 && (!worst || k[c] < k[worst])) worst = c
            if (worst) active[worst] = 0
        } while (worst)
    }
    function solve(y, from, to,   i, j, r, a, f, p) {
        split("", a)
        for (i = from; i <= to; i++) for (j = from; j <= to + 1; j++) {
            a[i, j] = 0
            if (active[i] && (j > to || active[j]))
                for (r = 1; r <= n; r++) a[i, j] += x[r, i] / y[r] * (j > to ? 1 : x[r, j] / y[r])
            else if (i == j) a[i, j] = 1
        }
        for (p = from; p <= to; p++) for (i = from; i <= to; i++) if (i != p) {
            f = a[i, p] / a[p, p]
            for (j = p; j <= to + 1; j++) a[i, j] -= f * a[p, j]
        }
        for (p = from; p <= to; p++) k[p] = a[p, to + 1] / a[p, p]
    }
    function size(e) { return e < 0 ? -e : e }
    {
        row[NR] = $0
        if (!($17 == "ok" || noise > 1 && $17 == "noisy") || $8 <= 0 || $9 <= 0) next
        of[NR] = ++n
        x[n, 1] = $4; x[n, 2] = $4 * ($2 > 4000 ? 4000 / $2 : 1)
        x[n, 3] = $4 * ($3 > $1 ? $1 : $3); x[n, 4] = $6; x[n, 5] = $7
        # What is left of the road when the stages have theirs: reads, wake-ups, the store.
        road[n] = $9 - $4 * stages * 1e-9; telnet[n] = $8
        if (road[n] <= 0) { n--; delete of[NR] }
    }
    END {
        if (n < 4) { print "sizing: only " n + 0 " rows count: too few to fit"; exit 1 }
        fit(road, 2, 2); fit(telnet, 3, 5)
        k[1] = stages * 1e-9
        print "\nfitted, ns of CPU, for src/node/sizing.rs:"
        printf "  %-34s %9.1f   per spot (by replay, see above: parse_ns, correct_ns, dedup_ns)\n  %-34s %9.1f   per read (read_ns)\n", "stages and store", k[1] * 1e9, "", k[2] * 1e9
        printf "  %-34s %9.1f   per cohort and spot (cohort_ns)\n  %-34s %9.1f   per send (send_ns)\n  %-34s %9.1f   per line (line_ns)\n", "telnet", k[3] * 1e9, "", k[4] * 1e9, "", k[5] * 1e9
        printf "\n%5s %6s %5s | %7s %7s %5s | %7s %5s | %7s %7s %5s | %7s %7s %5s\n", "users", "rate", "filt.", "cores", "fitted", "err", "plan", "err", "p50 ms", "plan", "err", "p99 ms", "plan", "err"
        for (r = 1; r <= NR; r++) {
            split(row[r], v, ",")
            cores = v[10] / seconds
            if (cores <= 0) continue
            fitted = 0
            if (of[r]) for (c = 1; c <= 5; c++) fitted += k[c] * x[of[r], c] / seconds * v[2] * seconds / v[4]
            printf "%5d %6d %5d | %7.3f %7.3f %4.0f%% | %7.3f %4.0f%% | %7.2f %7.2f %4.0f%% | %7.2f %7.2f %4.0f%% %s\n", v[1], v[2], v[3], cores, fitted, (fitted / cores - 1) * 100,
                v[18], (v[18] / cores - 1) * 100, v[11], v[19], (v[19] / v[11] - 1) * 100, v[12], v[20], (v[20] / v[12] - 1) * 100, v[17] == "ok" ? "" : v[17]
            if (!of[r]) continue
            if (size(fitted / cores - 1) > fit_worst) fit_worst = size(fitted / cores - 1)
            if (size(v[18] / cores - 1) > 0.2) apart++
            if (v[1] >= 1000) { per_user += (v[15] - v[14]) * 1e6 / v[1]; many++ }
            base += v[14]
        }
        printf "\nmemory: %.1f MB without users", base / n
        if (many) printf ", %.0f bytes per user", per_user / many
        printf "\nlargest error of the fitted CPU: %.0f %%; plan is more than 20 %% away in %d of %d rows\n", fit_worst * 100, apart, n
        exit fit_worst > 0.2
    }' "$tmp/rows"
