import { parentPort } from "node:worker_threads";

parentPort.on("message", ({ width }) => parentPort.postMessage({ width, height: (width * 3) / 4 }));
