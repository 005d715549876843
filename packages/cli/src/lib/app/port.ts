import type { SourceFile } from "./source-files.ts";

/** The default ports of frameworks with a separate start command. */
const DEFAULTS: Record<string, number> = {
  next: 3000,
  nuxt: 3000,
  remix: 3000,
  sveltekit: 3000,
  astro: 4321,
};

export interface PortSources {
  files: readonly SourceFile[];
  /** The arguments after the entry. */
  arguments: readonly string[];
  environment: Readonly<Record<string, string>>;
  framework: string | undefined;
}

export interface FoundPort {
  port: number | undefined;
  /** The loopback address that each such call of `listen()` names: `127.0.0.1`, `::1` or `localhost`. */
  host: string | undefined;
  /**
   * Whether the start script, or every call of `listen()` in the code, names this port. Otherwise the app may
   * also listen elsewhere, for example for metrics.
   */
  isSure: boolean;
}

/** The port of the app, from the start script or the code. */
export function findPort({ files, arguments: words, environment, framework }: PortSources): FoundPort {
  const line = words.join(" ");
  const ofArguments = portOf(/(?:^| )(?:--port|-p)[= ](\d+)(?: |$)/.exec(line)?.[1]);
  if (ofArguments !== undefined) {
    const [, host] = /(?:^| )(?:--host|--hostname|-H)[= ](\S+)/.exec(line) ?? [];
    return { port: ofArguments, host: loopbackIn(`"${host}"`), isSure: true };
  }
  const ofCalls = files.flatMap(({ text }) => {
    const declared = declarationsIn(text);
    return listenArguments(text).map(([argument, second]) => {
      const expression = portExpression(argument);
      if (expression === undefined) return undefined;
      const ofEnvironment = /\bPORT\b/.test(expression) ? portOf(environment["PORT"]) : undefined;
      const host = hostExpression(argument, second);
      return {
        port: ofEnvironment ?? portIn(expression, { text, declared, environment }),
        host: loopbackIn(declared.get(host) ?? host),
      };
    });
  });
  const ofCode = ofCalls.find((call) => call?.port !== undefined)?.port;
  const hosts = new Set(
    ofCalls.filter((call) => call?.port !== undefined && call.port === ofCode).map((call) => call?.host),
  );
  // Two loopback addresses are `localhost`.
  const host = hosts.size > 1 ? "localhost" : [...hosts][0];
  return {
    port: ofCode ?? portOf(environment["PORT"]) ?? DEFAULTS[framework ?? ""],
    host: hosts.has(undefined) ? undefined : host,
    isSure: ofCode !== undefined && ofCalls.every((call) => call?.port === ofCode),
  };
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,5}$/.test(text)) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? port : undefined;
}

/** The most calls to look at in a file, and the longest value of a variable. */
const [MOST_CALLS, LONGEST_VALUE] = [1_000, 500];

/** The first two arguments of each call of `listen()` and similar. Empty if there are too many calls. */
function listenArguments(text: string): [first: string, second: string][] {
  return [...text.matchAll(/(?:\.listen|\blisten|\bserve)\s*\(/g)].map(({ index, 0: call }, number) => {
    if (number >= MOST_CALLS) return ["", ""];
    const after = text.slice(index + call.length);
    const first = firstArgument(after);
    const [, rest = ""] = /^\s*,([^]*)/.exec(after.slice(after.indexOf(first) + first.length)) ?? [];
    return [first, firstArgument(rest)];
  });
}

/** The expression for the host: the second argument, or `host` in an object. */
function hostExpression(first: string, second: string): string {
  if (!first.startsWith("{")) return second;
  const [, value] = /\bhost(?:name)?\s*:\s*([^]*)/.exec(first) ?? [];
  return value === undefined ? (/\b(host(?:name)?)\s*[,}]/.exec(first)?.[1] ?? "") : firstArgument(value);
}

/** The loopback address in an expression such as `process.env.HOST ?? "127.0.0.1"`, or `undefined`. */
function loopbackIn(expression: string): string | undefined {
  // The second argument may also be the callback.
  if (/[({]/.test(expression)) return undefined;
  return /["'`](127(?:\.\d{1,3}){3}|::1|localhost)["'`]/.exec(expression)?.[1];
}

/** The port expression in such an argument, or `undefined`. */
function portExpression(argument: string): string | undefined {
  if (!argument.startsWith("{")) return argument;
  const [, value] = /\bport\s*:\s*([^]*)/.exec(argument) ?? [];
  if (value !== undefined) return firstArgument(value);
  return /[{,]\s*port\s*[,}]/.test(argument) ? "port" : undefined;
}

/** Everything before the comma or bracket that ends it. */
function firstArgument(text: string): string {
  let depth = 0;
  for (let at = 0; at < Math.min(text.length, 500); at += 1) {
    const char = text[at]!;
    if ("([{".includes(char)) depth += 1;
    else if (")]}".includes(char)) {
      if (depth === 0) return text.slice(0, at).trim();
      depth -= 1;
    } else if (char === "," && depth === 0) return text.slice(0, at).trim();
  }
  return "";
}

/**
 * The number in an expression such as `Number(process.env.PORT || 3000)`, or in the declaration of its
 * variable.
 */
function portIn(
  expression: string,
  file: {
    text: string;
    declared: ReadonlyMap<string, string>;
    environment: Readonly<Record<string, string>>;
  },
  seen = new Set<string>(),
): number | undefined {
  if (/\.(?:sock|pipe)\b|^["'`]\//.test(expression)) return undefined;
  const [, number] =
    /(?:^|[^\w.])["']?(\d{1,5})["']?(?![\w.])/.exec(expression.replaceAll(/,\s*(?:10|0x\w+)\s*\)/g, ")")) ??
    [];
  const port = portOf(number);
  if (port !== undefined) return port;
  const [, setting] = /\.get\(\s*["'](\w+)["']\s*\)/.exec(expression) ?? [];
  if (setting !== undefined) {
    const value = new RegExp(`\\.set\\(\\s*["']${setting}["']\\s*,`).exec(file.text);
    if (value === null || seen.has(`.set(${setting})`)) return undefined;
    seen.add(`.set(${setting})`);
    return portIn(firstArgument(file.text.slice(value.index + value[0].length)), file, seen);
  }
  for (const [name] of expression.matchAll(/\b[A-Za-z_$][\w$]*\b/g)) {
    const value = file.declared.get(name);
    // In a long file of assignments, many paths lead from one variable to another.
    if (value === undefined || seen.has(name) || seen.size === 50) continue;
    seen.add(name);
    const found =
      (/\bPORT\b/.test(value) ? portOf(file.environment["PORT"]) : undefined) ?? portIn(value, file, seen);
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * The first value of each variable, in declarations and in defaults such as `const { PORT = 3000 } =
 * process.env`.
 */
function declarationsIn(text: string): Map<string, string> {
  const found = new Map<string, string>();
  const add = (name: string, value: string) =>
    void (found.has(name) || found.set(name, value.slice(0, LONGEST_VALUE)));
  for (const [, name, value] of text.matchAll(
    /\b(?:const|let|var)\s+([\w$]+)(?:\s*:[\w |]{1,60})?\s*=\s*([^;\n]+)/g,
  ))
    add(name!, value!);
  for (const [, inside] of text.matchAll(/\{([^{}]*)\}\s*=\s*process\.env/g))
    for (const part of inside!.split(",")) {
      const [, name, value] = /^\s*([\w$]+)\s*=\s*([^]+)/.exec(part) ?? [];
      if (name !== undefined) add(name, value!);
    }
  return found;
}
