import cluster from "node:cluster";
import { runPrimary } from "@sockact/testing/cluster-app";
import "example-adapter";

if (cluster.isPrimary) runPrimary();
else await import("./app.mjs");
