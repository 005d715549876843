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

/** Starts the program on two listeners, and connects to each: nothing may have answered, or closed, either. */
async function listenWithout(name: string): Promise<Record<string, unknown>> {
  const addresses = await Promise.all([freeAddress("tcp4"), freeAddress("unix")]);
  const fds = [
    rawSocket("ipv4", "stream", { bound: addresses[0], listening: true }),
    rawSocket("unix", "stream", { bound: addresses[1], listening: true }),
  ];
  opened.push(...fds);
  const { key, cert } = certificateOf("localhost");
  await using app = startWithFds(fds, [process.execPath, program, name], { env: { KEY: key, CERT: cert } });
  const clients = addresses.map((address) => openConnection(address).on("error", () => {}));
  const outcome = await app.event("outcome");
  for (const client of clients) client.destroy();
  return outcome;
}

describe.concurrent("a Node that lacks what sockact uses without a public name", () => {
  test("the check itself emits no request that a tracing agent would record", async () => {
    expect(await listenWithout("nothing")).toEqual({ event: "outcome", seen: [], open: [true, true] });
  });

  test.each([
    "_handle of net.Server",
    "_pipeName of net.Server",
    "_unref of net.Server",
    "_listen2 of net.Server",
    "the owner of a listening handle",
    "onconnection of a listening handle",
    "parser of an HTTP connection",
    "_httpMessage of an HTTP connection",
    "_parent of tls.TLSSocket",
    "_createServerHandle of node:net",
  ])("%s: an error that names it, and no socket is taken or closed", async (name) => {
    const outcome = await listenWithout(name);
    expect(outcome).toMatchObject({ code: "ERR_NODE_INTERNALS", open: [true, true] });
    expect(outcome["message"]).toContain(name);
    expect(outcome["hint"]).toContain("engines");
  });
});
