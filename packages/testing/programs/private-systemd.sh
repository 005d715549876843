#!/bin/bash
# Boots a real systemd as PID 1 of its own namespaces, and says `ready PID` on standard output (PID as the host sees it).
# Removes everything when standard input ends, so nothing outlives the process at the other end, in whichever way that ends.
#
#   unshare --mount --propagation=private bash private-systemd.sh PROJECT NODE [GENERATORS [DISK [PACKAGES]]]
#
# With DISK, a folder, a later boot with the same folder finds /etc and what was written below the folders of the disk.
# PACKAGES is the folder with the packages of these programs, if it is not in the project.
#
# Needs root, bash, util-linux and systemd. It changes nothing outside its namespaces: /etc is a copy on write, /usr and the rest
# of the root file system are read-only, what a booting system writes to is a fresh tmpfs, and the network is a loopback device.
# Root of a user namespace will do, with the ids 0 to 65534, a cgroup namespace, and a cgroup of its own.
# The host sees only a cgroup, since every process is in one. It is removed at the end.
set -u
project=$1 node=$2
# The generators of the distribution take most of the time of each daemon-reload. A folder that is not there has none.
generators=${3:-/run/sockact/no-generators}
disk=${4:-}
packages=${5:-}
# pivot_root(8) is not on the path of every user.
PATH=$PATH:/usr/sbin:/sbin
inside=(--mount --uts --ipc --net --pid --cgroup)
# Only the first user namespace has all ids.
read -r _ _ ids </proc/self/uid_map
rootless=
[ "$ids" = 4294967295 ] || rootless=1

# It keeps no list in /run/mount, which is the host's at first, and another one later.
mount() {
  command mount --no-mtab "$@"
}

