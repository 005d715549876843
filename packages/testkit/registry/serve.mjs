// Serves a registry on a free port of 127.0.0.1, and prints its address: node serve.mjs FOLDER UPLINK. It
// serves the packages of this repository that are published to it, and all others from the uplink.
import { join } from "node:path";
import process from "node:process";
import { runServer } from "verdaccio";

const [folder, uplink] = process.argv.slice(2);
const own = { access: "$all", publish: "$all" };
const server = await runServer({
  storage: join(folder, "storage"),
  self_path: folder,
  auth: { htpasswd: { file: join(folder, "htpasswd") } },
  web: { enable: false },
  uplinks: { npm: { url: uplink } },
  packages: { "@sockact/*": own, sockact: own, "**": { access: "$all", proxy: "npm" } },
  log: { type: "stdout", format: "json", level: "warn" },
});
server.listen(0, "127.0.0.1", () => {
  console.log(JSON.stringify({ event: "listening", url: `http://127.0.0.1:${server.address().port}/` }));
});
