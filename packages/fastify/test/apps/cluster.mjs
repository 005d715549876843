// Runs app.mjs or load.mjs in a cluster: two workers, and another for each that ends.
import cluster from "node:cluster";
import "@sockact/fastify";
import { runPrimary } from "@sockact/testing/cluster-app";

if (cluster.isPrimary) runPrimary();
else await import(process.env.FRAMEWORK ? "./app.mjs" : "./load.mjs");
