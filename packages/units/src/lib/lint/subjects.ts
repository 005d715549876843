import {
  loadUnit,
  valueOf,
  valuesOf,
  type GivenFiles,
  type LoadedUnit,
  type Setting,
} from "../parse/load.ts";
import { expandSpecifiers, unitNameParts } from "../parse/specifiers.ts";
import { commandsOf, wordsOf, type Command } from "../parse/words.ts";
import { isNodeName } from "../read/runtime.ts";
import { truthOf } from "./truth.ts";

/** A socket unit, and what it starts. */
export interface SocketSubject {
  unit: LoadedUnit;
  /** Whether each connection gets a process of its own. */
  accepts: boolean;
  /** The name of the unit that it starts; a template's with Accept=yes. */
  starts: string;
  /** `undefined` if it is not among the files. */
  service: ServiceSubject | undefined;
  /** What it listens on: all of ListenStream= and its kin. */
  addresses: readonly Setting[];
  given: GivenFiles;
}

/** A service unit, its sockets and its program. */
export interface ServiceSubject {
  unit: LoadedUnit;
  /** Those that start it, or an instance of it. */
  sockets: readonly SocketSubject[];
  /** Whether it is a unit of a user's service manager. */
  user: boolean;
  program: Program | undefined;
  environment: ReadonlyMap<string, Variable>;
}

interface Variable {
  value: string;
  setting: Setting;
}

/** What a service runs. */
interface Program {
  setting: Setting;
  command: Command;
  /** The program itself and its arguments, with `/usr/bin/env` taken off. */
  words: readonly string[];
  /** The name of the program's file. */
  name: string;
  /** What a shell is told to run. */
  script: string | undefined;
  /** The package manager, or another tool, that runs it as a child; also if a shell runs that. */
  launcher: string | undefined;
  /** Whether it is Node, however it is run. */
  isNode: boolean;
}

const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const launchers = /^(?:npm|npm-cli|npx|yarn|yarnpkg|pnpm|pnpx|corepack|nodemon|pm2|pm2-runtime|forever|tsx)$/;
/** The tool that node is told to run, such as `/usr/lib/node_modules/npm/bin/npm-cli.js`. */
function toolOf([, ...args]: readonly string[]): string[] {
  const file = args.find((word) => !word.startsWith("-"));
  return file?.includes("/node_modules/") ? [baseOf(file).replace(/\.[cm]?js$/, "")] : [];
}

const shells = /^(?:ba|da|a|z|k)?sh$/;

function programOf(unit: LoadedUnit): Program | undefined {
  const setting = valueOf(unit, "Service", "ExecStart");
  const [command] = setting === undefined ? [] : commandsOf(setting.value, unit.name).commands;
  if (setting === undefined || command === undefined) return undefined;
  const [zeroth = command.path, ...rest] = command.signs.includes("@")
    ? [command.path, ...command.argv.slice(1)]
    : command.argv;
  const inner = baseOf(zeroth) === "env" ? rest.findIndex((word) => !/^-|=/.test(word)) : -1;
  const words = inner < 0 ? [zeroth, ...rest] : rest.slice(inner);
  const name = baseOf(words[0]!);
  const flag = words.findIndex((word, index) => index > 0 && /^-[a-z]*c$/.test(word));
  const script = shells.test(name) && flag > 0 ? words[flag + 1] : undefined;
  const scriptWords = script?.split(/[\s;&|]+/).map(baseOf) ?? [];
  const launcher = [name, ...(isNodeName(name) ? toolOf(words) : scriptWords)].find((word) =>
    launchers.test(word),
  );
  return {
    setting,
    command,
    words,
    name,
    script,
    launcher,
    isNode: launcher !== undefined || [name, ...scriptWords].some(isNodeName),
  };
}

function environmentOf(unit: LoadedUnit): ReadonlyMap<string, Variable> {
  const variables = new Map<string, Variable>();
  for (const setting of valuesOf(unit, "Service", "Environment")) {
    for (const word of wordsOf(setting.value).words) {
      const [, name, value] = /^([A-Za-z_]\w*)=([^]*)$/.exec(expandSpecifiers(word, unit.name)) ?? [];
      if (name !== undefined && value !== undefined) variables.set(name, { value, setting });
    }
  }
  return variables;
}

/** The words of a list that knows no quotes, such as the names of units, with the assignment that has them. */
export function namesIn(
  unit: LoadedUnit,
  section: string,
  ...keys: string[]
): { name: string; setting: Setting }[] {
  return keys
    .flatMap((key) => valuesOf(unit, section, key))
    .flatMap((setting) =>
      setting.value
        .split(/\s+/)
        .filter((word) => word !== "")
        .map((word) => {
          const name = expandSpecifiers(word, unit.name);
          // Only these two lists take a backslash for an escape.
          const isEscaped = setting.key === "Sockets" || setting.key === "Also";
          return { name: isEscaped ? name.replaceAll("\\\\", "\\") : name, setting };
        }),
    );
}

/** Whether systemd reads the unit's own file to its end; otherwise it does not load the unit, and no more is to be said of it. */
const isRead = ({ unit }: { unit: LoadedUnit }): boolean =>
  unit.own.entries.every(({ kind }) => kind !== "unreadable");

/** Reads the sockets and services among the files; `user` says that they are of a user's service manager, which their folder may say too. */
export function subjectsOf(
  given: GivenFiles,
  user: boolean,
): { sockets: SocketSubject[]; services: ServiceSubject[] } {
  const units = (type: string) =>
    given.all
      .filter(({ dropInOf, base }) => dropInOf === undefined && base.endsWith(`.${type}`))
      .flatMap(({ base }) => loadUnit(base, given) ?? []);

  const services = units("service").map((unit): ServiceSubject & { sockets: SocketSubject[] } => ({
    unit,
    sockets: [],
    user: user || /(?:^|\/)systemd\/user\//.test(unit.file),
    program: programOf(unit),
    environment: environmentOf(unit),
  }));
  // Of two files with the same name the first is the unit.
  const byName = new Map(services.toReversed().map((service) => [service.unit.name, service]));
  const sockets = units("socket").map((unit): SocketSubject => {
    const { prefix, instance } = unitNameParts(unit.name);
    const accepts = truthOf(valueOf(unit, "Socket", "Accept")?.value) === true;
    const own = `${prefix}${accepts ? "@" : instance === undefined ? "" : `@${instance}`}.service`;
    const told = valueOf(unit, "Socket", "Service");
    const starts = told === undefined ? own : expandSpecifiers(told.value, unit.name);
    const template = starts.replace(/@[^@]+\./, "@.");
    const service = byName.get(starts) ?? byName.get(template);
    // An empty one of any kind takes back all of them.
    const listens = unit.settings.filter(
      ({ section, key }) => section === "Socket" && /^Listen[A-Z]/.test(key),
    );
    const addresses = listens.slice(listens.findLastIndex(({ value }) => value === "") + 1);
    const socket: SocketSubject = { unit, accepts, starts, service, addresses, given };
    service?.sockets.push(socket);
    return socket;
  });
  return { sockets: sockets.filter(isRead), services: services.filter(isRead) };
}
