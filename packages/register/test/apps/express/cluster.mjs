// The app of the contract, or that of the load, in a cluster: two workers, and another for each that ends. Each process ends at once at SIGTERM,
// as far as the app knows.
import cluster from "node:cluster";
import process from "node:process";
import { runPrimary } from "@sockact/testkit/cluster-app";

process.on("SIGTERM", () => process.exit());
if (cluster.isPrimary) runPrimary();
else await import(process.env.FRAMEWORK ? "./app.mjs" : "./load.mjs");
