// What shells, frameworks and libraries print. Each has a line as it was seen, and the versions.

/** `only one socket is allowed for socket activation, but LISTEN_FDS was set to 2` (@sveltejs/adapter-node 5) */
export const SVELTEKIT_ONE_SOCKET = /^only one socket is allowed for socket activation/;

/** `/bin/sh: 4: exec: /opt/node/bin/node: not found` (dash 0.5, bash 5) */
export const SHELL_NOT_FOUND = /\bexec: (?:line \d+: )?(\/.+): not found$/;

/** `unknown option '--usr'` (Commander 14). Without its `error: `. */
export const UNKNOWN_OPTION = /^unknown option '([^'=]+)/;

/** `SqliteError: unable to open database file` (better-sqlite3 12; node:sqlite of Node 22: `Error: …`) */
export const SQLITE_DENIED =
  /(?:^|: )(?:unable to open database file|attempt to write a readonly database)|\bSQLITE_(?:CANTOPEN|READONLY)/;
