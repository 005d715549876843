import { CliError } from "../shared/cli-error.ts";
import { type ActivatedService, activatedServices, findService } from "../systemd/activated-units.ts";
import { timedService } from "../systemd/timed-service.ts";
import { type Host, Subject } from "./model/subject.ts";

/** A service and the units to examine. A rolling pair has two service units. */
export interface Case {
  service: string;
  sockets: readonly string[];
  subjects: readonly Subject[];
}

/** The services that sockets start, without those of the distribution, and the one that a timer starts. */
export async function allCases(host: Host): Promise<Case[]> {
  const [activated, timed] = await Promise.all([activatedServices(host.manager), timedService(host.manager)]);
  return activated.concat(timed ?? []).map((service) => caseOf(host, service));
}

/** Finds a service by its name or a unit's name, with or without suffix, even if no socket starts it. */
export async function caseNamed(host: Host, name: string): Promise<Case> {
  try {
    return caseOf(host, await findService(host.manager, name));
  } catch (error) {
    // systemctl accepts patterns, and answers for every match.
    if (!(error instanceof CliError && error.code === "SOCKACT_ERR_UNIT_UNKNOWN") || /[*?[\]]/.test(name))
      throw error;
    const template = name.replace(/@[^@]+?(?:\.service)?$/, "@.service");
    if (template !== name) {
      const found = await findService(host.manager, template).catch(() => undefined);
      if (found?.kind === "accept") return caseOf(host, { ...found, services: [] });
    }
    const service = name.includes(".") ? name : `${name}.service`;
    const [state] = await host.manager.show([service], ["LoadState", "Sockets", "Requires"]);
    if (!service.endsWith(".service") || state === undefined || state.LoadState === "not-found") throw error;
    // If the file of the socket is missing, only the service names it.
    const named = `${state.Sockets ?? ""} ${state.Requires ?? ""}`.split(" ");
    const sockets = [...new Set(named.filter((unit) => unit.endsWith(".socket")))];
    return caseOf(host, { service, services: [service], sockets });
  }
}

function caseOf(
  host: Host,
  { service, services, sockets }: Pick<ActivatedService, "service" | "services" | "sockets">,
): Case {
  // With Accept=yes and no connection, any instance has the template's settings.
  const units = services.length > 0 ? services : [service.replace("@.", "@0.")];
  return { service, sockets, subjects: units.map((unit) => new Subject(host, unit, sockets)) };
}
