import process from "node:process";
import { CliError, EXIT } from "../shared/cli-error.ts";

/**
 * How long a query to systemd may take, in milliseconds: until a message to the user, and until it fails.
 * systemctl itself waits for 25 seconds.
 */
const NOTICE = 3_000;
const LIMIT = 60_000;

let isTold = false;

/** The systemctl commands that only query. Other commands take as long as the service does. */
const questions = new Set(["show", "list-units", "list-unit-files"]);

/** Reports it only once, because several queries wait for the same systemd. */
function tell(): void {
  if (!isTold) process.stderr.write("systemd does not answer yet. Waiting for it\n");
  isTold = true;
}

/** Runs a systemctl command. If it is a query without an answer, tells the user, and finally fails. */
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
