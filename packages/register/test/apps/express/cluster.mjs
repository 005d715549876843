// Runs app.mjs or load.mjs in a cluster: two workers, and another for each that ends. At SIGTERM, the code of the app ends its process at
// once.
import cluster from "node:cluster";
import process from "node:process";
import { runPrimary } from "@sockact/testing/cluster-app";

process.on("SIGTERM", () => process.exit());
if (cluster.isPrimary) runPrimary();
else await import(process.env.FRAMEWORK ? "./app.mjs" : "./load.mjs");
