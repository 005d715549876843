import { createServer } from "node:http";

/** Figures for the monitoring, on a port that the firewall closes. */
export function startAdmin(figures) {
  createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(figures()));
  }).listen(9090, "127.0.0.1");
}
