// Clients that each keep one connection, and number their requests: node numbered-clients.mjs PORT COUNT [FIRST]. FIRST is the path of the first request. Says `running` when each client has had an answer,
// `round` to each line of its input when each has had one more, and its `result` when the input has ended.
import { Agent, get } from "node:http";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

const [port, count, first = "/"] = process.argv.slice(2);
const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const THINK_MS = 20;
const TIMEOUT_MS = 15_000;
const result = { sent: 0, answered: 0, failed: {}, connections: 0, versions: {} };
let stopping = false;
/** Of each client: called with the next answer or failure. */
const rounds = Array.from({ length: Number(count) }, () => []);

async function live(id) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  for (let path = first; !stopping; path = "/") {
    const number = `${process.pid}-${id}-${++result.sent}`;
    try {
      const [echoed, , version] = (await ask(agent, path, number)).split(" ");
      if (echoed !== number) throw Object.assign(new Error("wrong"), { code: "answer of another request" });
      result.answered++;
      result.versions[version] = (result.versions[version] ?? 0) + 1;
    } catch ({ code }) {
      result.failed[code] = (result.failed[code] ?? 0) + 1;
    }
    for (const resolve of rounds[id].splice(0)) resolve();
    // After the first answer they ask again at once.
    if (path === "/") await delay(Math.random() * THINK_MS);
  }
  agent.destroy();
}

function ask(agent, path, number) {
  return new Promise((resolve, reject) => {
    const sent = get({ host: "127.0.0.1", port, path: `${path}?${number}`, agent }, async (response) => {
      resolve((await response.setEncoding("utf8").toArray().catch(reject))?.join(""));
    });
    sent.once("socket", (socket) => {
      if (socket.connecting) result.connections++;
    });
    sent.setTimeout(TIMEOUT_MS, () => sent.destroy(Object.assign(new Error("hung"), { code: "hung" })));
    sent.on("error", reject);
  });
}

const round = () => Promise.all(rounds.map((waiting) => new Promise((resolve) => waiting.push(resolve))));
const beginning = round();
const lives = rounds.map((_, id) => live(id));
await beginning;
say("running");
for await (const _ of createInterface({ input: process.stdin })) {
  await round();
  say("round");
}
stopping = true;
await Promise.all(lives);
say("result", result);
