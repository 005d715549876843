import type { ServiceManager } from "../systemd/service-manager.ts";
import { type ActivatedService, findService, instancesOf } from "../systemd/activated-units.ts";

/** What `sockact drain` drains at once. */
export interface Drainable {
  /** The name of the service, or of the template for its instances. */
  name: string;
  /** Whether it stands for all instances of a template. */
  isTemplate: boolean;
  /** Its services and their sockets. A service that no socket starts has none. */
  services: ActivatedService[];
}

/** Finds what this name drains. All instances of a template share a file, so they are drained together. */
export async function findDrainable(manager: ServiceManager, given: string): Promise<Drainable> {
  const name = given.replace(/\.(?:service|socket)$/, "").replace(/@$/, "");
  const template = name.replace(/@.*$/s, "");
  const instances = await instancesOf(manager, template);
  if (instances.length > 0 && (name === template || instances.some((one) => one.name === name)))
    return { name: template, isTemplate: true, services: instances };
  try {
    const service = await findService(manager, given);
    return { name: service.name, isTemplate: false, services: [service] };
  } catch (error) {
    const alone = await withoutSocket(manager, name);
    if (alone === undefined) throw error;
    return { name, isTemplate: false, services: [alone] };
  }
}

/** A service that binds its ports itself. */
async function withoutSocket(manager: ServiceManager, name: string): Promise<ActivatedService | undefined> {
  if (!/^[\w:.\\-]+$/.test(name)) return undefined;
  const service = `${name}.service`;
  const [shown] = await manager.show([service], ["Id", "LoadState"]);
  if (shown?.LoadState !== "loaded" || shown.Id !== service) return undefined;
  return { name, service, kind: "single", services: [service], sockets: [], isSystem: false };
}
