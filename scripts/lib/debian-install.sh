#!/bin/sh
# Installs Debian packages and neither starts nor enables a service of theirs. What was installed before keeps
# its services as they are. Run by scripts/lib/debian.sh, as root.
#
#   sh scripts/lib/debian-install.sh PACKAGE...
#
# While it installs there is a /usr/sbin/policy-rc.d that lets no service start (the one that is there, if it
# forbids that already).
set -eu
[ $# -gt 0 ] || { echo "usage: $0 PACKAGE..." >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "$0: run it as root" >&2; exit 1; }

policy=/usr/sbin/policy-rc.d
mark='# No service starts while packages are installed (scripts/lib/debian-install.sh); removed after.'
# apt waits for another apt so long.
LOCK_SECONDS=300

# One at a time: the second would remove the policy of the first.
exec 9>/run/lock/debian-install.lock
flock -w "$LOCK_SECONDS" 9 || { echo "another installation has run for $LOCK_SECONDS s" >&2; exit 1; }

scratch=$(mktemp -d)
ours=no
end() {
    [ "$ours" = no ] || rm -f "$policy"
    rm -rf "$scratch"
}
trap end EXIT
trap 'exit 1' HUP INT TERM

# One that was left by a run that was killed is ours, too.
if [ ! -e "$policy" ] || grep -qF "$mark" "$policy"; then
    ours=yes
    printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
    chmod 755 "$policy"
else
    allowed=0
    "$policy" "$1" start >/dev/null 2>&1 9>&- || allowed=$?
    if [ "$allowed" != 101 ]; then
        echo "$policy of this machine lets services start: install by hand: $*" >&2
        exit 1
    fi
fi

installed() {
    dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u
}

installed >"$scratch/before"
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout="$LOCK_SECONDS" update -q 9>&-
apt-get -o DPkg::Lock::Timeout="$LOCK_SECONDS" install -qy --no-install-recommends "$@" 9>&-
installed >"$scratch/after"

# `systemctl disable` and `update-rc.d disable` are what an administrator would do, so later upgrades
# leave the services switched off.
comm -13 "$scratch/before" "$scratch/after" >"$scratch/new"
while read -r package; do
    dpkg -L "$package" 2>/dev/null >"$scratch/files" || continue
    while read -r file; do
        case "$file" in
            */systemd/system/*@.*) ;;
            */systemd/system/*.service | */systemd/system/*.socket | */systemd/system/*.timer | */systemd/system/*.path)
                unit=${file##*/}
                if command -v systemctl >/dev/null; then
                    systemctl disable --quiet "$unit" </dev/null || echo "$unit: still enabled" >&2
                elif command -v deb-systemd-helper >/dev/null; then
                    deb-systemd-helper disable "$unit" </dev/null >/dev/null || echo "$unit: still enabled" >&2
                fi
                ;;
            /etc/init.d/*)
                update-rc.d "${file##*/}" disable </dev/null >/dev/null || echo "${file##*/}: still enabled" >&2
                ;;
        esac
    done <"$scratch/files"
done <"$scratch/new"
