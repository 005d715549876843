import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import { beforeAll, describe, expect, it } from "vitest";
import { sandboxDirectives } from "../src/lib/read/sandbox/directives.ts";
import { describedBy } from "./campaign/described.ts";
import { hardeningFields } from "./campaign/sandbox.ts";
import { serviceFields } from "./campaign/service-fields.ts";
import { socketFields } from "./campaign/socket-fields.ts";
import { serviceDirectives, otherFields } from "../src/lib/read/fields/service-directives.ts";
import { otherSocketFields, socketDirectives } from "../src/lib/read/fields/socket-directives.ts";

interface Schema {
  properties: Record<string, unknown>;
  definitions: Record<string, Schema>;
}

const socket = { listen: 80 };
const app = { name: "app", exec: ["/bin/sh"], sockets: [socket] };

describe("the JSON Schema of a description", () => {
  let schema: Schema;
  let validate: ValidateFunction;

  beforeAll(() => {
    const url = new URL(import.meta.resolve("@sockact/units/schema.json"));
    schema = JSON.parse(readFileSync(url, "utf8")) as Schema;
    validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(schema);
  });

  function takes(descriptions: number): void {
    for (const { description } of describedBy(20_251_106, descriptions)) {
      validate(description);
      expect([validate.errors, description]).toEqual([null, description]);
    }
  }
  it("takes descriptions that can be written", () => takes(60));
  it("takes a thousand descriptions that can be written", { tags: "campaign" }, () => takes(1000));

  it("has the fields of the code and a generator, and a description, for each", () => {
    for (const [properties, generated, ofCode] of [
      [schema.properties, serviceFields, [...Object.keys(serviceDirectives), ...otherFields]],
      [
        schema.definitions["SocketDescription"]!.properties,
        socketFields,
        [...Object.keys(socketDirectives), "description", ...otherSocketFields],
      ],
      [
        schema.definitions["HardeningOptions"]!.properties,
        hardeningFields,
        [...Object.keys(sandboxDirectives), "profile"],
      ],
    ] as const) {
      const fields = (ofCode as readonly string[]).toSorted();
      expect(Object.keys(properties).toSorted()).toEqual(fields);
      expect(Object.keys(generated).toSorted()).toEqual(fields);
      for (const property of Object.values(properties)) expect(property).toHaveProperty("description");
    }
  });

  it("refuses an unknown field, at any depth", () => {
    expect(validate({ ...app, Name: "app" })).toBe(false);
    expect(validate({ ...app, sockets: [{ ...socket, backLog: 1 }] })).toBe(false);
    expect(validate({ ...app, hardening: { uMask: "0027" } })).toBe(false);
  });

  it("refuses a duration without a unit, but for 0", () => {
    const notifies = { ...app, type: "notify" };
    expect(validate({ ...notifies, watchdogSec: 30 })).toBe(false);
    for (const watchdogSec of ["30s", 0]) expect(validate({ ...notifies, watchdogSec })).toBe(true);
  });

  it("refuses a description without a required field", () => {
    for (const field of ["name", "sockets"]) expect(validate({ ...app, [field]: undefined })).toBe(false);
  });

  it("refuses any field's value that has another type", () => {
    const wrong = [null, { unknown: 1 }, [null], [[null]]];
    for (const value of wrong) {
      for (const field of Object.keys(serviceFields)) {
        expect([field, value, validate({ ...app, [field]: value })]).toEqual([field, value, false]);
      }
      for (const field of Object.keys(socketFields)) {
        const sockets = [{ ...socket, [field]: value }];
        expect([field, value, validate({ ...app, sockets })]).toEqual([field, value, false]);
      }
      for (const field of Object.keys(hardeningFields)) {
        const hardening = { [field]: value };
        expect([field, value, validate({ ...app, hardening })]).toEqual([field, value, false]);
      }
    }
  });
});
