#!/bin/bash
# Runs a command on another Debian, which is a folder that debootstrap has filled:
#
#   unshare --mount --propagation=private bash in-debian.sh ROOT PROJECT NODE NPM COMMAND…
#
# The command sees the project at its usual path, and Node and npm in /usr/bin, as a machine with Node has them. Everything else comes from that Debian:
# systemd, the libraries, /etc. Files written outside the project are kept in memory, and disappear with the command, as do all mounts.
set -eu
root=$1 project=$2 node=$3 npm=$4
shift 4

# It keeps no list in /run/mount.
mount() {
  command mount --no-mtab "$@"
}

mount -t tmpfs -o mode=755 tmpfs "$root/mnt"
cd "$root/mnt"
mkdir upper work view
mount -t overlay -o "lowerdir=$root,upperdir=upper,workdir=work" overlay view
cd view

for folder in /proc /sys /dev; do mount --rbind "$folder" ".$folder"; done
mkdir -p ".$project" ".$npm" etc/ssl/certs
mount --rbind "$project" ".$project"
mount --bind "$npm" ".$npm"
rm -f usr/bin/node
touch usr/bin/node
mount --bind "$node" usr/bin/node
ln -sf "$npm/bin/npm-cli.js" usr/bin/npm
ln -sf "$npm/bin/npx-cli.js" usr/bin/npx
# How to reach npm's registry from here.
cp /etc/resolv.conf etc/resolv.conf
if [ -d /etc/ssl/certs ]; then mount --bind /etc/ssl/certs etc/ssl/certs; fi
printf '127.0.0.1 localhost\n::1 localhost\n' >etc/hosts

mkdir old
pivot_root . old
umount --no-mtab --lazy /old
rmdir /old
cd "$project"
exec "$@"
