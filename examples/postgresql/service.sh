# Creates the user of the service and its database, and installs the units. Run it as root.
set -eu
id example-postgresql >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin example-postgresql
sh database.sh example-postgresql
npx sockact install
