// Prints what keeps a private systemd from booting, or starts a sandboxed service in one and prints its answer.
import { bootPrivateSystemd, privateSystemdObstacle } from "../../../testing/src/boot-private-systemd.ts";
import { SANDBOX } from "../../../testing/src/sandbox.ts";

const obstacle = privateSystemdObstacle();
if (obstacle) {
  console.log(JSON.stringify(obstacle));
} else {
  const systemd = await bootPrivateSystemd();
  const server = `const { writeFileSync } = require("node:fs");
    writeFileSync(process.env.STATE_DIRECTORY + "/file", "");
    require("node:http").createServer((_, response) => response.end(String(process.getuid()))).listen({ fd: 3 });`;
  await systemd.write("/run/server.cjs", server);
  await systemd.installUnits({
    "web.socket": "[Socket]\nListenStream=80\n",
    "web.service": `[Service]\nExecStart=${systemd.node} /run/server.cjs\nStateDirectory=web\n${SANDBOX}\n`,
  });
  await systemd.start("web.socket");
  const { body } = await systemd.request("http://localhost/");
  const state = await systemd.systemctl("is-system-running");
  console.log(JSON.stringify({ uid: Number(body), state: state.trim() }));
  if (process.argv[2] === "close") await systemd.close();
  else setInterval(() => {}, 1000);
}
