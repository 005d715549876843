import process from "node:process";

const { bun, deno } = process.versions;

/** Deno and Bun have their own node:net and node:http: docs/bun-and-deno.md says what they can do. */
export const isDeno = deno !== undefined;
export const isBun = bun !== undefined;
