/** Options of node(1) whose value may be the next word. */
const withValue = new Set(
  `-C -r --allow-fs-read --allow-fs-write --build-sea --build-snapshot-config --conditions --cpu-prof-dir --cpu-prof-interval
   --cpu-prof-name --debug-port --diagnostic-dir --disable-proto --disable-warning --dns-result-order --env-file --env-file-if-exists
   --experimental-config-file --experimental-default-type --experimental-loader --experimental-package-map --experimental-policy
   --experimental-sea-config --heap-prof-dir --heap-prof-interval --heap-prof-name --heapsnapshot-near-heap-limit --heapsnapshot-signal
   --icu-data-dir --import --input-type --inspect-port --inspect-publish-uid --loader --localstorage-file --max-http-header-size
   --max-old-space-size-percentage --network-family-autoselection-attempt-timeout --openssl-config --policy-integrity --process-timeout
   --redirect-warnings --report-dir --report-directory --report-filename --report-signal --require --secure-heap --secure-heap-min --security-revert
   --snapshot-blob --title --tls-cipher-list --tls-keylog --trace-event-categories --trace-event-file-pattern --unhandled-rejections
   --use-largepages --v8-pool-size --vfs-load --vfs-mount --watch-kill-signal --watch-path`.split(/\s+/),
);

/** Options with which Node runs no file: inline code, a package.json script, tests or benchmarks. */
const withoutScript =
  /^(?:-e|--eval|-p|-pe|--print|--run|--test|--bench|--completion-bash|-h|--help|-v|--version)(?:=|$)/;

/** The command line of Node, as node(1) parses it. */
export interface NodeCommand {
  /** The options before the script, without values in separate words. */
  options: readonly string[];
  /** The files and packages that `--require` and `--import` load before the script. */
  preloads: readonly string[];
  /** The file that Node runs. `undefined` with `-e`, `--run` or `--test`, or without a file. */
  script: string | undefined;
}

/** The command that env(1) runs, or the command itself. */
export function behindEnv(words: readonly string[]): readonly string[] {
  return words[0]?.endsWith("/env") === true ? words.slice(1) : words;
}

/** Whether Node gets no program. It would read one from standard input, which is empty, and exit. */
export function isWithoutProgram({ options, script }: NodeCommand): boolean {
  return (
    script === undefined &&
    !options.some((option) => withoutScript.test(option) || /^(?:-r|--require|--import)(?:=|$)/.test(option))
  );
}

/** An option that names a module to load before the script. */
const preload = /^(?:-r|--require|--import)(?:=(.*))?$/s;

/** Parses the words of a command line whose first word is Node. */
export function nodeCommand([, ...words]: readonly string[]): NodeCommand {
  const options: string[] = [];
  const preloads: string[] = [];
  const running = (script: string | undefined): NodeCommand => ({ options, preloads, script });
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!;
    if (word === "--") return running(words[at + 1]);
    if (!word.startsWith("-") || word === "-") return running(word === "-" ? undefined : word);
    options.push(word);
    if (withoutScript.test(word)) return running(undefined);
    const [isPreload, file] = preload.exec(word) ?? [];
    if (isPreload !== undefined) preloads.push(file ?? words[at + 1] ?? "");
    if (withValue.has(word)) at += 1;
  }
  return running(undefined);
}

/**
 * Splits NODE_OPTIONS as Node does: at spaces outside double quotes. Within quotes, a backslash escapes the
 * next character. Returns `undefined` if Node does not start with this value.
 */
export function nodeOptionWords(text: string): string[] | undefined {
  const parts: readonly string[] = text.match(/"(?:[^"\\]|\\.)*"|[^" ]+| +|"/gs) ?? [];
  if (parts.includes('"')) return undefined;
  const words = [""];
  for (const part of parts) {
    if (part.startsWith(" ")) words.push("");
    else
      words.push(words.pop()! + (part.startsWith('"') ? part.slice(1, -1).replace(/\\(.)/gs, "$1") : part));
  }
  return words.filter((word) => word !== "");
}

/** Quotes a word for NODE_OPTIONS. */
export function nodeOption(word: string): string {
  return /[ "]/.test(word) ? `"${word.replace(/["\\]/g, "\\$&")}"` : word;
}

/** The modules that NODE_OPTIONS loads before the app. */
export function preloadsOfOptions(text: string): readonly string[] {
  return nodeCommand(["node", ...(nodeOptionWords(text) ?? [])]).preloads;
}
