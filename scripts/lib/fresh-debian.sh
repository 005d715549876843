#!/bin/bash
# Runs a command as on a new machine: in a minimal Debian with Node, npm and a copy of the repository.
#
#   unshare --mount --propagation=private bash fresh-debian.sh DEBIAN PROJECT COPY NODE NPM NPMRC CACHE POWERS USER COMMAND…
#
# COPY is `clone` or `archive`, for a copy without .git. NPMRC is what npm has to know to reach its registry, and CACHE its cache.
# POWERS is `container` for what a plain container may do, or `machine`. USER is `root` or `user`.
#
# All files are kept in memory. They disappear when the command ends, or when standard input ends, and so do all processes and mounts.
set -eu
debian=$1 project=$2 copy=$3 node=$4 npm=$5 npmrc=$6 cache=$7 powers=$8 user=$9
shift 9
[ "$user" = root ] && uid=0 home=/root || uid=1000 home=/home/user

# It keeps no list in /run/mount.
mount() {
  command mount --no-mtab "$@"
}

# Runs as PID 1 of the namespaces, in the folder of the new machine.
become_machine() {
  set -eu
  mount -t proc proc proc
  mount -t tmpfs -o mode=755 tmpfs dev
  for device in null zero full random urandom tty; do
    touch "dev/$device"
    mount --bind "/dev/$device" "dev/$device"
  done
  mkdir dev/pts dev/shm dev/mqueue
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts dev/pts
  mount -t tmpfs -o mode=1777 tmpfs dev/shm
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  mount -t sysfs sysfs sys
  mount -t cgroup2 cgroup2 sys/fs/cgroup
  # Only a cgroup without processes can give controllers to those below it.
  mkdir sys/fs/cgroup/machine
  echo 0 >sys/fs/cgroup/machine/cgroup.procs
  for controller in $(cat sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" >sys/fs/cgroup/cgroup.subtree_control
  done
  local command=(setpriv --reuid="$uid" --regid="$uid" --clear-groups env -i HOME="$home" USER="$user" TERM=dumb
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin $proxies sh -c 'cd ~/sockact && exec "$@"' sh "$@")
  if [ "$powers" = machine ]; then
    mkdir old
    pivot_root . old
    umount --no-mtab --lazy /old
    rmdir /old
    "${command[@]}"
  else
    mount -o remount,bind,ro sys
    mount -o remount,bind,ro sys/fs/cgroup
    mount --bind proc/sys proc/sys
    mount -o remount,bind,ro proc/sys
    # The capabilities of a container that was started without any options. In a chroot, the kernel also refuses user namespaces.
    local capabilities=-all
    for capability in chown dac_override fowner fsetid kill setgid setuid setpcap net_bind_service net_raw sys_chroot mknod audit_write setfcap; do
      capabilities+=,+$capability
    done
    chroot . setpriv --bounding-set="$capabilities" "${command[@]}"
  fi
}

stop() {
  if [ -n "${keeper:-}" ]; then
    # The first process of the machine. unshare ends once it has reaped it.
    kill -KILL $(cat "/proc/$keeper/task/$keeper/children" 2>/dev/null || echo "$keeper") 2>/dev/null || true
    wait "$keeper" 2>/dev/null || true
  fi
  [ -n "${cgroup:-}" ] || return 0
  # The kernel needs a moment to take the last process out of its cgroup.
  for _ in $(seq 1 100); do
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [ -d "$cgroup" ] || break
    sleep 0.02
  done
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

mount -t tmpfs -o mode=755 tmpfs "$debian/mnt"
cd "$debian/mnt"
mkdir upper work view
mount -t overlay -o "lowerdir=$debian,upperdir=upper,workdir=work" overlay view
cd view

cp -L "$node" usr/local/bin/node
mkdir -p usr/local/lib/node_modules usr/local/etc
rm -rf usr/local/lib/node_modules/npm
cp -RL "$npm" usr/local/lib/node_modules/npm
ln -sf ../lib/node_modules/npm/bin/npm-cli.js usr/local/bin/npm
ln -sf ../lib/node_modules/npm/bin/npx-cli.js usr/local/bin/npx
printf '%s\ncache=/var/cache/npm\nupdate-notifier=false\n' "$npmrc" >usr/local/etc/npmrc
[ -z "${CAFILE:-}" ] || cp -L "$CAFILE" usr/local/etc/npm-certificates.pem
mkdir -p "$cache" var/cache/npm
chown "$uid:$uid" "$cache"
mount --bind "$cache" var/cache/npm
cp -L /etc/resolv.conf etc/resolv.conf
printf '127.0.0.1 localhost\n::1 localhost\n' >etc/hosts
if [ "$user" != root ]; then
  echo "$user:x:$uid:$uid::$home:/bin/bash" >>etc/passwd
  echo "$user:x:$uid:" >>etc/group
fi

mkdir -p ".$home"
mount -t tmpfs -o mode=700 tmpfs ".$home"
mkdir ".$home/sockact"
if [ "$copy" = clone ]; then
  git -c safe.directory='*' clone --quiet --no-hardlinks "$project" ".$home/sockact"
else
  git -c safe.directory='*' -C "$project" archive HEAD | tar -x -C ".$home/sockact"
fi
chown -R "$uid:$uid" ".$home"

# The addresses of proxies, if this computer uses any.
proxies=
for name in HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy; do
  [ -z "${!name:-}" ] || proxies+=" $name=${!name}"
done

# The machine sees only the cgroup that it begins in.
umount --no-mtab -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cgroup=$(mktemp --directory /sys/fs/cgroup/fresh-machine-XXXXXX)
chmod 755 "$cgroup"

export -f become_machine mount
export home user uid powers proxies cgroup
setpriv --pdeathsig=KILL unshare --mount --uts --ipc --pid --fork --kill-child=KILL bash -c '
  echo 0 >"$cgroup/cgroup.procs"
  exec unshare --cgroup bash -c "become_machine \"\$@\"" machine "$@"
' machine "$@" </dev/null &
keeper=$!
# Ends the machine when the process at the other end has ended, in whichever way.
{ cat >/dev/null; kill -TERM $$; } <&0 2>/dev/null &
watcher=$!
# Bash does not report its end.
disown "$watcher"
status=0
wait "$keeper" || status=$?
keeper=
kill -KILL "$watcher" 2>/dev/null || true
exit "$status"
