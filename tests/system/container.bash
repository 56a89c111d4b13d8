# SPDX-License-Identifier: LGPL-2.1-or-later
# Sourced by each test in tests/system: a container that is booted from $ROOT by systemd-nspawn, entered, and taken down.
#
# Neither systemd nor machined need run on this machine. nspawn wants a cgroup hierarchy that it can hand on, so it gets the
# unified one, mounted for it alone in a mount namespace of its own. The root stays as it is: what is written in the
# container goes to memory and is gone with it (--volatile=overlay), unless VOLATILE=no: then it stays in $ROOT for
# the next boot. It has a network of its own, with nothing but the loopback interface (network.bash makes more).

set -u
MACHINE=dohmouse-$$
VOLATILE=overlay
LEADER=         # the container's PID 1, as this machine numbers it
NSPAWN=

fail() {
        echo "$*" >&2
        exit 1
}

# With PREPARE=FUNCTION, that function is called first with the folder that will be the root, to change what matters while it boots. It
# may use nothing but what is exported. With DOHMOUSE_BOOTED=yes, the container is the one that this runs in: of debian/tests.
boot() {
        [[ ${DOHMOUSE_BOOTED-} != yes ]] || { LEADER=1; return 0; }
        [[ -z ${PREPARE-} ]] || export -f "${PREPARE?}"
        local deadline=$((SECONDS + 60))
        unshare --mount --propagation private bash -eu -c '
                ! mountpoint -q /sys/fs/cgroup || umount -R -l /sys/fs/cgroup
                mount -t cgroup2 cgroup2 /sys/fs/cgroup
                mkdir /sys/fs/cgroup/"$2"
                echo $$ >/sys/fs/cgroup/"$2"/cgroup.procs
                root=$1 volatile=$3
                if [[ -n $4 ]]; then
                        mount -t tmpfs -o mode=755 tmpfs /mnt
                        mkdir /mnt/changes /mnt/work /mnt/root
                        mount -t overlay -o lowerdir="$1",upperdir=/mnt/changes,workdir=/mnt/work overlay /mnt/root
                        "$4" /mnt/root
                        root=/mnt/root volatile=no
                fi
                exec systemd-nspawn --quiet -D "$root" -M "$2" --register=no --keep-unit --boot --volatile="$volatile" \
                        --private-network --resolv-conf=off --timezone=off --link-journal=no --console=pipe
        ' boot "$ROOT" "$MACHINE" "$VOLATILE" "${PREPARE-}" </dev/null >>"$LOGS/console.log" 2>&1 &
        NSPAWN=$!
        while [[ -z $LEADER ]]; do
                kill -0 "$NSPAWN" 2>/dev/null || fail "systemd-nspawn ended: $(tail -n 3 "$LOGS/console.log")"
                (( SECONDS < deadline )) || fail "The container did not start within a minute."
                sleep 0.1
                LEADER=$(child_of "$NSPAWN")
        done
        until [[ $(inside systemctl is-system-running 2>/dev/null) =~ ^(running|degraded)$ ]]; do
                kill -0 "$NSPAWN" 2>/dev/null || fail "The container ended: $(tail -n 3 "$LOGS/console.log")"
                (( SECONDS < deadline )) || fail "The container did not boot within a minute: $(inside systemctl list-jobs)"
                sleep 0.1
        done
}

# The child of nspawn that has become systemd. Before that it still sees this machine's root.
child_of() {
        local stat fields
        for stat in /proc/[0-9]*/stat; do
                read -r fields 2>/dev/null <"$stat" || continue
                [[ $fields == *" (systemd) "?" $1 "* ]] || continue
                echo "${fields%% *}"
                return
        done
}

# inside COMMAND...: runs it in the container, as root.
inside() {
        local enter=(nsenter --target "$LEADER" --all --root --wd --)
        [[ ${DOHMOUSE_BOOTED-} != yes ]] || enter=()
        "${enter[@]}" \
                /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 TERM=dumb SYSTEMD_PAGER= SYSTEMD_COLORS=0 "$@"
}

shut_down() {
        [[ -n $NSPAWN ]] || return 0
        [[ -z $LEADER ]] || inside journalctl --no-pager -o short-precise >"$LOGS/journal.log" 2>&1
        kill "$NSPAWN" 2>/dev/null
        for _ in {1..100}; do
                kill -0 "$NSPAWN" 2>/dev/null || break
                sleep 0.1
        done
        kill -9 "$NSPAWN" 2>/dev/null
        wait "$NSPAWN" 2>/dev/null
        NSPAWN= LEADER=
        unshare --mount --propagation private bash -c '
                mount -t cgroup2 cgroup2 /mnt && find "/mnt/$1" -depth -type d -exec rmdir {} +
        ' tidy "$MACHINE" 2>/dev/null
}

# A name that each test asks, and that nothing may tell: names that are asked are in no log.
CANARY=canary-$$-$RANDOM

ask_canary() {
        inside systemctl start dohmouse.socket
        inside dig @127.0.0.53 "$CANARY.any.dohmouse.test" +tries=1 +time=2 >"$LOGS/canary" 2>&1
}

canary_is_nowhere() {
        ask_canary
        inside journalctl --sync
        ! inside journalctl -o export --all | grep -aF "$CANARY" || fail "The journal tells a name that was asked."
        echo "ok: the canary is in no log"
}

# In a subshell, as it may fail.
at_end() {
        local status=$1
        if (( status == 0 )) && [[ -n $LEADER && -n $CANARY ]]; then
                ( trap - EXIT; canary_is_nowhere ) || status=1
        fi
        shut_down
        exit "$status"
}
trap 'at_end $?' EXIT

# install_deb NAME, remove_deb NAME: one of CONTAINER_DEBS.
install_deb() { inside sh -c 'dpkg -i /var/cache/debs/"$1"_*.deb' install "$1"; }
remove_deb() { inside dpkg --purge "$1"; }

# expect WHAT WANTED COMMAND...: the command's output matches the extended regular expression.
expect() {
        local what=$1 wanted=$2 got; shift 2
        got=$("$@" 2>&1)
        [[ $got =~ $wanted ]] || fail "$what: expected /$wanted/, got from '$*':"$'\n'"$got"
        echo "ok: $what"
}

# eventually SECONDS COMMAND...: tries until the command succeeds.
eventually() {
        local deadline=$((SECONDS + $1)); shift
        until "$@" >/dev/null 2>&1; do
                (( SECONDS < deadline )) || fail "Not within the time: $*"
                sleep 0.1
        done
}
