/**
 * Sends SIGHUP to the app, and waits until the app has written one line into the file: `ok`, or the error. If
 * the app ends without a line, so does the wait: systemd sees whether there is a new main process or the app
 * has crashed.
 */
const script = [
  // When the service stops, systemd also ends this command, and would count that as a failure.
  'trap "exit 0" TERM',
  // The app opens the file without special flags. Between two reloads the file does not exist, which tells
  // the app that nothing reads it.
  `: >"$SOCKACT_RELOAD_RESULT"`,
  `kill -HUP "$MAINPID" 2>/dev/null || exit 0`,
  `until [ -s "$SOCKACT_RELOAD_RESULT" ] || ! kill -0 "$MAINPID" 2>/dev/null; do sleep 0.05; done`,
  `read -r result <"$SOCKACT_RELOAD_RESULT"`,
  `rm -f "$SOCKACT_RELOAD_RESULT"`,
  '[ "${result:-ok}" = ok ] || { echo "$result" >&2; exit 1; }',
].join("; ");

/**
 * The command for ExecReload= of a service that hands over, as written in a unit file. Only a failing command
 * in ExecReload= makes `systemctl reload` fail: systemd has no message for a failed reload.
 */
export const handoverCommand: string = `/bin/sh -c '${script.replaceAll("$", "$$$$")}'`;

/** The result file, in a folder of RuntimeDirectory=. */
export const resultFile = (folder: string): string => `%t/${folder}/result`;

/** The RuntimeDirectory= folder for the result file. Instances of a template have separate files. */
export const resultFolder = (name: string, hasInstances: boolean): string =>
  `${name}-reload${hasInstances ? "/%i" : ""}`;

/**
 * The time limit for a new version, in milliseconds: two thirds of the time limit for a start. With systemd's
 * default of 90 s, that is 60 s.
 */
export const handoverTimeoutFor = (timeoutStart: number): number =>
  Math.max(1, Math.floor((timeoutStart * 2) / 3));

/**
 * The shortest TimeoutStartSec= for this time limit of a new version, in milliseconds. It also limits a
 * reload.
 */
export const timeoutStartFor = (timeout: number): number => Math.ceil((timeout * 3) / 2);
