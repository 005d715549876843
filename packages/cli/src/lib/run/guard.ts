import { spawn } from "node:child_process";
import type { Writable } from "node:stream";

/**
 * Ends the commands and removes the files of the sockets when its standard input ends without `done`: then `sockact run` has been killed.
 * Arguments: the seconds until SIGKILL, and the files.
 */
const SCRIPT = `
seconds=$1; shift
pids=
while read -r what pid; do
  case $what in
    +) pids="$pids $pid" ;;
    -) left=; for each in $pids; do [ "$each" = "$pid" ] || left="$left $each"; done; pids=$left ;;
    done) exit ;;
  esac
done
[ $# = 0 ] || rm -f -- "$@"
[ "$pids" ] || exit
kill -TERM $pids
while [ "$seconds" -gt 0 ]; do
  left=; for each in $pids; do kill -0 "$each" && left="$left $each"; done; pids=$left
  [ "$pids" ] || exit
  sleep 1; seconds=$((seconds - 1))
done
kill -KILL $pids
`;

/** A small shell that outlives this process, and ends what it leaves behind when it is killed. Nothing in this process can do that. It does not know a command that was started in the very moment of the kill. */
export class Guard {
  readonly #input: Writable;

  constructor(stopTimeout: number, files: readonly string[]) {
    const seconds = String(Math.ceil(stopTimeout / 1000));
    // In a session of its own, it gets no signal that is meant for this process and its command.
    const shell = spawn("/bin/sh", ["-c", SCRIPT, "sh", seconds, ...files], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
    });
    // Without it, everything works but what follows a SIGKILL.
    shell.on("error", () => {});
    this.#input = shell.stdin;
    this.#input.on("error", () => {});
  }

  started(pid: number): void {
    this.#input.write(`+ ${pid}\n`);
  }

  ended(pid: number): void {
    this.#input.write(`- ${pid}\n`);
  }

  /** Lets it end without doing anything. */
  dismiss(): void {
    this.#input.write("done\n");
  }
}
