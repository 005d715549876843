import { spawn } from "node:child_process";
import type { Writable } from "node:stream";

/**
 * Ends the commands with their child processes, and removes the socket files, if standard input ends without
 * `done`: then `sockact run` was killed. Argument: the seconds until SIGKILL. A file with inode 0 may have
 * been created in the last moment.
 */
const SCRIPT = `
set -f
seconds=$1
pids=
files=0
while read -r what number inode path; do
  case $what in
    +) pids="$pids $number" ;;
    -) left=; for each in $pids; do [ "$each" = "$number" ] || left="$left $each"; done; pids=$left ;;
    file) eval "inode_$number=\\$inode path_$number=\\$path"; [ "$number" -lt "$files" ] || files=$((number + 1)) ;;
    done) exit ;;
  esac
done
while [ "$files" -gt 0 ]; do
  files=$((files - 1))
  eval "inode=\\$inode_$files path=\\$path_$files"
  set -- $(ls -di -- "$path")
  [ -S "$path" ] && { [ "$inode" = 0 ] || [ "$inode" = "$1" ]; } && rm -f -- "$path"
done
[ "$pids" ] || exit
# A shell that is the command may wait for the app. Its child has another parent once it has ended.
set +f
more=1
while [ "$more" ]; do
  more=
  for stat in /proc/[0-9]*/stat; do
    read -r line <"$stat" || continue
    set -- \${line##*) }
    each=\${stat#/proc/}; each=\${each%/stat}
    case " $pids " in *" $each "*) continue ;; *" $2 "*) pids="$pids $each"; more=1 ;; esac
  done
done
kill -TERM $pids
while [ "$seconds" -gt 0 ]; do
  left=; for each in $pids; do kill -0 "$each" && left="$left $each"; done; pids=$left
  [ "$pids" ] || exit
  sleep 1; seconds=$((seconds - 1))
done
kill -KILL $pids
`;

/**
 * A shell that outlives this process, and cleans up if it is killed. It does not know a command that was
 * started at the moment of the kill.
 */
export class Guard {
  readonly #input: Writable;

  readonly #files: string[] = [];

  constructor(stopTimeout: number) {
    const seconds = String(Math.ceil(stopTimeout / 1000));
    // In a separate session, it does not get signals for this process and its command.
    const shell = spawn("/bin/sh", ["-c", SCRIPT, "sh", seconds], {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
    });
    // Without it, only the cleanup after SIGKILL is missing.
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

  /**
   * Announces that a socket will be bound to this new path. Later, `inode` distinguishes its file from one of
   * another process.
   */
  file(path: string, inode = 0n): void {
    const known = this.#files.indexOf(path);
    const number = known < 0 ? this.#files.push(path) - 1 : known;
    this.#input.write(`file ${number} ${inode} ${path}\n`);
  }

  /** Ends the shell without cleanup. */
  dismiss(): void {
    this.#input.write("done\n");
  }
}
