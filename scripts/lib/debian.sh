# shellcheck shell=sh
# Debian packages that a script needs, installed without their services being started or enabled.
# Sourced from the repository's root; sh or bash:
#
#   install=no; [ "${CI:-}" = true ] && install=yes      and `install=yes` for --install
#   . scripts/lib/debian.sh
#   debian_tool mosquitto                    the command is there, or its package of the same name is installed
#   debian_tool perf linux-perf              the same where the package has another name
#   debian_install valgrind libc6-dbg        these packages are there
#
# Status 0: it is there. 77: it is missing and nothing may be installed here (said in one line, `missing: ...`).
# 1: it could not be installed (said as well; a package that this release does not have is such a case).

# Where daemons live; an ordinary user's PATH lacks it on Debian.
case ":$PATH:" in
    *:/usr/sbin:*) ;;
    *) PATH=$PATH:/usr/sbin:/sbin ;;
esac

debian_install() {
    debian_wanted=
    for debian_package in "$@"; do
        [ "$(dpkg-query -W -f '${db:Status-Status}' "$debian_package" 2>/dev/null)" = installed ] ||
            debian_wanted="$debian_wanted $debian_package"
    done
    [ -n "$debian_wanted" ] || return 0
    if [ "${install:-no}" != yes ]; then
        echo "missing:$debian_wanted; ${DEBIAN_SCRIPT:-$0} --install installs it"
        return 77
    fi
    if ! command -v apt-get >/dev/null; then
        echo "missing:$debian_wanted; no apt-get here: install it by hand"
        return 1
    fi
    # Unquoted on purpose: names of packages have no blanks.
    # shellcheck disable=SC2086
    if [ "$(id -u)" = 0 ]; then
        sh scripts/lib/debian-install.sh $debian_wanted
    else
        sudo -n sh scripts/lib/debian-install.sh $debian_wanted
    fi || {
        echo "missing:$debian_wanted; could not be installed, see above"
        return 1
    }
}

debian_tool() {
    command -v "$1" >/dev/null || debian_install "${2:-$1}"
}
