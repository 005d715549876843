import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  certificateOf,
  closeAll,
  freeAddress,
  openConnection,
  rawSocket,
  startWithFds,
} from "@sockact/testkit";

const program = fileURLToPath(new URL("programs/without-internal.mjs", import.meta.url));
const opened: number[] = [];
afterAll(() => closeAll(opened));

/** Starts the program on listeners, and connects to each. */
async function listenWithout(
  name: string,
  kinds: ("tcp4" | "unix")[] = ["tcp4", "unix"],
): Promise<Record<string, unknown>> {
  const addresses = await Promise.all(kinds.map((kind) => freeAddress(kind)));
  const fds = addresses.map((bound, index) =>
    rawSocket(kinds[index] === "unix" ? "unix" : "ipv4", "stream", { bound, listening: true }),
  );
  opened.push(...fds);
  const { key, cert } = certificateOf("localhost");
  const clients = addresses.map((address) => openConnection(address).on("error", () => {}));
  await Promise.all(clients.map((client) => once(client, "connect")));
  await using app = startWithFds(fds, [process.execPath, program, name], {
    env: { KEY: key, CERT: cert, SOCKETS: String(fds.length) },
  });
  const outcome = await app.event("outcome");
  for (const client of clients) client.destroy();
  return outcome;
}

/** Without these, Node itself can't listen. */
const LISTEN = ["_handle of net.Server", "_listen2 of net.Server"];
const NET = [
  "_pipeName of net.Server",
  "_unref of net.Server",
  "the owner of a listening handle",
  "onconnection of a listening handle",
];
const HTTP = [
  "parser of an HTTP connection",
  "_httpMessage of an HTTP connection",
  "the list of connections of an HTTP server",
];

describe.concurrent("a Node that lacks internals that sockact uses", () => {
  test("the check itself emits no request that a tracing agent would record", async () => {
    expect(await listenWithout("nothing")).toEqual({
      event: "outcome",
      listened: true,
      // These are the requests of the two clients.
      seen: ["connection", "connection"],
      open: [true, true],
    });
  });

  test.each([
    ...[...LISTEN, ...NET, "_parent of tls.TLSSocket", "_createServerHandle of node:net"].map(
      (name) => [name, ["tcp4", "unix"]] as const,
    ),
    ...[...LISTEN, "_parent of tls.TLSSocket"].map((name) => [name, ["tcp4"]] as const),
  ])("%s, with %j: an error that names it, and no socket is taken or closed", async (name, kinds) => {
    const outcome = await listenWithout(name, [...kinds]);
    expect(outcome).toMatchObject({ code: "SOCKACT_ERR_NODE_INTERNALS", open: kinds.map(() => true) });
    expect(outcome).not.toHaveProperty("listened");
    expect(outcome["message"]).toContain(name);
    expect(outcome["hint"]).toContain("engines");
  });

  test.each([
    ...HTTP.map((name) => [name, ["tcp4", "unix"]] as const),
    ...[...NET, ...HTTP].map((name) => [name, ["tcp4"]] as const),
    ["_pipeName of net.Server", ["unix"]] as const,
  ])("%s, with %j: an `error` event of the server that names it, once it listens", async (name, kinds) => {
    const outcome = await listenWithout(name, [...kinds]);
    expect(outcome).toMatchObject({
      code: "SOCKACT_ERR_NODE_INTERNALS",
      listened: true,
      open: kinds.map(() => true),
    });
    expect(outcome["message"]).toContain(name);
    expect(outcome["hint"]).toContain("engines");
  });
});
