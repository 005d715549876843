import { ownCommand } from "../shared/own-command.ts";
import { resolve } from "node:path";
import process from "node:process";
import { entryOf } from "../app/source-files.ts";
import { CliError } from "../shared/cli-error.ts";
import { colour, count } from "../shared/messages.ts";
import { say } from "./messages.ts";
import { Acceptor } from "./accept.ts";
import { addressesOf, type Address } from "./address.ts";
import { startCommand } from "./command.ts";
import { checkWatched, Edits } from "./edits.ts";
import { checkCommand } from "./find-command.ts";
import { Guard } from "./guard.ts";
import { holdSockets } from "./held-sockets.ts";
import { assertNoLauncher } from "./launchers.ts";
import { Leftovers } from "./leftovers.ts";
import { checkOptions, stopTimeoutOf, type RunOptions } from "./options.ts";
import { withPreload } from "./preload.ts";
import { separatorHint } from "./separator-hint.ts";
import { StopSignals } from "./stop-signals.ts";
import { Supervisor } from "./supervise.ts";
import { UnclaimedNotice } from "./unclaimed.ts";

/**
 * How long a stop for an edit may wait for clients. With sockact's default of 10 s, each idle browser would
 * delay the edit by 5 s.
 */
const WATCH_DRAIN_TIMEOUT = "1s";

/**
 * Listens, and runs the command with the sockets. Returns the exit code.
 *
 * @param args all arguments of the command line
 */
export async function run(
  command: readonly string[],
  options: RunOptions,
  args: readonly string[],
): Promise<number> {
  const hint = separatorHint(args, command, options.watch);
  const [program] = command;
  if (program === undefined)
    throw new CliError(
      "SOCKACT_ERR_USAGE",
      "the command to run is missing",
      hint ?? `Write it after --, for example: ${ownCommand("run", "--", "node", "server.js")}`,
    );
  checkOptions(options);
  const stopTimeout = stopTimeoutOf(options);
  const addresses = addressesOf(options.listen);
  if (options.datagram) assertNoUnixSocket(addresses);
  const names = namesOf(options, addresses);
  checkWatched(options.watch ?? [], hint);
  assertNoLauncher(command);
  checkCommand(program, hint);
  const env = environmentOf(options);

  let pass: (signal: NodeJS.Signals) => void = () => {};
  const signals = new StopSignals((signal) => pass(signal));
  const guard = new Guard(stopTimeout);
  try {
    if (options.accept) {
      const acceptor = new Acceptor({
        command,
        env,
        maxConnections: options.maxConnections,
        stopTimeout,
        guard,
      });
      pass = (signal) => acceptor.pass(signal);
      sayListening(await Promise.all(addresses.map((address) => acceptor.listen(address))));
      return await acceptor.run(signals);
    }

    const edits =
      options.watch &&
      (await Edits.start(options.watch, options.ignore ?? [], () =>
        say(`watching ${options.watch?.join(", ")}`, "dim"),
      ));
    const { sockets, addresses: shown } = await holdSockets(
      addresses,
      names,
      options.datagram ?? false,
      guard,
    );
    sayListening(shown);
    const fds = sockets.map(({ fd }) => fd);
    const passed = { fds, names: sockets.flatMap(({ name }) => name ?? []), env };
    const notice = new UnclaimedNotice(sockets, {
      isDatagram: options.datagram ?? false,
      isPreloaded: options.preload ?? false,
      entry: entryOf(command.map((word) => resolve(word))),
    });
    const supervisor = new Supervisor({
      start: () => {
        const running = startCommand(command, passed, guard);
        notice.observe(running);
        return running;
      },
      signals,
      edits,
      restart: options.restart ?? false,
      onDemand: options.onDemand ? fds : undefined,
      stopTimeout,
      leftovers: new Leftovers(new Set(sockets.map(({ inode }) => inode)), stopTimeout),
    });
    pass = (signal) => supervisor.pass(signal);
    return await supervisor.run();
  } finally {
    guard.dismiss();
  }
}

function sayListening(addresses: readonly string[]): void {
  say(`listening on ${addresses.map((address) => colour("bold", address)).join(", ")}`);
}

function assertNoUnixSocket(addresses: readonly Address[]): void {
  const unix = addresses.find(({ targets: [target] }) => "path" in target);
  if (unix)
    throw new CliError(
      "SOCKACT_ERR_RUN_ADDRESS",
      `can't receive datagrams on ${unix.text}`,
      "Node has no unix datagram sockets. Use a UDP port.",
    );
}

/** A name for each address, or none: each is then `unknown`, as with systemd-socket-activate(1). */
function namesOf({ name: names = [] }: RunOptions, addresses: readonly Address[]): string[] {
  for (const name of names)
    // FileDescriptorName= of systemd.socket(5).
    if (!/^[\x20-\x39\x3b-\x7e]{1,255}$/.test(name))
      throw new CliError(
        "SOCKACT_ERR_RUN_OPTION",
        `${JSON.stringify(name)} can't be the name of a socket`,
        "Use at most 255 printable ASCII characters, without a colon.",
      );
  if (names.length > 0 && names.length !== addresses.length)
    throw new CliError(
      "SOCKACT_ERR_RUN_OPTION",
      `got ${count(names.length, "name")} for ${count(addresses.length, "address", "addresses")}`,
      "Write one --name for each --listen, in the same order, or none.",
    );
  return names;
}

function environmentOf({ watch, preload }: RunOptions): NodeJS.ProcessEnv {
  const env = { ...process.env };
  if (watch) env["SOCKACT_DRAIN_TIMEOUT"] ??= WATCH_DRAIN_TIMEOUT;
  if (preload) env["NODE_OPTIONS"] = withPreload(env["NODE_OPTIONS"]);
  return env;
}
