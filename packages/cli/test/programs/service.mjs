// An app as users write them, with @sockact/core. /etc/NAME.json says what it does, as a release and its settings would.
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import process from "node:process";
import { listen } from "@sockact/core";

const [, , name] = process.argv;
const settings = () => JSON.parse(readFileSync(`/etc/${name}.json`, "utf8"));

const { version, crash, silent, warns, quiet, reloads, stops, handover, port } = settings();
if (crash) throw new Error("this release is broken");

write();

if (port) await once(createServer().listen(port), "listening");

// sockact waits for 5 s or longer until it prints this.
if (warns)
  process.emitWarning("Nothing in this process serves a socket", {
    type: "SockactWarning",
    code: "SOCKACT_WARN_UNCLAIMED",
  });

let held;
const server = createServer((request, response) => {
  if (request.url === "/hold") {
    held = response;
    console.log("holds a request");
  } else {
    response.end(JSON.stringify({ version, pid: process.pid }));
  }
});
process.on("SIGUSR2", () => held.end("released"));

await listen(server, {
  handover,
  onListen: silent ? () => once(process, "SIGUSR1") : undefined,
  onEvent: quiet ? () => {} : undefined,
  onReload: reloads === false ? undefined : onReload,
  onStop: stops === false ? () => once(process, "SIGUSR1") : undefined,
});

async function onReload() {
  const { reload } = settings();
  write();
  if (reload === "fail") throw new Error("the settings are broken");
  if (reload === "slow") await once(process, "SIGUSR1");
  console.log("has read its settings");
}

// The sandbox allows only some folders.
function write() {
  const { writes } = settings();
  if (writes) writeFileSync(writes, "");
}
