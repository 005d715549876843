// Passes apps and other values to systemdListen({ app }) of an adapter: node app-option.mjs @sockact/express
import { createServer } from "node:http";
import process from "node:process";
import KoaRouter from "@koa/router";
import express from "express";
import Fastify from "fastify";
import Koa from "koa";

const { systemdListen } = await import(process.argv[2]);

const values = {
  undefined,
  null: null,
  "an Express app": express(),
  "an Express router": express.Router(),
  "a Koa app": new Koa(),
  "a Koa router": new KoaRouter(),
  "a Fastify app": Fastify(),
  "a server": createServer(),
  "a function": express,
  "a class": Koa,
};

const answers = {};
/** An app instead of the options. */
const direct = [];
for (const [name, app] of Object.entries(values)) {
  try {
    systemdListen({ app });
    answers[name] = "accepted";
  } catch ({ code, hint }) {
    answers[name] = `${code}: ${hint}`;
  }
}
for (const [name, app] of Object.entries(values)) {
  try {
    if (answers[name] === "accepted") systemdListen(app);
  } catch ({ code, hint }) {
    direct.push(`${code}: ${hint}`);
  }
}
console.log(JSON.stringify({ event: "answered", answers, direct }));
