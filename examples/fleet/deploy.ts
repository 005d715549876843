import type { Fleet } from "./fleet.ts";
import type { Machine } from "./machine.ts";
import type { Release } from "./releases.ts";

/** Puts a release on a host by hand, over ssh. */
export async function deployByHand(fleet: Fleet, host: Machine, { version, folder }: Release, command = "reload fleet"): Promise<string> {
  return fleet.office.run(`
    to=/srv/fleet/releases/${version}
    tar -C ${folder} -c . | ssh ${host.address} "mkdir -p $to && tar -C $to -x"
    ssh ${host.address} "cd $to && ln -sfn releases/${version} /srv/fleet/current && npx=node_modules/.bin/sockact; \\$npx ${command} 2>&1"`);
}
