import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";

/**
 * How long a question to systemd may take, in milliseconds: until a message to the user, and until this gives
 * up. systemctl itself waits for 25 seconds.
 */
const NOTICE = 3_000;
const LIMIT = 60_000;

let isTold = false;

/** The commands of systemctl that only ask. Other commands take as long as the service takes. */
const questions = new Set(["show", "list-units", "list-unit-files"]);

/** Reports it only once, because several questions wait for the same systemd. */
function tell(): void {
  if (!isTold) process.stderr.write("systemd does not answer yet. Waiting for it\n");
  isTold = true;
}

/**
 * Runs a command of systemctl. If it only asks, and systemd does not answer, this tells the user, and gives
 * up in the end.
 */
export async function withPatience<Result>(
  command: string,
  run: (signal: AbortSignal | undefined) => Promise<Result>,
  {
    signal,
    notice = NOTICE,
    limit = LIMIT,
  }: { signal?: AbortSignal | undefined; notice?: number; limit?: number },
): Promise<Result> {
  if (!questions.has(command)) return run(signal);
  signal?.throwIfAborted();
  const over = new AbortController();
  const stop = () => over.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  const timers = [
    setTimeout(tell, notice),
    setTimeout(
      () =>
        over.abort(
          new CliError(
            "SOCKACT_ERR_SYSTEMCTL",
            `systemd has not answered systemctl ${command} for ${limit / 1000} s`,
            "Try systemctl status. The machine may be overloaded, or systemd may hang.",
            { exitCode: EXIT.failed },
          ),
        ),
      limit,
    ),
  ];
  try {
    return await run(over.signal);
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal?.removeEventListener("abort", stop);
  }
}
