import { join } from "node:path";
import process from "node:process";
import {
  type Author,
  authorOfApp,
  type InstallPlan,
  prepareInstall,
  type PreparedInstall,
  assertSeparateFolders,
  serviceOf,
  socketsOf,
  startersOf,
} from "../install/install.ts";
import { askWhich } from "../output/ask.ts";
import { errorJson, print, printJson } from "../output/print.ts";
import { installedApps } from "../shared/installed-apps.ts";
import { CliError, EXIT } from "../shared/cli-error.ts";
import { colour, tell } from "../shared/messages.ts";
import { type Invoker, invoker } from "../shared/invoker.ts";
import { ownCommand } from "../shared/own-command.ts";
import { findUser } from "../shared/users.ts";
import { installedSystemd, ServiceManager } from "../systemd/service-manager.ts";
import { missingStartFiles } from "../systemd/start-files.ts";
import { accessError, missingFilesError, missingFilesNote, userError } from "./access/access-error.ts";
import { checkAccess } from "./access/check-access.ts";
import { createAccount } from "./create-account.ts";
import { applyPrepared, type Outcome } from "./apply-prepared.ts";
import { filesOfBundle, type MadeBundle, makeBundle } from "./bundle.ts";
import { checkMachine, checkOptions, type InstallOptions, rootFolder } from "./options.ts";
import { isUnusable, resultText } from "./result.ts";
import { changesOfUnits, summary, textOfUnits } from "./summary.ts";
import { planSite } from "./plan-site.ts";
import { wantedServices } from "./services.ts";
import { unitOf, type WantedService } from "./wanted-service.ts";

/** The longest file in the JSON output. */
const MOST_TEXT = 200_000;

/** A dry run only needs systemd to look at the units that it has loaded. */
const UNCHECKED =
  "systemd does not run here. Not checked: its loaded units and open sockets, and what the user of the service may read.";

/** A service whose files have been compared with the installed ones. */
interface Prepared {
  service: WantedService;
  prepared: PreparedInstall;
  /** The bundle in the prepared files. */
  bundle: MadeBundle | undefined;
  notes: string[];
}

/** A service that has been installed. */
interface Result extends Outcome {
  installed: Prepared;
}

/** `sockact install`. Returns the exit code. */
export async function installApp(entry: string | undefined, options: InstallOptions): Promise<number> {
  checkOptions(entry, options);
  return installServices(
    async (systemd, caller) =>
      wantedServices(
        entry,
        { ...options, root: rootFolder(options.root) },
        { folder: process.cwd(), invoker: caller, systemd },
      ),
    options,
  );
}

/**
 * Shows services, asks whether to install them, and installs them. Returns the exit code.
 *
 * @param find describes the services, for the version of the running systemd, if any
 */
export async function installServices(
  find: (systemd: number | undefined, caller: Invoker) => Promise<WantedService[]>,
  options: InstallOptions,
): Promise<number> {
  checkMachine(options);
  const root = rootFolder(options.root);
  const local = root === "/" ? new ServiceManager({ user: options.user === true }) : undefined;
  const manager = options.dryRun !== true || (await local?.isRunning()) ? local : undefined;
  const systemd = await (manager === undefined ? local && installedSystemd() : manager.version());
  const caller = await invoker();
  const services = await find(systemd !== undefined && systemd > 0 ? systemd : undefined, caller);
  const all: Prepared[] = [];
  for (const service of services)
    all.push(await prepare(service, options, { root, manager, invoker: caller }));
  assertSeparateFolders(all.map(({ prepared }) => prepared));
  if (options.dryRun === true) {
    showFiles(all, options);
    return 0;
  }
  for (const { service, prepared, notes } of all) tell(`${summary(service, prepared, notes)}\n`);
  if (options.yes !== true) await agree(all);
  const results: Result[] = [];
  try {
    for (const one of all) {
      await createAccount(one.service.account);
      results.push({ installed: one, ...(await applyPrepared(one, options, manager)) });
    }
  } catch (error) {
    // The services before it are installed.
    const told = withInstalled(error, results);
    if (options.json !== true) showResults(results, options, root);
    else if (results.length > 0 && told instanceof CliError)
      printJson({ error: errorJson(told), installed: results.map(jsonOf) });
    throw told;
  }
  showResults(results, options, root);
  const silent = results.filter(({ answers }) => answers.some(isUnusable));
  return silent.length === 0 ? 0 : EXIT.failed;
}

/** The error of one service, with the names of those before it, which stay installed. */
function withInstalled(error: unknown, results: readonly Result[]): unknown {
  if (!(error instanceof CliError) || results.length === 0) return error;
  const names = results.map(({ installed }) => installed.service.description.name).join(", ");
  const { code, message, hint, exitCode, cause } = error;
  return new CliError(code, `${message}\nThe services before it stay installed: ${names}`, hint, {
    exitCode,
    cause,
  });
}

function showResults(results: readonly Result[], { json, user, start }: InstallOptions, root: string): void {
  if (json === true) {
    printJson(results.map(jsonOf));
    return;
  }
  for (const { installed, answers, changed, bundle } of results) {
    const { plan } = installed.prepared;
    // Another socket starts the one that answers probes.
    const starters = startersOf(plan).filter((unit) => unit !== `${plan.name}-health.socket`);
    const toStart = start || root !== "/" ? [] : starters.length > 0 ? starters : [serviceOf(plan)];
    print(
      resultText({
        name: plan.name,
        user: user === true,
        root,
        toStart,
        answers,
        changed,
        bundle,
        reader: installed.service.reader,
      }),
    );
  }
}

