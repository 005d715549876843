import { describe, expect, it } from "vitest";
import { redactor } from "./redact.ts";

const variables = [
  "APP_NAME=shop",
  "MODE=service",
  "DATABASE=hunter",
  "PIN=12345",
  "API_TOKEN=abc",
  "SESSION_SECRET=/k3y+with=slash",
  "TLS_KEY=/etc/ssl/nowhere.pem",
  "CONFIG=/srv/shop.json",
  "LINES=first line\nsecond line",
];
const { own, quoted } = redactor(variables, ["shop.service", "shop.socket"]);

describe("redactor", () => {
  it.each([
    ['{"password":"s3cret","apiKey":"s3cret","name":"shop"}', '{"password":…,"apiKey":…,"name":"shop"}'],
    ["password: s3cret", "password: …"],
    ["cookie: sid=s3cret; other=s3cret", "cookie: …"],
    ["x-api-key: s3cret", "x-api-key: …"],
    ["Authorization: Token s3cret", "Authorization: …"],
    ["pwd=s3cret pass=s3cret DB_PASS=s3cret", "pwd=… pass=… DB_PASS=…"],
    ["redis://s3cret@cache:6379/0", "redis://…@cache:6379/0"],
    ["postgres://admin:p@s3cret/w0rd@db/shop", "postgres://admin:…@db/shop"],
    ["GET /?key=s3cret&page=2", "GET /?key=…&page=2"],
    ["AKIAABCDEFGHIJKLMNOP", "…"],
    ["eyJhbGciOi.eyJzdWIi.s3cret", "…"],
    ["-----BEGIN PRIVATE KEY-----\ns3cret\n-----END PRIVATE KEY-----", "…"],
    [`${"s3cret".repeat(10)}Ab==`, "…"],
    [
      "the pin is 12345, the token abc, and the key /k3y+with=slash",
      "the pin is …, the token …, and the key …",
    ],
    ["connected to hunter: first line", "connected to …: …"],
  ])("hides what may be a secret in what a program has printed: %s", (text, expected) => {
    expect(quoted(text)).toBe(expected);
  });

  it.each([
    "    at file:///srv/node_modules/@sockact/core/dist/index.js:12:3",
    "shop.service: Main process exited, code=exited, status=1/FAILURE",
    "ENOENT: no such file or directory, open '/srv/shop.json'",
    "http://localhost:3000/",
    "services and abcissa",
  ])("leaves the rest as it is: %s", (text) => {
    expect(quoted(text)).toBe(text);
  });

  it("leaves the doctor's own words and commands as they are", () => {
    for (const text of [
      "First find out why the service ends.",
      "systemctl edit shop.service # and write:",
      "chmod o+r /srv/shop.json",
      "the token abc",
    ])
      expect(own(text)).toBe(text);
    expect(own("connect postgres://me:s3cret@db")).toBe("connect postgres://me:…@db");
    expect(own("The app asks for first line")).toBe("The app asks for …");
  });
});
