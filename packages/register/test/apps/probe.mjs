// Asks an npm package for a free port, and listens on it. PROBE is the package. The port to try first comes on standard input.
import { once } from "node:events";
import { createServer } from "node:http";
import process from "node:process";
import { say, whoAmI } from "@sockact/testing/contract-app";

const [line] = await once(process.stdin, "data");
const port = Number(line);

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
server.listen(found, () => say("listening", { address: server.address() }));
process.stdin.destroy();
