// Sends a request to the URL in its argument for each line of standard input, over one kept connection. Writes each answer, and how many connections it has opened.
import { Agent, get } from "node:http";
import process from "node:process";
import { createInterface } from "node:readline";

let connections = 0;
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const { createConnection } = agent;
agent.createConnection = function (...args) {
  connections++;
  return createConnection.apply(this, args);
};
for await (const _ of createInterface({ input: process.stdin }))
  get(process.argv[2], { agent }, async (response) => {
    const body = (await response.setEncoding("utf8").toArray()).join("");
    process.stdout.write(`${JSON.stringify({ body, connections })}\n`);
  });
