import type { AppDescription, HardeningProfile } from "@sockact/units";
import { ownAddress, refusedAddress, type AppChoices } from "../app/describe-app.ts";
import type { DetectedApp } from "../app/detect-app.ts";
import { isUnitName } from "../app/unit-name.ts";
import { askText, askWhether, askWhich } from "../output/ask.ts";

const option = "--yes";

/** The line that lets an app use the sockets itself. */
const lines: Record<string, string> = {
  express: 'app.use(systemdListen()), from "@sockact/express"',
  koa: 'app.use(systemdListen()), from "@sockact/koa"',
  fastify: 'app.register(systemdListen), from "@sockact/fastify"',
};

/**
 * Asks for the settings that are not in the options or the app.
 *
 * @param canHandOver whether the installed systemd, if any, is new enough for a handover.
 */
export async function askChoices(
  app: DetectedApp,
  given: AppChoices,
  canHandOver: boolean,
): Promise<AppChoices> {
  const name =
    given.name ??
    (await askText({
      message: "What is the service called?",
      option,
      initial: app.name,
      validate: (answer) =>
        isUnitName(answer)
          ? undefined
          : "Use letters, digits, - and _, such as shop. Names of system services are taken.",
    }));
  const listen =
    given.listen ??
    socketForProxy(given.host, name) ??
    wordsOf(
      await askText({
        message: "Where does it listen? For example 80, 127.0.0.1:3000 or /run/shop.sock",
        option,
        initial: ownAddress(app),
        validate: (answer) => refusedAddress(wordsOf(answer)),
      }),
    );
  const runAs = given.user === true ? undefined : (given.runAs ?? (await askUser()));
  const environmentFile = given.environmentFile ?? (await askEnvironmentFile(app));
  const hardening =
    given.hardening ??
    (await askWhich<HardeningProfile>({
      message: "Does the app connect to something: a database, an API?",
      option,
      choices: [
        { value: "outbound", label: "Yes, or I am not sure", hint: "a sandbox with network" },
        { value: "inbound", label: "No, it only answers", hint: "a sandbox without network" },
        { value: "none", label: "It needs the whole system", hint: "no sandbox" },
      ],
    }));
  const idleTimeout = given.idleTimeout ?? (app.takesOneSocket ? "" : await askIdleTimeout());
  const handover = given.handover ?? (canHandOver && !app.takesOneSocket && (await askHandover()));
  const preload = app.hasSockact || app.takesOneSocket ? false : (given.preload ?? (await askPreload(app)));
  return {
    ...given,
    name,
    listen,
    runAs,
    environmentFile,
    hardening,
    idleTimeout: (idleTimeout === "" ? undefined : idleTimeout) as AppDescription["idleTimeout"],
    handover,
    preload,
  };
}

/** Where an app with host names listens: the proxy connects to it. */
export const socketForProxy = (host: AppChoices["host"], name: string): string[] | undefined =>
  host && [`/run/${name}.sock`];

/** An answer may contain several addresses. */
const wordsOf = (answer: string): string[] => answer.match(/[^\s,]+/g) ?? [];

async function askUser(): Promise<string | undefined> {
  const kind = await askWhich({
    message: "Which user runs the app?",
    option,
    choices: [
      { value: "dynamic", label: "One that exists only while it runs", hint: "it owns no file elsewhere" },
      { value: "existing", label: "A user that exists" },
    ],
  });
  if (kind === "dynamic") return undefined;
  return askText({
    message: "What is the user called?",
    option,
    validate: (answer) =>
      /^[a-z_][\w-]*\$?$/i.test(answer) ? undefined : "A name of /etc/passwd, such as www-data",
  });
}

async function askIdleTimeout(): Promise<string> {
  return askWhich({
    message: "May the app end while nobody is connected? The next connection starts it.",
    option,
    choices: [
      { value: "", label: "No, it stays" },
      { value: "10min", label: "Yes, after 10 minutes" },
      { value: "1h", label: "Yes, after an hour" },
    ],
  });
}

async function askHandover(): Promise<boolean> {
  const answer = await askWhich({
    message: "How does a new version of the app start?",
    option,
    choices: [
      { value: "restart", label: "With a restart", hint: "clients wait while it starts" },
      { value: "handover", label: "With systemctl reload", hint: "the old version hands over to it" },
    ],
  });
  return answer === "handover";
}

/** A file that neither the app nor its start script reads. */
async function askEnvironmentFile(app: DetectedApp): Promise<string[] | undefined> {
  const { envFile, isEnvFileRead, environmentFiles } = app;
  if (envFile === undefined || isEnvFileRead || environmentFiles.length > 0) return undefined;
  const message = "The app has a .env file. Should systemd pass its variables to the app?";
  return (await askWhether({ message, option })) ? [envFile] : undefined;
}

async function askPreload({ framework }: DetectedApp): Promise<boolean> {
  const line = lines[framework ?? ""];
  const answer = await askWhich({
    message: "How does the app get the sockets?",
    option,
    choices: [
      { value: "preload", label: "With a preload: the app stays as it is", hint: "@sockact/register" },
      { value: "line", label: "With a line that I add", hint: line ?? "listen() from @sockact/core" },
    ],
  });
  return answer === "preload";
}
