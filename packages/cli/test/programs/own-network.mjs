// Opens as many listening sockets as each message says, or connections to the first of them.
import { once } from "node:events";
import { connect, createServer } from "node:net";

const servers = [];
const clients = [];

process.on("message", async ({ tcp = 0, unix = 0, connections = 0 }) => {
  for (let count = 0; count < tcp + unix; count++) {
    const server = createServer();
    server.listen(count < tcp ? { port: 0, host: "127.0.0.1" } : { path: `\0${servers.length}` });
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
