// Listens, and connects to its first server, as each message says.
import { once } from "node:events";
import { connect, createServer } from "node:net";

const servers = [];
const clients = [];

process.on("message", async ({ listen = [], connections = 0 }) => {
  for (const options of listen) {
    const server = createServer().listen(options);
    servers.push(server);
    await once(server, "listening");
  }
  for (let count = 0; count < connections; count++) {
    const client = connect(servers[0].address().port, "127.0.0.1");
    clients.push(client);
    await Promise.all([once(client, "connect"), once(servers[0], "connection")]);
  }
  process.send("done");
});
process.send("ready");
