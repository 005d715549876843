// docs/coming-from/nginx.md, where the ports go from nginx to systemd.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describeWith } from "@sockact/testkit";
import { expect, test } from "vitest";
import { useTypedPage } from "./typed-page.ts";

const path = fileURLToPath(new URL("../../../docs/coming-from/nginx.md", import.meta.url));
const raw = /`(raw: \{ Unit: .*?\} \})`/.exec(readFileSync(path, "utf8"))?.[1];

describeWith({ privateSystemd: true, commands: ["curl", "script"] }, "docs/coming-from/nginx.md", () => {
  const page = useTypedPage("coming-from/nginx.md");
  const { folder, type } = page;
  const ask = "curl --silent http://localhost/";
  const config = (http: number, https: number, further = "") => `export default {
    name: "shop",
    exec: ["node", "./server.mjs"],
    sockets: [
      { name: "http", listen: ${http}, ${further} },
      { name: "https", listen: ${https}, ${further} },
    ],
    type: "notify",
  };`;

  test("nginx serves until systemd opens its ports, and a start of nginx is the way back", async () => {
    const { systemd } = page;
    await type(`mkdir ${folder}`, "/");
    page.installPackages(["express", "@sockact/express"]);
    await systemd.write(
      `${folder}/server.mjs`,
      `import { systemdListen } from "@sockact/express";
      import express from "express";
      const app = express();
      app.use(systemdListen({ sockets: { http: {}, https: {} } }));
      app.get("/", (req, res) => res.send("hello"));
      app.listen(3000);`,
    );
    // In the place of nginx, which would need a configuration and folders.
    await systemd.write(
      `${folder}/nginx.mjs`,
      `import { execFileSync } from "node:child_process";
      import { once } from "node:events";
      import { createServer } from "node:http";
      for (const port of [80, 443]) {
        await once(createServer((_, response) => response.end("nginx")).listen(port), "listening");
      }
      execFileSync("systemd-notify", ["--ready"]);`,
    );
    await systemd.installUnits({
      "nginx.service": `[Service]
Type=notify
NotifyAccess=all
ExecStart=${systemd.node} ${folder}/nginx.mjs
`,
    });
    await systemd.start("nginx.service");
    await systemd.write(`${folder}/sockact.config.mjs`, config(8080, 8443));
    await type("sudo npx sockact install --yes");
    expect(await type(ask)).toBe("nginx");

    await systemd.write(`${folder}/sockact.config.mjs`, config(80, 443, raw));
    await type("sudo npx sockact install --yes");
    expect(await type(ask)).toBe("hello");
    expect(await systemd.show("nginx.service", "ActiveState")).toBe("inactive");

    await type("sudo systemctl start nginx");
    expect(await type(ask)).toBe("nginx");
    await type("sudo npx sockact uninstall shop --yes");
    expect(await type(ask)).toBe("nginx");
  });
});
