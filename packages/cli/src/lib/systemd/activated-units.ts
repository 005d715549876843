import { CliError, EXIT } from "../shared/cli-error.ts";
import { didYouMean, nearestNames } from "../shared/nearest.ts";
import { ownCommand, userOption } from "../shared/own-command.ts";
import { listOf, type Properties } from "../shared/properties.ts";
import type { ServiceManager } from "./service-manager.ts";

/** A service and its sockets. */
export interface ActivatedService {
  /**
   * Its name without suffix: `shop` for `shop.service`, and for the template `shop@.service` of a rolling
   * pair or of `Accept=yes`.
   */
  name: string;
  /** The service unit or its template: `shop.service` or `shop@.service`. */
  service: string;
  /**
   * - `single`: one service unit
   * - `rolling`: the alternating instances `blue` and `green` of a template
   * - `accept`: a service unit for each connection (`Accept=yes`)
   */
  kind: "single" | "rolling" | "accept";
  /** The service units: one, both of a rolling pair, or those of the open connections. */
  services: string[];
  /** The socket units that start it, in alphabetical order. */
  sockets: string[];
  /** The health socket, if any. */
  health?: string | undefined;
  /** The timer that starts it, if no socket does. */
  timer?: string | undefined;
  /**
   * Whether its units belong to the distribution and it does not run Node. `status` shows it only with
   * `--all`.
   */
  isSystem: boolean;
}

const socketProperties = ["Id", "LoadState", "Triggers", "Accept", "BindsTo", "FragmentPath"] as const;
const serviceProperties = ["Id", "TriggeredBy", "FragmentPath", "ExecStart"] as const;
/** What {@link activatedServices} asks about. */
export const activationProperties = [...socketProperties, ...serviceProperties] as const;
type Socket = Properties<(typeof socketProperties)[number]>;
type Service = Properties<(typeof serviceProperties)[number]>;

/**
 * `shop` for `shop.service`, `shop@.service` and `shop@blue.service`; for `shop@eu.service` only with
 * `isTemplate`.
 */
function nameOf(unit: string, isTemplate: boolean): string {
  const base = unit.replace(/\.(?:service|socket)$/, "");
  return isTemplate ? base.replace(/@.*$/s, "") : base;
}

/** Units of the distribution and of generators are not the user's. */
function isFromDistribution(fragment: string): boolean {
  return /^(?:\/usr\/(?!local\/)|\/lib\/|\/run\/systemd\/generator|$)/.test(fragment);
}

