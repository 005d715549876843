// Asks a package of npm for a free port, and listens on it. PROBE is the package, PORT is what it is asked for first.
import { createServer } from "node:http";
import process from "node:process";
import { report, say, whoAmI } from "@sockact/testkit/contract-app";

const port = Number(process.env.PORT);

const probes = {
  async "get-port"() {
    const { default: getPort } = await import("get-port");
    return getPort({ port });
  },
  async "detect-port"() {
    const { detect } = await import("detect-port");
    return detect(port);
  },
  async portfinder() {
    const { default: portfinder } = await import("portfinder");
    return portfinder.getPortPromise({ port });
  },
};

const found = await probes[process.env.PROBE]();
say("found", { port: found });
const server = createServer((request, response) => response.end(JSON.stringify(whoAmI(request))));
report(server, () => []);
server.listen(found);
