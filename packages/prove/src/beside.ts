import { once } from "node:events";
import type { PrivateSystemd } from "@sockact/testing";
import { listening } from "./listening.ts";
import { ProveError } from "./prove-error.ts";

/** How long a command may take until it listens or has ended, in milliseconds. */
const TIMEOUT = 60_000;

/**
 * Starts a shell command beside the app, as root. Resolves once it listens on a port or a unix socket that
 * was not there before, or has ended with 0.
 *
 * @throws {ProveError} `SOCKACT_ERR_PROVE_WITH` if it ends with another status, or does neither in a minute
 */
export async function startBeside(systemd: PrivateSystemd, command: string, cwd: string): Promise<void> {
  const addresses = async () => (await listening(systemd)).map(({ address }) => address);
  const before = await addresses();
  const child = systemd.spawn(["sh", "-c", command], { cwd });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-2000)));
  const ended = once(child, "close").then(([code]) => code as number | null);
  let status: number | null | undefined;
  void ended.then((code) => (status = code));
  const isReady = async (): Promise<boolean> =>
    status !== undefined || (await addresses()).some((address) => !before.includes(address));
  const failed = (what: string): ProveError =>
    new ProveError(
      "SOCKACT_ERR_PROVE_WITH",
      `${command} ${what}${output.trim() === "" ? "" : `:\n${output.trim()}`}`,
      "It runs as root in a machine of its own, where only the app's folder and the programs of this machine exist. A server that refuses to run as root, such as PostgreSQL, needs runuser --user postgres -- before it. Try it alone: sudo sh -c 'COMMAND'",
    );
  await systemd.waitUntil(isReady, `${command} listens`, TIMEOUT).catch(() => {
    throw failed(`does not listen after ${TIMEOUT / 1000} s`);
  });
  if (typeof status === "number" && status !== 0) throw failed(`has ended with ${status}`);
}
