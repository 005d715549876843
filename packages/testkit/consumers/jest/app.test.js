const express = require("express");
const Fastify = require("fastify");
const Koa = require("koa");
const request = require("supertest");

test("Express", async () => {
  const { systemdListen } = require("@sockact/express");
  const app = express();
  app.use(systemdListen());
  app.get("/", (_request, response) => response.send("hello"));
  const { status, text } = await request(app).get("/");
  expect([status, text]).toEqual([200, "hello"]);
});

test("Koa", async () => {
  const { systemdListen } = require("@sockact/koa");
  const app = new Koa();
  app.use(systemdListen());
  app.use((context) => {
    context.body = "hello";
  });
  const { status, text } = await request(app.callback()).get("/");
  expect([status, text]).toEqual([200, "hello"]);
});

test("Fastify", async () => {
  const { systemdListen } = require("@sockact/fastify");
  const app = Fastify();
  app.register(systemdListen);
  app.get("/", async () => "hello");
  await app.ready();
  const { status, text } = await request(app.server).get("/");
  expect([status, text]).toEqual([200, "hello"]);
  await app.close();
});

test("the other packages", async () => {
  const { activatedSockets, ActivationError } = require("@sockact/core");
  expect(activatedSockets()).toEqual([]);
  expect(require("@sockact/express").ActivationError).toBe(ActivationError);
  expect(await require("@sockact/notify").ready()).toBe(false);
  const { emitUnits } = require("@sockact/units");
  const units = emitUnits({ name: "app", exec: ["/usr/bin/node", "/srv/app.js"], sockets: [{ listen: 80 }] });
  expect(Object.keys(units)).toEqual(["app.socket", "app.service"]);
  expect(typeof require("sockact").rollingRestart).toBe("function");
});
