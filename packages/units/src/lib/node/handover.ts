/**
 * Sends SIGHUP to the app, and waits until the app has written one line into the file: `ok`, or what went
 * wrong. If the app ends without a line, so does the wait: systemd itself sees whether a new main process is
 * there, or whether the app has crashed.
 */
const script = [
  // At a stop, systemd ends this command too, and would call that a failure of the service.
  'trap "exit 0" TERM',
  // The app may then open the file in any way. Between two reloads the file does not exist, so the app knows
  // that nobody reads it.
  `: >"$SOCKACT_RELOAD_RESULT"`,
  `kill -HUP "$MAINPID" 2>/dev/null || exit 0`,
  `until [ -s "$SOCKACT_RELOAD_RESULT" ] || ! kill -0 "$MAINPID" 2>/dev/null; do sleep 0.05; done`,
  `read -r result <"$SOCKACT_RELOAD_RESULT"`,
  `rm -f "$SOCKACT_RELOAD_RESULT"`,
  '[ "${result:-ok}" = ok ] || { echo "$result" >&2; exit 1; }',
].join("; ");

/**
 * The command for ExecReload= of a service that hands over, as it is written in a unit file. systemd has no
 * message that says that a reload has failed: only a command in ExecReload= can fail `systemctl reload`.
 */
export const handoverCommand: string = `/bin/sh -c '${script.replaceAll("$", "$$$$")}'`;

/** The file for the result, in a folder of RuntimeDirectory=. */
export const resultFile = (folder: string): string => `%t/${folder}/result`;

/**
 * The folder of RuntimeDirectory= for the file with the result. Instances of a template have separate files.
 */
export const resultFolder = (name: string, hasInstances: boolean): string =>
  `${name}-reload${hasInstances ? "/%i" : ""}`;

/**
 * The limit for a new version, if a start may take this long: two thirds, as the default of 60 s is of
 * systemd's 90 s. In milliseconds.
 */
export const handoverTimeoutFor = (timeoutStart: number): number =>
  Math.max(1, Math.floor((timeoutStart * 2) / 3));

/**
 * The shortest TimeoutStartSec=, which also limits a reload, that leaves a new version this long. In
 * milliseconds.
 */
export const timeoutStartFor = (timeout: number): number => Math.ceil((timeout * 3) / 2);
