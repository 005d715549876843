/** Sends SIGHUP to the app, and waits until the app has written one line into the file: `ok`, or what went wrong. If the app ends, so does the wait. */
const script = [
  // At a stop, systemd ends this command too, and would call that a failure of the service.
  'trap "exit 0" TERM',
  // With an empty file, the app may open it in any way.
  `: >"$SOCKACT_RELOAD_RESULT"`,
  `kill -HUP "$MAINPID" || exit`,
  `until [ -s "$SOCKACT_RELOAD_RESULT" ] || ! kill -0 "$MAINPID"; do sleep 0.05; done`,
  `read -r result <"$SOCKACT_RELOAD_RESULT"`,
  '[ "$result" = ok ] || { echo "${result:-The app ended during the reload.}" >&2; exit 1; }',
].join("; ");

/**
 * The command for ExecReload= of a service that hands over, as it is written in a unit file. systemd has no message that says that a reload has failed:
 * only a command in ExecReload= can fail `systemctl reload`.
 */
export const handoverCommand: string = `/bin/sh -c '${script.replaceAll("$", "$$$$")}'`;

/** The file for the result, in a folder under that of RuntimeDirectory=. It may not exist between two reloads. */
export const resultFile = (folder: string): string => `%t/${folder}/result`;

/** The folder for the file with the result, under RuntimeDirectory=. Instances of a template have separate files. */
export const resultFolder = (name: string, hasInstances: boolean): string =>
  `${name}-reload${hasInstances ? "/%i" : ""}`;

/** The limit for a new version, if a start may take this long: two thirds, as the default of 60 s is of systemd's 90 s. In milliseconds. */
export const handoverTimeoutFor = (timeoutStart: number): number =>
  Math.max(1, Math.floor((timeoutStart * 2) / 3));

/** The shortest TimeoutStartSec=, which also limits a reload, that leaves a new version this long. In milliseconds. */
export const timeoutStartFor = (timeout: number): number => Math.ceil((timeout * 3) / 2);
