import process from "node:process";
import { expect, test } from "vitest";
import {
  closeAll,
  describeWith,
  freeAddress,
  httpRequest,
  openConnection,
  portOf,
  preloading,
  rawSocket,
  requestOver,
  startWithFds,
} from "@sockact/testkit";
import { appFile, PRELOAD } from "./preload.ts";

const packages = ["get-port", "detect-port", "portfinder"];

describeWith({}, "an app that looks for a free port with a package of npm", () => {
  test.each(packages)(
    "%s, and the socket has another port: the app gets the socket, the probe does not",
    async (probe) => {
      const socket = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
      const wanted = Number((await freeAddress("tcp4")).split(":").at(-1));
      await checkServed(probe, socket, wanted);
    },
  );

  test.each(packages)(
    "%s, and the socket has the port that it tries: the app gets the socket",
    async (probe) => {
      const socket = rawSocket("ipv4", "stream", { bound: "127.0.0.1:0", listening: true });
      await checkServed(probe, socket, portOf(socket));
    },
  );
});

/** A connection that was made before the app runs is answered by the app. */
async function checkServed(probe: string, socket: number, wanted: number): Promise<void> {
  const port = portOf(socket);
  const address = `127.0.0.1:${port}`;
  const early = openConnection(address);
  await using app = startWithFds([socket], [process.execPath, appFile("probe.mjs")], {
    env: { ...preloading(PRELOAD), PROBE: probe, PORT: String(wanted) },
  });
  closeAll([socket]);
  expect((await requestOver(early)).json()).toMatchObject({ pid: app.pid });
  expect(await app.event("listening")).toMatchObject({ address: { port } });
  expect((await httpRequest(address)).json()).toMatchObject({ pid: app.pid });
  expect(app.stderr).not.toContain("Warning");
  early.destroy();
  app.kill("SIGTERM");
  expect(await app.ended).toBe(0);
}