const runsNode = ({ ExecStart = "" }: Partial<Service>): boolean =>
  /^\{ path=\S*?\/?(?:node|nodejs|bun)\d* ;/m.test(ExecStart);

/** All socket units, even those that systemd has not loaded. A template is not a unit. */
async function socketUnits(manager: ServiceManager): Promise<string[]> {
  const list = async (command: string, filter: string, name: string) => {
    const ended = await manager.run(command, filter, "--all", "--full", "--output=json");
    // list-unit-files exits with 1, without output, if there is no such file.
    const isEmpty = ended.code === 1 && ended.stderr.trim() === "";
    if (ended.code !== 0 && !isEmpty) throw manager.refused(command, ended);
    return (JSON.parse(ended.stdout || "[]") as Record<string, string>[]).map((row) => row[name]!);
  };
  const [loaded, files] = await Promise.all([
    list("list-units", "--type=socket", "unit"),
    // With --type, systemd would read every unit file of the machine.
    list("list-unit-files", "*.socket", "unit_file"),
  ]);
  return [...new Set([...loaded, ...files.filter((file) => !file.includes("@."))])];
}

/** Both instances of a rolling pair, for the one that a socket starts. */
function pairOf(service: string): string[] {
  const template = /^(.+)@(?:blue|green)\.service$/s.exec(service)?.[1];
  return template === undefined ? [] : [`${template}@blue.service`, `${template}@green.service`];
}

/** Whether it is the health socket of a service, as `healthSocket` of a description writes it. */
const isHealthSocket = ({ Id, Accept, BindsTo }: Socket): boolean =>
  Accept === "yes" &&
  Id.endsWith("-health.socket") &&
  listOf(BindsTo ?? "").some((unit) => unit.endsWith(".socket"));

/** The services that one socket starts. */
function startedBy(
  socket: Socket,
  services: ReadonlyMap<string, Service>,
): Pick<ActivatedService, "service" | "kind" | "services"> {
  const triggers = listOf(socket.Triggers);
  if (socket.Accept === "yes")
    return { service: `${nameOf(socket.Id, true)}@.service`, kind: "accept", services: triggers };
  const namesake = socket.Id.replace(/\.socket$/, ".service");
  // A socket with an invalid file starts nothing. It starts several services only if a service names another
  // service's socket in Sockets=.
  const service = triggers.length === 0 || triggers.includes(namesake) ? namesake : triggers[0]!;
  const pair = pairOf(service);
  const isPair = pair.every((unit) => listOf(services.get(unit)?.TriggeredBy ?? "").includes(socket.Id));
  return pair.length > 0 && isPair
    ? { service: `${nameOf(service, true)}@.service`, kind: "rolling", services: pair }
    : { service, kind: "single", services: [service] };
}

const byName = (one: string, other: string): number => (one < other ? -1 : 1);

/**
 * The host's services that sockets start, in alphabetical order. Without `all`, those of the distribution are
 * omitted unless they run Node.
 */
export async function activatedServices(
  manager: ServiceManager,
  { all = false }: { all?: boolean | undefined } = {},
): Promise<ActivatedService[]> {
  const shown = await manager.show(await socketUnits(manager), socketProperties);
  // An alias has the properties of its unit.
  const sockets = new Map(shown.map((socket) => [socket.Id, socket]));
  const triggers = shown.flatMap(({ Triggers }) => listOf(Triggers));
  const asked = [...new Set(triggers.flatMap((unit) => [unit, ...pairOf(unit)]))];
  const answers: Service[] = await manager.show(asked, serviceProperties);
  const services = new Map(asked.map((unit, index) => [unit, answers[index]!]));

  const found = new Map<string, ActivatedService>();
  const health = [...sockets.values()].filter(isHealthSocket);
  for (const socket of [...sockets.values()].toSorted((one, other) => byName(one.Id, other.Id))) {
    if (socket.LoadState === "not-found" || health.includes(socket)) continue;
    const started = startedBy(socket, services);
    const entry = found.get(started.service) ?? {
      ...started,
      name: nameOf(started.service, started.kind !== "single"),
      sockets: [],
      health: health.find(({ BindsTo }) => listOf(BindsTo).includes(socket.Id))?.Id,
      isSystem: true,
    };
    entry.sockets.push(socket.Id);
    entry.services = [...new Set([...entry.services, ...started.services])];
    const units = [socket, ...started.services.flatMap((unit) => services.get(unit) ?? [])];
    entry.isSystem &&= units.every((unit) => isFromDistribution(unit.FragmentPath) && !runsNode(unit));
    found.set(started.service, entry);
  }
  return [...found.values()]
    .filter(({ isSystem }) => all || !isSystem)
    .toSorted((one, other) => byName(one.name, other.name));
}

/** The names of a service: its own, and those of its units, with or without suffix. */
function namesOf({ name, service, services, sockets, health }: ActivatedService): string[] {
  const units = [service, ...services, ...sockets, ...(health === undefined ? [] : [health])];
  return [name, ...units, ...units.map((unit) => nameOf(unit, false))];
}

/** The units with a service's log lines: a service with `Accept=yes` has a unit for each connection. */
export function journalUnits({
  kind,
  service,
  services,
  sockets,
  health,
  timer,
}: ActivatedService): string[] {
  return [
    ...(timer === undefined ? [] : [timer]),
    ...sockets,
    ...(health === undefined ? [] : [health]),
    ...(kind === "accept" ? [service.replace("@.", "@*.")] : services),
  ];
}

/** The instances of a template whose socket is a template too, such as `shop@1` and `shop@2` for `shop`. */
export async function instancesOf(manager: ServiceManager, template: string): Promise<ActivatedService[]> {
  const known = await activatedServices(manager, { all: true });
  return known.filter(({ kind, name }) => kind === "single" && name.startsWith(`${template}@`));
}

/** Finds a service by its name, or by the name of one of its units. */
export async function findService(manager: ServiceManager, name: string): Promise<ActivatedService> {
  const known = await activatedServices(manager, { all: true });
  // A service's name may be the name of another service's socket.
  const found =
    known.find((service) => service.name === name) ??
    known.find((service) => namesOf(service).includes(name));
  if (found) return found;
  const own = known.filter(({ isSystem }) => !isSystem).map((service) => service.name);
  throw new CliError(
    "SOCKACT_ERR_UNIT_UNKNOWN",
    `no socket starts a service named ${JSON.stringify(name)}`,
    [
      didYouMean(nearestNames(nameOf(name, true), own)),
      `${ownCommand("status", ...userOption(manager.user))} lists the services that sockets start.`,
      manager.user ? undefined : "For a unit of your own manager, add --user.",
    ]
      .filter((line) => line !== undefined)
      .join("\n"),
    { exitCode: EXIT.failed },
  );
}
