// A setup file of Vitest: when a test fails, saves the journals of its private systemds and prints where.
import { mkdirSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import "./end-of-test.ts";
import { openSystemds } from "../../testing/src/private-systemd.ts";

const folder = fileURLToPath(new URL("../../../.cache/journals", import.meta.url));

afterEach(async ({ task }) => {
  if (task.result?.state !== "fail") return;
  for (const systemd of openSystemds) {
    const journal = await systemd.run(["journalctl", "--no-pager", "--output=short-precise"]).catch(String);
    mkdirSync(folder, { recursive: true });
    const file = `${folder}/${basename(task.file.name)}.${process.pid}-${systemd.pid}.log`;
    writeFileSync(file, typeof journal === "string" ? journal : journal.stdout);
    console.error(`The journal of the private systemd of this test: ${file}`);
  }
});
