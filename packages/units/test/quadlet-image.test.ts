import { bootPrivateSystemd, describeWith, type PrivateSystemd } from "@sockact/testkit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emitUnits } from "../src/index.ts";

/** An app that knows nothing of sockact. */
const SERVER = `
const { writeFileSync } = require("node:fs");
const attempt = (path) => {
  try {
    writeFileSync(path, "");
    return "written";
  } catch ({ code }) {
    return code;
  }
};
require("node:http").createServer((request, response) => response.end(JSON.stringify({
  client: request.socket.remoteAddress,
  interfaces: Object.keys(require("node:os").networkInterfaces()),
  variables: [process.env.NODE_ENV, process.env.SECRET],
  data: attempt("/data/file"),
  app: attempt("/app/file"),
}))).listen(3000);
`;

/** Makes an image of Node, the app and the preload, as the Dockerfile of docs/coming-from/docker.md does. */
const BUILD = `set -e
cd /run/image
for file in $(ldd "$1" | grep --only-matching '/[^ ]*') /bin/sh; do
  mkdir -p ".$(dirname "$file")"
  cp --dereference "$file" ".$file"
done
mkdir -p usr/local/bin app/node_modules/@sockact/register data tmp
cp "$1" usr/local/bin/node
cp -r "$2/dist" "$2/package.json" app/node_modules/@sockact/register
tar -c . | podman import --quiet --change 'WORKDIR /app' --change 'CMD ["node","server.js"]' \\
  --change 'ENV NODE_OPTIONS=--require=/app/node_modules/@sockact/register/dist/index.cjs' - registry.example/shop:1
`;

describeWith(
  { privateSystemd: true, commands: ["podman", "crun"], tags: "campaign" },
  "an image in a unit of Podman's generator",
  () => {
    let systemd: PrivateSystemd;
    beforeAll(async () => {
      systemd = await bootPrivateSystemd({ generators: "/usr/lib/systemd/system-generators" });
      // The namespaces of these tests have neither these settings nor the controller of processes.
      await systemd.write(
        "/etc/containers/containers.conf",
        "[containers]\ndefault_sysctls = []\npids_limit = 0\n",
      );
      await systemd.write("/run/image/app/server.js", SERVER);
      const preload = `${systemd.project}/packages/register`;
      await systemd.mustRun(["sh", "-c", BUILD, "sh", systemd.node, preload]);
    });
    afterAll(() => systemd?.close());

    it("has no network, and serves port 80; restarts refuse nobody; it sleeps and wakes", async () => {
      await systemd.mustRun(["mkdir", "/run/data"]);
      await systemd.write("/run/shop.env", "SECRET='quoted'\n");
      const units = emitUnits({
        name: "shop",
        container: { image: "registry.example/shop:1", volumes: ["/run/data:/data"] },
        sockets: [{ listen: 80 }],
        environment: { NODE_ENV: "production" },
        environmentFile: "/run/shop.env",
        hardening: "inbound",
        idleTimeout: "3s",
      });
      for (const [file, text] of Object.entries(units)) {
        const folder = file.endsWith(".container") ? "/etc/containers/systemd" : "/run/systemd/system";
        await systemd.write(`${folder}/${file}`, text);
      }
      await systemd.systemctl("daemon-reload");
      await systemd.start("shop.socket");
      const answer = async (): Promise<unknown> =>
        JSON.parse((await systemd.request("http://127.0.0.1/")).body);
      const right = {
        client: "::ffff:127.0.0.1",
        interfaces: ["lo"],
        variables: ["production", "'quoted'"],
        data: "written",
        app: "EROFS",
      };
      expect(await answer()).toEqual(right);
      for (let count = 0; count < 3; count++) {
        const [answered] = await Promise.all([answer(), systemd.restart("shop.service")]);
        expect(answered).toEqual(right);
      }
      await systemd.waitForUnit("shop.service", "ActiveState", "inactive");
      expect(await systemd.show("shop.service", "ExecMainStatus")).toBe("42");
      expect(await answer()).toEqual(right);
      expect(await systemd.show("shop.service", "NRestarts")).toBe("0");
    });
  },
);
