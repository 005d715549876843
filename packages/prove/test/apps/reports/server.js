const { spawn } = require("node:child_process");
const path = require("node:path");
const express = require("express");
const { systemdListen } = require("@sockact/express");

// Runs on when the server restarts, so that no report is lost.
const renderer = spawn(process.execPath, [path.join(__dirname, "renderer.js")], {
  detached: true,
  stdio: ["ignore", "inherit", "inherit", 3],
});
renderer.unref();

const app = express();
app.use(systemdListen());
app.get("/", (req, res) => res.send("reports\n"));
app.listen(3000);
