#!/bin/sh
# Deploys the folder `build` to one host after the other, and stops at the first one that fails: sh deploy.sh VERSION HOST...
set -eu
version=$1
shift
for host in "$@"; do
  new=/srv/shop/releases/.new-$version
  tar --directory build --create --gzip . |
    ssh "$host" "rm -rf $new && mkdir -p $new && tar --directory $new --extract --gzip --no-same-owner"
  ssh "$host" sh -eus "$version" <<'END'
cd /srv/shop
mv -T "releases/.new-$1" "releases/$1"
previous=$(readlink current || true)
activate() (
  ln -sfn "$1" .next && mv -T .next current && cd current || exit
  npx --yes sockact install --config /srv/shop/current/sockact.config.mjs --yes --no-request || exit
  npx --yes sockact reload shop || exit
  curl --fail --silent --show-error --output /dev/null http://localhost/
) </dev/null
activate "releases/$1" && exit
# A version that has crashed can't hand over.
test -z "$previous" || activate "$previous" || (cd current && npx --yes sockact restart shop </dev/null)
exit 1
END
done
