// The tests of an app, for node:test and Vitest.
import assert from "node:assert/strict";
import process from "node:process";
import express from "express";
import Fastify from "fastify";
import Koa from "koa";
import request from "supertest";
import { activatedSockets, ActivationError } from "@sockact/core";
import * as forExpress from "@sockact/express";
import forFastify from "@sockact/fastify";
import * as forKoa from "@sockact/koa";
import { ready } from "@sockact/notify";
import { emitUnits } from "@sockact/units";
import { rollingRestart } from "sockact";

const { test } = await import(process.env.VITEST ? "vitest" : "node:test");

const isHello = ({ status, text }) => assert.deepEqual([status, text], [200, "hello"]);

test("Express", async () => {
  const app = express();
  app.use(forExpress.systemdListen());
  app.get("/", (_request, response) => response.send("hello"));
  isHello(await request(app).get("/"));
});

test("Koa", async () => {
  const app = new Koa();
  app.use(forKoa.systemdListen());
  app.use((context) => {
    context.body = "hello";
  });
  isHello(await request(app.callback()).get("/"));
});

test("Fastify", async () => {
  const app = Fastify();
  app.register(forFastify);
  app.get("/", async () => "hello");
  await app.ready();
  isHello(await request(app.server).get("/"));
  await app.close();
});

test("the other packages", async () => {
  assert.deepEqual(activatedSockets(), []);
  assert.equal(forExpress.ActivationError, ActivationError);
  assert.equal(await ready(), false);
  const units = emitUnits({ name: "app", exec: ["/usr/bin/node", "/srv/app.js"], sockets: [{ listen: 80 }] });
  assert.deepEqual(Object.keys(units), ["app.socket", "app.service"]);
  assert.equal(typeof rollingRestart, "function");
});
