const net = require("node:net");
const express = require("express");
const { systemdListen } = require("@sockact/express");

const app = express();
app.use(systemdListen());
app.get("/", (req, res) => res.send("ok\n"));

function connect(onConnected) {
  const broker = net.connect({ host: "127.0.0.1", port: 5672 });
  broker.once("connect", () => onConnected(broker));
  broker.on("error", () => setTimeout(connect, 1000, onConnected));
}

// Jobs must not come in before the broker takes them.
connect((broker) => {
  app.post("/jobs", (req, res) => req.pipe(broker, { end: false }).on("finish", () => res.sendStatus(202)));
  app.listen(3000);
});
