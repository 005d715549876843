// Visits each frontend of HAProxy by HTTP and by WebSocket, with two addresses, until every host has answered. Prints who has seen which address.
import { once } from "node:events";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";
import { WebSocket } from "ws";

const balancer = "10.77.0.10";
const frontends = [
  ["http:", ""],
  ["https:", ""],
  ["https:", ":8443"],
];
const own = ["10.77.0.1", "10.77.0.2"];
const options = { rejectUnauthorized: false, agent: false };

const nameOf = ({ localAddress, localPort }) => `${localAddress}:${localPort}`;

async function byRequest(protocol, port, localAddress) {
  const request = protocol === "http:" ? requestHttp : requestHttps;
  const sent = request(`${protocol}//${balancer}${port}/`, { ...options, localAddress }).end();
  const [response] = await once(sent, "response");
  return { client: nameOf(sent.socket), about: JSON.parse(await text(response)) };
}

async function byWebSocket(protocol, port, localAddress) {
  const url = `${protocol.replace("http", "ws")}//${balancer}${port}/about`;
  const socket = new WebSocket(url, { ...options, localAddress });
  let client;
  socket.once("upgrade", (response) => (client = nameOf(response.socket)));
  const [data] = await once(socket, "message");
  socket.close();
  return { client, about: JSON.parse(data) };
}

const seen = [];
for (const [protocol, port] of frontends) {
  for (const [kind, visit] of Object.entries({ request: byRequest, WebSocket: byWebSocket })) {
    const hosts = new Set();
    for (let number = 0; hosts.size < 3 && number < 100; number++) {
      const { client, about } = await visit(protocol, port, own[number % own.length]);
      hosts.add(about.host);
      seen.push({
        frontend: `${protocol}${port.slice(1)}`,
        kind,
        host: about.host,
        client,
        app: `${about.client}:${about.port}`,
      });
    }
  }
}
console.log(JSON.stringify(seen));
