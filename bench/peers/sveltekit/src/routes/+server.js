import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { json } from "@sveltejs/kit";

/** With WORK, it takes as long as the handlers of the other apps under load. */
export async function GET() {
  if (process.env.WORK) await delay(5);
  return json({ pid: process.pid });
}
