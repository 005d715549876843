import { recordMetrics, systemdListen } from "@sockact/express";
import express from "express";
import { collectDefaultMetrics, Counter, register } from "prom-client";

collectDefaultMetrics();
const visits = new Counter({ name: "visits_total", help: "The visits of each page.", labelNames: ["page"] });

// The last values stay in the journal while the app sleeps.
const record = async () => recordMetrics(await register.metrics());
setInterval(record, 60_000).unref();

const app = express();
app.use(systemdListen({ onStop: record }));
app.get("/", (_request, response) => {
  visits.inc({ page: "/" });
  response.send("Hello from an app that counts\n");
});

const server = app.listen(3000, () => console.log("Express is listening on", server.address()));
