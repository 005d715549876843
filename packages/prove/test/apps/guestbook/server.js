const express = require("express");
const { systemdListen } = require("@sockact/express");

const entries = [];
const app = express();
app.use(systemdListen());
app.use(express.json());

app.get("/", (req, res) => res.json(entries));
app.post("/", (req, res) => {
  entries.push(req.body);
  res.status(201).json(entries.length);
});

app.listen(process.env.PORT || 3000, () => console.log("Guestbook is listening"));

function shutdown(signal) {
  console.log(`${signal}: bye`);
  process.exit(0);
}

process.on("SIGTERM", shutdown);
process.on("SIGINT", shutdown);
