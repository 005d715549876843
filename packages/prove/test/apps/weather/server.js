import express from "express";
import { systemdListen } from "@sockact/express";

const app = express();
app.use(systemdListen());

let forecast = "sunny";
function refresh() {
  forecast = ["sunny", "cloudy", "rain"][Math.floor(Math.random() * 3)];
}
setInterval(refresh, 60_000);

app.get("/", (req, res) => res.json({ forecast }));

const server = app.listen(3000);

// Stop taking requests. Node ends when the last one is done.
process.on("SIGTERM", () => {
  console.log("Stopping");
  server.close();
});