# The host's / and /var belong to nobody in a user namespace, and systemd takes no folder of root in there for safe. This makes
# a new root of their folders, each read-only.
own_the_root() {
  mount -t tmpfs -o mode=755 tmpfs /dev/shm
  cd /dev/shm
  mkdir -m 700 root old
  local entry
  for entry in /dev /* /var/*; do
    if [ -L "$entry" ]; then
      cp -P "$entry" ".$entry"
    elif [ -d "$entry" ] && [ ! -e ".$entry" ]; then
      mkdir ".$entry"
      [ "$entry" != /var ] || continue
      mount --rbind "$entry" ".$entry"
      [[ $entry == /@(dev|proc|sys) ]] || mount -o remount,bind,ro ".$entry"
    fi
  done
  pivot_root . old
  umount --no-mtab -l /old
  rmdir /old
}

# Reads the places of all mounts, a line each.
mount_points() {
  local at
  # Spaces are octal numbers there: \040, which printf(1) wants with a 0 before its three digits.
  cut -d ' ' -f 5 /proc/self/mountinfo | while read -r at; do printf '%b\n' "${at//\\/\\0}"; done
}

# Makes a folder below the current one read-only, with all that is mounted in it.
read_only() {
  mount -o remount,bind,ro "$1"
  local at
  while read -r at; do
    [[ $at != "$PWD/$1"/* ]] || mount -o remount,bind,ro "$at"
  done < <(mount_points)
}

# Makes the other file systems of the host read-only. What can't be, such as one that does not answer, is not mounted here.
host_read_only() {
  local at
  while read -r at; do
    [[ $at == / || $at == /@(dev|proc|run|sys)?(/*) ]] ||
      mount -o remount,bind,ro "$at" 2>/dev/null || umount --no-mtab -l "$at" 2>/dev/null || true
  done < <(mount_points)
}

# Runs as PID 1 of the namespaces, and becomes systemd.
become_systemd() {
  set -e
  # /proc is still the host's here, so this is our PID as the host sees it.
  read -r pid _ </proc/self/stat
  echo 0 >"$cgroup/cgroup.procs"
  # What systemd starts has systemd's priority, which must not be that of whoever runs the tests.
  renice -n 0 -p $$ >/dev/null || [ -n "$rootless" ]
  mount -t proc proc /proc
  [ -z "$rootless" ] || own_the_root

  # The new /run is put together at /dev/shm, where no project is, and moved once nothing else is needed from below the old one.
  mount -t tmpfs -o mode=755 tmpfs /dev/shm
  cd /dev/shm
  mkdir -p lock systemd/system systemd/system.control sockact/project sockact/disk
  [ -z "$disk" ] || mount --bind "$disk" sockact/disk
  mkdir -p sockact/disk/etc/upper sockact/disk/etc/work
  touch sockact/node sockact/disk/etc/upper/.private
  mount --rbind "$project" sockact/project
  read_only sockact/project
  if [ -n "$packages" ]; then
    # Node finds other packages only in a folder with this name.
    mkdir -p "sockact/packages/${packages##*/}"
    mount --rbind "$packages" "sockact/packages/${packages##*/}"
    read_only "sockact/packages/${packages##*/}"
  fi
  mount --bind "$node" sockact/node
  mount -o remount,bind,ro sockact/node
  host_read_only
  mount --move /dev/shm /run
  cd /

  # A service with PrivateTmp= or StateDirectory= would leave its folders on the host, and systemd-tmpfiles would clean the host's /tmp.
  for folder in /tmp /var/tmp /var/lib /var/cache /var/log; do mount -t tmpfs -o mode=1777 tmpfs "$folder"; done
  chmod 755 /var/lib /var/cache /var/log
  [ -z "$disk" ] || for folder in /root /srv /usr/local/bin /var/lib; do
    mkdir -p "/run/sockact/disk$folder"
    mount --bind "/run/sockact/disk$folder" "$folder"
  done

  # `systemctl enable`, systemd-sysusers and an uninitialized machine-id write to /etc; the units that the host has enabled are not wanted here.
  local etc=/run/sockact/disk/etc
  if [ -n "$rootless" ]; then
    # Of files that the host's root owns, root of the namespace can't become the owner. It gets a copy of those that it may read.
    [ -e $etc/upper/hosts ] || cp -r --preserve=mode,timestamps,links /etc/. $etc/upper 2>/dev/null || true
    mount --bind $etc/upper /etc
  else
    mount -t overlay -o lowerdir=/etc,upperdir=$etc/upper,workdir=$etc/work overlay /etc 2>/dev/null || {
      [ -e $etc/upper/hosts ] || cp -a /etc/. $etc/upper
      mount --bind $etc/upper /etc
    }
  fi
  # Never touch the mounts of the host, whatever went wrong.
  [ -e /etc/.private ]
  # A disk that has booted before has its own units.
  [ -e $etc/upper/.booted ] || rm -rf /etc/systemd/system /etc/fstab
  mkdir -p /etc/systemd/system
  touch /etc/.booted
  # Parts of a machine that no test uses take most of the time of a boot and of each daemon-reload. Sockets of other packages would also be in what
  # the commands of sockact list, so a test would depend on what this machine has installed.
  touch -r /usr /etc/.updated
  local units=/usr/lib/systemd/system
  [ -d $units ] || units=/lib/systemd/system
  cp -a $units /run/sockact/units
  (
    cd /run/sockact/units
    rm -rf ./*.timer ./*.timer.d timers.target.wants apt-daily* cni-* dpkg-db-backup* e2scrub* fstrim* initrd* man-db* netavark* podman* \
      syslog.socket *getty* getty.target.wants
    # What is left of the sockets and of what starts at a boot are the journal, the bus and temporary files.
    find . -name 'systemd-*.socket' ! -name 'systemd-journald*' -delete
    find ./{sysinit,multi-user,local-fs,sockets}.target.wants ! -type d ! -name 'systemd-journald*' ! -name dbus.socket \
      ! -name systemd-tmpfiles-setup.service -delete 2>/dev/null || true
  )
  mount --bind /run/sockact/units $units
  mount -o remount,bind,ro $units
  printf '127.0.0.1 localhost\n::1 localhost\n' >/etc/hosts
  tr -d - </proc/sys/kernel/random/uuid >/etc/machine-id
  # Every machine that has run a service with a user of its own has this lock of systemd.
  (umask 077; : >>/etc/.pwd.lock)

  # A read-only /sys keeps udev off the host's devices, and a read-only /proc/sys keeps systemd-sysctl off the host's kernel.
  [ -n "$rootless" ] || umount --no-mtab -R /sys 2>/dev/null || true
  # mount(2) makes it read-only from the start. Where the outer /sys is read-only, a user namespace gets no other one.
  LIBMOUNT_FORCE_MOUNT2=always mount -t sysfs -o ro sysfs /sys
  for path in /proc/sys /proc/sysrq-trigger; do
    [ -e "$path" ] || continue
    mount --bind "$path" "$path"
    mount -o remount,bind,ro "$path"
  done

  mkdir /run/sockact/dev
  mount -t tmpfs -o mode=755 tmpfs /run/sockact/dev
  cd /run/sockact/dev
  for device in null zero full random urandom tty; do
    touch "$device"
    mount --bind "/dev/$device" "$device"
    # Still open to be written to, but not for chmod and chown, which would be the host's.
    mount -o remount,bind,ro "$device"
  done
  mkdir pts shm mqueue
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts pts
  mount -t tmpfs -o mode=1777 tmpfs shm
  ln -s pts/ptmx ptmx
  ln -s /proc/self/fd fd
  mount --move . /dev
  cd /
  mount -o remount,bind,ro /

  # As systemd does outside of containers: credentials are mounted in a namespace of their own, and reach the service from there.
  mount --make-rshared /

  local systemd=/usr/lib/systemd/systemd
  [ -x "$systemd" ] || systemd=/lib/systemd/systemd
  echo "$pid"
  # The cgroup namespace begins at the cgroup we are in, and what is mounted from inside it begins there too.
  exec unshare --cgroup bash -c 'mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@" >&2' become-systemd \
    setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time,-syslog,-wake_alarm \
    env -i PATH="$PATH" container=sockact SYSTEMD_GENERATOR_PATH="$generators" \
    "$systemd" --system --unit=basic.target --show-status=0
}

stop() {
  # unshare ends by itself once it has reaped its child, which would be left to the host as a zombie if unshare went first.
  kill -KILL "${init:-$keeper}" 2>/dev/null
  wait "$keeper" 2>/dev/null
  # The kernel needs a moment to take the last process out of its cgroup.
  for _ in $(seq 1 100); do
    find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null
    [ -d "$cgroup" ] || break
    sleep 0.02
  done
}

fail() {
  echo "$1" >&2
  [ -n "${init:-}" ] && timeout 5 nsenter -t "$init" "${inside[@]}" -- journalctl --no-pager --lines 40 >&2 2>/dev/null
  exit 1
}

# Whatever the host's layout, a cgroup2 of our own mount namespace at the usual place.
umount --no-mtab -R /sys/fs/cgroup 2>/dev/null
mount -t cgroup2 cgroup2 /sys/fs/cgroup || fail "cannot mount cgroup2"
cgroup=$(mktemp --directory /sys/fs/cgroup/private-systemd-XXXXXX) || fail "cannot make a cgroup"
# If this script is killed, its namespaces end with it, and an empty cgroup is left. A new one is empty for a moment.
for left in $(find /sys/fs/cgroup -maxdepth 1 -name 'private-systemd-*' -mmin +1); do
  grep -qs 'populated 0' "$left/cgroup.events" && find "$left" -depth -type d -exec rmdir {} + 2>/dev/null
done
# A scope of this process alone lends its controllers to the cgroups below, once no process is in it.
mapfile -t alone </sys/fs/cgroup/cgroup.procs
if [[ ${alone[*]} == $$ ]]; then
  mkdir /sys/fs/cgroup/keeper && echo $$ >/sys/fs/cgroup/keeper/cgroup.procs
  for controller in $(</sys/fs/cgroup/cgroup.controllers); do
    echo "+$controller" >/sys/fs/cgroup/cgroup.subtree_control
  done
fi
# As a cgroup usually is: the service manager of a user has to find its own one below.
chmod 755 "$cgroup"
keeper=
trap stop EXIT
trap 'exit 130' INT TERM HUP

export -f become_systemd own_the_root mount_points read_only host_read_only mount
export project node generators disk packages cgroup rootless
exec 3< <(exec setpriv --pdeathsig=KILL unshare --mount --pid --fork --uts --ipc --net --kill-child=KILL bash -c become_systemd </dev/null)
keeper=$!
read -r init <&3 || fail "the namespaces could not be set up"

deadline=$((SECONDS + 30))
until state=$(timeout 20 nsenter -t "$init" "${inside[@]}" -- systemctl is-system-running --wait 2>/dev/null); [[ $state == @(running|degraded) ]]; do
  kill -0 "$init" 2>/dev/null || fail "systemd ended while it booted"
  ((SECONDS < deadline)) || fail "systemd did not finish booting in 30 s; its state: ${state:-unknown}"
  # A pause that ends at once when our user is gone.
  read -r -t 0.02 _ || [ $? -gt 128 ] || exit
done
echo "ready $init"
cat >/dev/null