/** Where and for whom a service is installed. */
interface Where {
  root: string;
  manager: ServiceManager | undefined;
  invoker: Invoker;
}

async function prepare(
  service: WantedService,
  options: InstallOptions,
  { root, manager, invoker: caller }: Where,
): Promise<Prepared> {
  const { description, units, config, extraFiles } = service;
  const isUsers = description.manager === "user";
  // Below a root folder, other paths and users count.
  const isHere = root === "/";
  if (description.template === true && isHere) throw templateError(description.name, isUsers);
  const isCreated = service.account !== undefined && (await findUser(service.account)) === undefined;
  const unknown =
    isUsers || !isHere || isCreated ? undefined : await userError(description, config === undefined);
  if (unknown !== undefined) throw unknown;
  const missing = isHere ? await missingStartFiles([units.texts()[unitOf(service)]!]) : [];
  const startsNow = options.dryRun !== true && options.start;
  if (missing.length > 0 && startsNow) throw missingFilesError(missing);
  const missingNotes = missing.length > 0 ? [missingFilesNote(missing)] : [];
  // A service of the user reads what the user reads.
  const { problems, notes } =
    isUsers || !isHere
      ? { problems: [], notes: [] }
      : await checkAccess({
          description,
          service: units.files.get(unitOf(service))!,
          folder: service.app?.folder,
          bound: service.bound,
          unread: service.unread,
          envFile: service.envFile,
          // Only root may start a process as another user.
          manager: process.getuid?.() === 0 && !isCreated ? manager : undefined,
        });
  if (problems.length > 0) throw await accessError(service, problems);
  const bundle = service.bundle && (await makeBundle(service.bundle, isUsers, caller));
  installedApps.push(description.name);
  const made = bundle && filesOfBundle({ name: description.name, user: isUsers }, bundle);
  const { site, notes: siteNotes } = await planSite(description, options.proxy, options.start, manager);
  const plan: InstallPlan = {
    name: description.name,
    user: isUsers,
    root,
    units: units.texts(),
    extraFiles: [...extraFiles, ...(made?.files ?? [])],
    bundle: made?.record,
    ...(site && { site }),
    description,
    config,
    author: isUsers || !isHere ? undefined : authorOf(service),
    made: service.made,
  };
  const prepared = await prepareInstall(plan, options.force === true, manager !== undefined);
  const unchecked = isHere && manager === undefined ? [UNCHECKED] : [];
  const allNotes = [
    ...service.notes,
    ...(isCreated ? [`The system user ${service.account} does not exist yet, and is created.`] : []),
    ...siteNotes,
    ...missingNotes,
    ...notes,
    ...prepared.notes,
    ...unchecked,
  ];
  return { service, prepared, bundle, notes: allNotes };
}

/** A template has no socket to start, only its instances do. */
function templateError(name: string, isUsers: boolean): CliError {
  const [folder, user] = isUsers ? ["~/.config/systemd/user", " --user"] : ["/etc/systemd/system", ""];
  return new CliError(
    "SOCKACT_ERR_USAGE",
    `${name} has template: true, and sockact install can't know its instances`,
    `Write the units: ${ownCommand("units")} --out ${folder}\nThen start each instance: systemctl${user} daemon-reload && systemctl${user} enable --now ${name}@1.socket`,
  );
}

function authorOf({ folder, config, app }: WantedService): Author | undefined {
  return authorOfApp([
    folder,
    config ?? join(folder, "package.json"),
    ...(app === undefined ? [] : [app.entry]),
  ]);
}

function showFiles(all: readonly Prepared[], { json }: InstallOptions): void {
  if (json === true) {
    printJson(
      all.map((one) =>
        jsonOf({ installed: one, answers: [], changed: false, bundle: one.prepared.plan.bundle }),
      ),
    );
    return;
  }
  for (const { service, prepared, notes } of all) {
    tell(`${summary(service, prepared, notes)}\n`);
    print(textOfUnits(service, prepared));
  }
}

/** Asks until the answer is yes or no. */
async function agree(all: readonly Prepared[]): Promise<void> {
  for (;;) {
    const answer = await askWhich({
      message: "Install it?",
      option: "--yes",
      choices: [
        { value: "yes", label: "yes" },
        { value: "show", label: "show the files first" },
        { value: "no", label: "no" },
      ],
    });
    tell("\n");
    if (answer === "yes") return;
    if (answer === "no")
      throw new CliError("SOCKACT_ERR_CANCELLED", "you answered no", "Nothing was changed.", {
        exitCode: EXIT.failed,
      });
    for (const { service, prepared } of all) tell(colour("dim", await changesOfUnits(service, prepared)));
  }
}

function jsonOf({ installed: { service, prepared, notes }, answers, changed, bundle }: Result): object {
  const removed = prepared.files.filter(({ state }) => state === "removed");
  const written = prepared.files.filter(({ state }) => state !== "removed");
  return {
    name: service.description.name,
    changed,
    sockets: socketsOf(prepared.plan),
    ...(prepared.plan.site && { hosts: prepared.plan.site.hosts }),
    service: serviceOf(prepared.plan),
    files: written.map(({ path, state, text }) => ({
      path,
      state,
      // A bundle may have megabytes.
      ...(text.length <= MOST_TEXT && { text: text.toString() }),
    })),
    removed: removed.map(({ path }) => path),
    notes,
    ...(service.reader && { prometheus: service.reader.data }),
    ...(bundle && { bundle }),
    answers: answers.map((answer) => ({ ...answer, page: undefined })),
  };
}
