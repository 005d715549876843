import express from "express";
import request from "supertest";
import { ActivationError, systemdListen } from "@sockact/express";
import { activatedSockets } from "@sockact/core";

test("an Express app that imports sockact", async () => {
  const app = express();
  app.use(systemdListen());
  app.get("/", (_request, response) => void response.send("hello"));
  const { status, text } = await request(app).get("/");
  expect([status, text]).toEqual([200, "hello"]);
  expect(activatedSockets()).toEqual([]);
  expect(() => app.use(systemdListen({ required: true }))).toThrow(ActivationError);
});
