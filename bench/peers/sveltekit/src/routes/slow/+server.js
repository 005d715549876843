import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

export async function GET() {
  process.stdout.write('{"event":"slow"}\n');
  await delay(300);
  return new Response();
}
