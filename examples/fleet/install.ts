import type { Fleet } from "./fleet.ts";
import type { Machine } from "./machine.ts";
import type { Release } from "./releases.ts";

/** Installs the first release on a host with nothing but ssh. Ansible deploys the later ones, and finds what it would have made itself. */
export async function install(
  { office }: Fleet,
  { address }: Machine,
  { version, folder }: Release,
): Promise<void> {
  await office.run(`
    to=/srv/fleet/releases/${version}
    tar -C ${folder} -c . | ssh ${address} "mkdir -p $to && tar -C $to -x"
    ssh ${address} "ln -s releases/${version} /srv/fleet/current"
    ssh ${address} "${sockact} install --config /srv/fleet/current/sockact.config.mjs --yes --no-request"`);
}

/** The program on a host. */
export const sockact = "/srv/fleet/current/node_modules/.bin/sockact";
