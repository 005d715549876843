import { play } from "../deploy.ts";
import type { Fleet } from "../fleet.ts";
import type { Machine } from "../machine.ts";
import type { Story } from "../story.ts";

/** Ansible asks all hosts what is wrong: first nothing, and then one has an error, and one is off. Resolves to the second table. */
export async function checkHosts(fleet: Fleet, story: Story): Promise<string[]> {
  const [, beta, gamma] = fleet.hosts as [Machine, Machine, Machine];
  story.title("Are all hosts well?");
  const well = await play(fleet, "check");
  if (!well.succeeded) throw new Error(`The check has failed:\n${well.log}`);
  await beta.run("systemctl stop fleet-web.socket fleet.service");
  await gamma.cutPower();
  const ill = await play(fleet, "check");
  await beta.run("systemctl start fleet-web.socket fleet.service");
  await gamma.boot();
  if (ill.succeeded || !ill.log.includes("could not look, on beta"))
    throw new Error(`The check has not noticed beta:\n${ill.log}`);
  const table = Array.from(
    ill.log.matchAll(/^ +"((?:host|alpha|beta|gamma) .*?) *",?$/gm),
    ([, row]) => row!,
  );
  for (const line of table) story.line("Ansible", line);
  for (const host of fleet.hosts) await fleet.waitForHost(host, "UP");
  return table;
}
