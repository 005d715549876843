# Creates the database, and a role for a user who may use it. Run it as root: sh database.sh [USER]
set -eu
role=${1:-${SUDO_USER:-root}}

psql() {
  runuser -u postgres -- psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 "$@"
}

psql --set=role="$role" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'role') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT 'CREATE DATABASE example' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'example') \gexec
SQL
psql --dbname=example --set=role="$role" <<'SQL'
SET client_min_messages = warning;
CREATE TABLE IF NOT EXISTS visits (id serial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
GRANT SELECT, INSERT ON visits TO :"role";
GRANT USAGE ON SEQUENCE visits_id_seq TO :"role";
SQL
