import { STATUS_CODES } from "node:http";
import { clean } from "../shared/clean.ts";
import { colourOut } from "../output/print.ts";
import { isRootShell, serviceCommand } from "../shared/own-command.ts";
import { unitWords } from "../shared/shell-words.ts";
import type { BundleRecord } from "../install/install.ts";
import type { Answer } from "./first-request.ts";
import type { ForReader } from "./wanted-service.ts";

/**
 * Whether the service does not serve correctly. `sockact install` then fails, but keeps what it installed.
 */
export const isUnusable = ({ outcome }: Answer): boolean => outcome === "silent" || outcome === "unready";

export interface Installed {
  name: string;
  user: boolean;
  root: string;
  /** The units to start, with `--no-start`. */
  toStart: readonly string[];
  answers: readonly Answer[];
  /** Whether anything was changed. */
  changed: boolean;
  bundle?: BundleRecord | undefined;
  reader?: ForReader | undefined;
}

/** The installed service, its answers, and the next commands. */
export function resultText({
  name,
  user,
  root,
  toStart,
  answers,
  changed,
  bundle,
  reader,
}: Installed): string {
  const place = root === "/" ? "" : ` in ${root}`;
  const pause = toStart.length > 0 ? ", and not started" : "";
  const what = changed ? `is installed${pause}` : "was installed already, and nothing has changed";
  const isSilent = answers.some(isUnusable);
  const isBroken = answers.some((answer) => answer.outcome === "http" && answer.status >= 500);
  const next: [string, string][] = [
    ...(toStart.length > 0 ? [[startCommand(toStart, user), "starts it"] as [string, string]] : []),
    isSilent || isBroken
      ? [serviceCommand("doctor", name, user), "says why"]
      : [serviceCommand("status", name, user), "how it is doing"],
    [`${serviceCommand("logs", name, user)} -f`, "what it says"],
    [serviceCommand("uninstall", name, user), "removes it"],
  ];
  const width = Math.max(...next.map(([command]) => command.length));
  return [
    `${colourOut(isSilent ? "yellow" : "green", isSilent ? "!" : "✓")} ${colourOut("bold", name)} ${what}${place}.`,
    ...answers.map((answer) => `  ${answerText(answer)}`),
    ...(bundle?.fallback === undefined
      ? []
      : [
          `${colourOut("yellow", "!")} It is not bundled: ${bundle.fallback.reason} (${bundle.fallback.code})`,
        ]),
    ...(reader === undefined ? [] : ["", `  ${reader.title}`, ...reader.lines.map((line) => `    ${line}`)]),
    ...(root === "/"
      ? ["", ...next.map(([command, why]) => `  ${command.padEnd(width)}  ${colourOut("dim", why)}`)]
      : []),
    "",
  ].join("\n");
}

function answerText(answer: Answer): string {
  const { url } = answer;
  switch (answer.outcome) {
    case "http": {
      const reason = clean(answer.text) || STATUS_CODES[answer.status] || "";
      const to = answer.location === undefined ? "" : ` to ${clean(answer.location)}`;
      const style = answer.status >= 500 ? "red" : "green";
      return `${url} answers ${colourOut(style, `${answer.status} ${reason}`)}${to} after ${seconds(answer.milliseconds)}`;
    }
    case "other":
      return `${url} answers after ${seconds(answer.milliseconds)}, but not by HTTP`;
    case "unready":
      return `${url} ${answer.reason}`;
    case "proxy":
      return `${url} wants a PROXY header, and does not accept one from this machine: send a request through your load balancer`;
    case "unasked":
      return `${url} is listening. sockact sends no test request to it`;
    case "silent":
      return `${url} is listening, but ${answer.reason}`;
  }
}

const seconds = (milliseconds: number): string =>
  milliseconds < 1000 ? `${milliseconds} ms` : `${(milliseconds / 1000).toFixed(1)} s`;

/** A command that starts units: `sudo systemctl start shop.socket`. */
function startCommand(units: readonly string[], isUser: boolean): string {
  const systemctl = isUser ? "systemctl --user" : `${isRootShell() ? "" : "sudo "}systemctl`;
  return `${systemctl} start ${unitWords(units)}`;
}
