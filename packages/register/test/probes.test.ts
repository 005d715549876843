import process from "node:process";
import { describe, expect, test } from "vitest";
import { httpRequest, requestOver } from "@sockact/testkit";
import { appFile, freePort, startApp } from "./start-app.ts";

const packages = ["get-port", "detect-port", "portfinder"];

describe.concurrent("an app that looks for a free port with a package of npm gets the socket", () => {
  const cells = packages.flatMap((probe) =>
    ["another port than", "the port of"].map((tried): [string, string] => [probe, tried]),
  );
  test.each(cells)("%s, which tries %s the socket", async (probe, tried) => {
    const { app, early, address, port } = startApp([process.execPath, appFile("probe.mjs")], {
      PROBE: probe,
    });
    await using _ = app;
    app.write(String(tried === "the port of" ? port : await freePort()));
    // The app answers a client that has connected before the app runs.
    expect((await requestOver(early)).json()).toMatchObject({ pid: app.pid });
    expect(await app.event("listening")).toMatchObject({ address: { port } });
    expect((await httpRequest(address)).json()).toMatchObject({ pid: app.pid });
    expect(app.stderr).not.toContain("Warning");
  });
});
