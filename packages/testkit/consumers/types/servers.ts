// The imports of an app. The test compiles this file for each kind of module resolution, and then runs the
// result.
import { createServer } from "node:http";
import {
  activatedSockets,
  ActivationError,
  type ActivatedSocket,
  listen,
  type ListenOptions,
} from "@sockact/core";
import { prepareApp, type AppOptions } from "@sockact/core/adapter";
import { systemdListen as expressListen, type SystemdListenOptions } from "@sockact/express";
import fastifyListen, { systemdListen as fastifyListenByName } from "@sockact/fastify";
import { systemdListen as koaListen } from "@sockact/koa";
import { NotifyError, ready } from "@sockact/notify";
import { rollingRestart } from "sockact";

const options: SystemdListenOptions & AppOptions & ListenOptions = { name: "http", idleTimeout: "5min" };
const passed: readonly ActivatedSocket[] = activatedSockets();
const asked: Promise<boolean> = ready();
const error: Error & { code: string; hint: string } = new ActivationError(
  "SOCKACT_ERR_OPTION",
  "message",
  "hint",
);

// @ts-expect-error A duration needs a unit, so it is a string or false.
options.idleTimeout = 300;
// @ts-expect-error This code does not exist.
export const noSuchCode: ActivationError["code"] = "SOCKACT_ERR_NO_SUCH_CODE";

const functions = [
  prepareApp,
  createServer,
  expressListen,
  fastifyListen,
  koaListen,
  listen,
  rollingRestart,
  NotifyError,
];
if (functions.some((value) => typeof value !== "function")) throw new Error("A function is missing.");
if (fastifyListen !== fastifyListenByName) throw new Error("The default export is not systemdListen().");
console.log(JSON.stringify({ passed, code: error.code, asked: asked instanceof Promise }));
