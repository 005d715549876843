import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument, type Scalar, visit } from "yaml";

/** A key and its value, and the keys above them. */
interface Entry {
  path: string;
  key: string;
  value: unknown;
  offset: number;
  comment: string;
}

type Rule = (entry: Entry) => string | undefined;

/**
 * The risks in a workflow, or in an action of this repository, each as `file:line: message`. GitHub would accept them.
 * `scripts` are the names of the scripts in package.json.
 */
export function workflowProblems(file: string, text: string, scripts: readonly string[]): string[] {
  const lines = new LineCounter();
  const entries = entriesOf(text, lines);
  const broken = entries.flatMap((entry) =>
    [...rules, onlyScripts(scripts)].flatMap((rule) => {
      const message = rule(entry);
      return message === undefined ? [] : `${file}:${lines.linePos(entry.offset).line}: ${message}`;
    }),
  );
  const missing = file.includes("workflows/") ? missingKeys(entries).map((it) => `${file}:1: ${it}`) : [];
  return [...missing, ...broken];
}

const rules: Rule[] = [
  ({ key, value }) =>
    key === "*" ? `write *${String(value)} out: these rules do not follow aliases` : undefined,
  ({ key, value, comment }) => {
    if (key !== "uses") return undefined;
    const used = String(value);
    if (used.startsWith("./")) {
      return /^\.\/\.github\/(?:actions|workflows)\//.test(used) && !used.includes("..")
        ? undefined
        : `${used}: move it to .github/actions or .github/workflows, which these rules read`;
    }
    if (used.startsWith("docker://"))
      return hasDigest(used) ? undefined : `${used}: pin the image by its digest`;
    if (!/@[0-9a-f]{40}$/.test(used)) return `${used}: pin the action by the full SHA of a commit`;
    return /^ ?v\d+\.\d+\.\d+$/.test(comment) ? undefined : `${used}: add its version, as in # v1.2.3`;
  },
  ({ key, value }) =>
    (key === "image" || key === "container") && typeof value === "string" && !hasDigest(value)
      ? `${value}: pin the image by its digest`
      : undefined,
  ({ key, value }) =>
    (key === "run" || key === "script") && typeof value === "string" && value.includes("${{")
      ? "an expression in a script can be code that somebody else wrote: pass it in env"
      : undefined,
  ({ path, key, value }) =>
    typeof value === "string" && ofEvent.test(value) && !isPlaceOfText(path, key)
      ? "what somebody else wrote can become code or a path here: pass it in env"
      : undefined,
  ({ path, key, value }) => {
    const event =
      path === "" &&
      key === "on" &&
      /\b(?:pull_request_target|workflow_run|issue_comment)\b/.exec(String(value));
    return event
      ? `${event[0]} gives a pull request or a comment of a stranger the rights of this repository`
      : undefined;
  },
  stepNeeds(
    "actions/checkout@",
    "persist-credentials",
    "the token stays in the checkout: set persist-credentials to false",
  ),
  stepNeeds(
    "actions/setup-node@",
    "package-manager-cache",
    "a cache can be poisoned: set package-manager-cache to false",
  ),
];

function hasDigest(image: string): boolean {
  return /@sha256:[0-9a-f]{64}$/.test(image);
}

/** An expression with the event that started the workflow, or with the name of the branch of a pull request. */
const ofEvent = /\$\{\{[^}]*\bgithub\s*(?:\.\s*|\[\s*['"])(?:event(?!_)|head_ref)\b/i;

/** Whether GitHub uses a value only as text or as a condition. An input of an action may be used in any way, whatever its name. */
function isPlaceOfText(path: string, key: string): boolean {
  // The name of a job can be any word.
  const keys = [...path.replace(/^jobs\.[^.]+/, "").split("."), key];
  return (
    !keys.includes("with") &&
    keys.some((each) => ["if", "env", "concurrency", "name", "run-name"].includes(each))
  );
}

/** Each step that uses an action must turn an option off. */
function stepNeeds(action: string, option: string, message: string): Rule {
  return ({ value }) => {
    const uses = isMap(value) ? value.get("uses") : undefined;
    if (!isMap(value) || typeof uses !== "string") return undefined;
    // GitHub ignores the case of an action's name.
    if (!uses.toLowerCase().startsWith(action)) return undefined;
    return value.getIn(["with", option]) === false ? undefined : message;
  };
}

function onlyScripts(scripts: readonly string[]): Rule {
  return ({ key, value }) => {
    if (!["run", "version", "publish"].includes(key)) return undefined;
    const called = Array.from(
      String(value).matchAll(/\bnpm (?:run(?: --silent)? )([\w:-]+)/g),
      ([, name = ""]) => name,
    );
    const unknown = called.filter((name) => !scripts.includes(name));
    return unknown.length > 0 ? `package.json has no script ${unknown.join(", ")}` : undefined;
  };
}

function missingKeys(entries: readonly Entry[]): string[] {
  const rights = entries.find(({ path, key }) => path === "" && key === "permissions");
  const jobs = entries.filter(({ path }) => path === "jobs");
  return [
    ...(isMap(rights?.value) && rights.value.items.length === 0
      ? []
      : ["set permissions to {} at the top, and what a job needs in the job"]),
    ...jobs.flatMap(({ key, value }) => {
      if (!isMap(value)) return [];
      const hasRights = isMap(value.get("permissions"));
      // GitHub accepts no timeout for a job that calls another workflow. The jobs of that workflow have timeouts.
      const hasEnd = value.has("timeout-minutes") || value.has("uses");
      return [
        ...(hasRights ? [] : [`the job ${key} needs permissions that name each right`]),
        ...(hasEnd ? [] : [`the job ${key} needs timeout-minutes`]),
      ];
    }),
  ];
}

/** The entries of each map. An item of a list, such as a step, is an entry with the key `-`, and an alias is one with the key `*`. */
function entriesOf(text: string, lineCounter: LineCounter): Entry[] {
  const entries: Entry[] = [];
  const pathOf = (above: readonly unknown[]): string =>
    above.flatMap((node) => (isPair(node) ? String(node.key) : [])).join(".");
  const addItem = (index: unknown, { range }: Node, value: unknown, above: readonly unknown[]): void => {
    if (typeof index === "number")
      entries.push({ path: pathOf(above), key: "-", value, offset: range?.[0] ?? 0, comment: "" });
  };
  visit(parseDocument(text, { lineCounter }), {
    Pair(_, { key, value }, above) {
      const path = pathOf(above);
      const comment = isScalar(value) ? (value.comment ?? "") : "";
      const offset = (key as Scalar).range?.[0] ?? 0;
      entries.push({ path, key: String(key), value: isScalar(value) ? value.value : value, offset, comment });
    },
    Map(index, map, above) {
      addItem(index, map, map, above);
    },
    Scalar(index, scalar, above) {
      addItem(index, scalar, scalar.value, above);
    },
    Alias(_, { source, range }) {
      entries.push({ path: "", key: "*", value: source, offset: range?.[0] ?? 0, comment: "" });
    },
  });
  return entries;
}
