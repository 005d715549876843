// Takes sockets without a server. Prints what each call has taken, or its error.
import { createSocket } from "node:dgram";
import process from "node:process";
import { bindDatagram, claimSocket } from "@sockact/core";

async function outcome(call) {
  try {
    await call();
    return "taken";
  } catch ({ message }) {
    return message;
  }
}

const results = {
  event: "results",
  bindDatagramOfWeb: await outcome(() => bindDatagram(createSocket("udp4").unref(), { name: "web" })),
  bindDatagramOfDns: await outcome(() => bindDatagram(createSocket("udp4").unref(), { name: "dns" })),
  claimSocket: await outcome(() => claimSocket("web")),
};
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit());
