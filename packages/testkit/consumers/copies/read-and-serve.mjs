// Reads the passed sockets with the imported copy of core, and serves them with the required copy.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import process from "node:process";
import { activatedSockets, ActivationError, listen } from "@sockact/core";

const required = createRequire(import.meta.url)(process.argv[2]);
const say = (event, more) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

const [socket] = activatedSockets();
await required.listen(createServer((_request, response) => response.end("hello")));
const error = await listen(createServer()).catch((reason) => reason);
say("served", {
  isSameSocket: required.activatedSockets()[0] === socket,
  code: error.code,
  isOfBoth: error instanceof ActivationError && error instanceof required.ActivationError,
});
