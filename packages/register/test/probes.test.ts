import process from "node:process";
import { expect, test } from "vitest";
import { describeWith, httpRequest, requestOver } from "@sockact/testkit";
import { appFile, freePort, startApp } from "./start-app.ts";

const packages = ["get-port", "detect-port", "portfinder"];

describeWith({}, "an app that looks for a free port with a package of npm", () => {
  test.each(packages)(
    "%s, and the socket has another port: the app gets the socket, and the probe does not",
    async (probe) => {
      const { app, early, address, port } = startApp([process.execPath, appFile("probe.mjs")], {
        PROBE: probe,
      });
      await using _ = app;
      app.write(String(await freePort()));
      // The app answers a client that has connected before the app runs.
      expect((await requestOver(early)).json()).toMatchObject({ pid: app.pid });
      expect(await app.event("listening")).toMatchObject({ address: { port } });
      expect((await httpRequest(address)).json()).toMatchObject({ pid: app.pid });
      expect(app.stderr).not.toContain("Warning");
    },
  );

  test.each(packages)(
    "%s, and the socket has the port that the probe tries: the app gets the socket",
    async (probe) => {
      const { app, early, address, port } = startApp([process.execPath, appFile("probe.mjs")], {
        PROBE: probe,
      });
      await using _ = app;
      app.write(String(port));
      expect((await requestOver(early)).json()).toMatchObject({ pid: app.pid });
      expect(await app.event("listening")).toMatchObject({ address: { port } });
      expect((await httpRequest(address)).json()).toMatchObject({ pid: app.pid });
      expect(app.stderr).not.toContain("Warning");
    },
  );
});
