import { ofSystemd } from "../read/program.ts";
import { liesInHome, liesInTemporary } from "../read/places.ts";
import { valueOf, valuesOf, type LoadedUnit, type Setting } from "../parse/load.ts";
import { unitNameParts } from "../parse/specifiers.ts";
import { commandsOf, wordsOf } from "../parse/words.ts";
import { added, changed, headerOf, replaced, type FileEdit, type Rule } from "./finding.ts";
import { portOf } from "./socket-rules.ts";
import { namesIn, type ServiceSubject } from "./subjects.ts";
import { spanOf } from "./span.ts";
import { truthOf } from "./truth.ts";

const inService = (unit: LoadedUnit, key: string) => valueOf(unit, "Service", key);

const isTrue = (unit: LoadedUnit, key: string): boolean => truthOf(inService(unit, key)?.value) === true;

const notifies = (unit: LoadedUnit): boolean =>
  /^notify(?:-reload)?$/.test(inService(unit, "Type")?.value ?? "");

const restarts = (unit: LoadedUnit): string => inService(unit, "Restart")?.value ?? "no";

/** Sockets that are passed to the service itself, not their connections. */
const listeners = ({ sockets }: ServiceSubject) => sockets.filter(({ accepts }) => !accepts);

/** Whether the program is a Node that is passed sockets. */
const isActivatedNode = (service: ServiceSubject): boolean =>
  service.program?.isNode === true && listeners(service).length > 0;

/** `/run/systemd/notify:notify` as its parts. */
function openFiles(unit: LoadedUnit): { setting: Setting; path: string; name: string; options: string }[] {
  return valuesOf(unit, "Service", "OpenFile").map((setting) => {
    const [path = "", name = "", ...options] = setting.value.split(":");
    return { setting, path, name: name || path.slice(path.lastIndexOf("/") + 1), options: options.join(":") };
  });
}

const isNotifySocket = (path: string): boolean => path.endsWith("/systemd/notify");

/** The assignments that set a variable, without it; what systemd cannot read to its end stays as it is. */
function withoutVariable(unit: LoadedUnit, name: string): FileEdit[] {
  return valuesOf(unit, "Service", "Environment").flatMap((setting) => {
    const { words, written, problem } = wordsOf(setting.value);
    const kept = written.filter((_, index) => !words[index]!.startsWith(`${name}=`));
    if (problem !== undefined || kept.length === words.length) return [];
    return kept.length === 0 ? replaced(setting) : replaced(setting, kept.join(" "));
  });
}

/** The ports that the program is told to listen on by itself. */
function ownPorts({
  unit,
  program,
  environment,
}: ServiceSubject): { port: string; at: Setting; edits: FileEdit[] }[] {
  const variable = environment.get("PORT");
  const words = program?.words ?? [];
  const told = words.findIndex((word) => /^--port(?:=\d+)?$/.test(word));
  const port = told < 0 ? undefined : (words[told]!.split("=")[1] ?? words[told + 1]);
  return [
    ...(variable !== undefined && /^\d+$/.test(variable.value)
      ? [{ port: variable.value, at: variable.setting, edits: withoutVariable(unit, "PORT") }]
      : []),
    ...(port !== undefined && /^\d+$/.test(port) ? [{ port, at: program!.setting, edits: [] }] : []),
  ];
}

/** The user that it runs as; root where nothing is said. */
function runsAsRoot({ unit, user }: ServiceSubject): boolean {
  if (user || isTrue(unit, "DynamicUser")) return false;
  return /^(?:root|0)?$/.test(inService(unit, "User")?.value ?? "");
}

const placesOf = ({ unit, program }: ServiceSubject) => ({
  exec: program?.words,
  workingDirectory: inService(unit, "WorkingDirectory")?.value.replace(/^-/, ""),
});

/** The codes of these rules. */
export type ServiceCode =
  | "exec-missing"
  | "exec-several"
  | "exec-relative"
  | "requires-missing"
  | "start-limit"
  | "sockets-missing"
  | "notify-wrapped"
  | "notify-unheard"
  | "notify-blocked"
  | "open-file-path"
  | "open-file-name"
  | "notify-access-all"
  | "idle-restart"
  | "restart-always"
  | "home-hidden"
  | "temporary-hidden"
  | "exec-launcher"
  | "exec-shell"
  | "exec-env"
  | "jit-killed"
  | "system-call-kills"
  | "user-root"
  | "port-twice"
  | "port-privileged"
  | "variable-reserved"
  | "names-missing"
  | "enabled-at-boot"
  | "also-missing"
  | "kill-mode"
  | "stop-timeout"
  | "standard-input-socket"
  | "pid-namespace"
  | "type-unfit";

export const serviceRules: Readonly<Record<ServiceCode, Rule<ServiceSubject>>> = {
  "exec-missing": {
    severity: "error",
    why: "systemd refuses a service without a program.",
    man: "systemd.service(5)",
    find: ({ unit }) =>
      valuesOf(unit, "Service", "ExecStart").length > 0 ||
      inService(unit, "Type")?.value === "oneshot" ||
      valueOf(unit, "Unit", "SuccessAction") !== undefined
        ? []
        : [
            {
              at: headerOf(unit, "Service"),
              message: "ExecStart= is missing",
              fix: "ExecStart= with the program's absolute path",
            },
          ],
  },
  "exec-several": {
    severity: "error",
    why: "systemd refuses several programs but for Type=oneshot. A drop-in that is to replace the program begins with an empty ExecStart=.",
    man: "systemd.service(5)",
    find: ({ unit }) => {
      if (inService(unit, "Type")?.value === "oneshot") return [];
      const settings = valuesOf(unit, "Service", "ExecStart");
      const setting = settings.at(-1);
      const commands = settings.flatMap(({ value }) => commandsOf(value, unit.name).commands);
      return setting === undefined || commands.length < 2
        ? []
        : [
            {
              at: setting,
              message: `there are ${commands.length} programs`,
              fix: "an empty ExecStart= on the line before the one that is meant",
              edits: settings.length > 1 ? [replaced(setting, "", setting.value)] : [],
            },
          ];
    },
  },
  "exec-relative": {
    severity: "warning",
    why: "systemd looks in folders of its own, /usr/local/bin and /usr/bin among them: it may find another program than a shell does, or none.",
    man: "systemd.service(5)",
    find: ({ program }) =>
      program?.isNode !== true || program.launcher !== undefined || program.command.path.startsWith("/")
        ? []
        : [
            {
              at: program.setting,
              message: `${program.command.path} has no path`,
              fix: `what \`command -v ${program.command.path}\` prints`,
            },
          ],
  },
  "requires-missing": {
    severity: "warning",
    why: "Started by hand or at boot, the service does not get its socket, and may take the port itself.",
    man: "systemd.socket(5)",
    find: (service) => {
      const { unit } = service;
      const pulled = new Set([
        ...namesIn(unit, "Unit", "Requires", "BindsTo", "Requisite", "Wants").map(({ name }) => name),
        ...namesIn(unit, "Service", "Sockets").map(({ name }) => name),
      ]);
      const after = new Set(namesIn(unit, "Unit", "After").map(({ name }) => name));
      return listeners(service)
        .filter((socket) => !namesIn(socket.unit, "Unit", "BindsTo").some(({ name }) => name === unit.name))
        .map((socket) => socket.unit.name)
        .filter((name) => !pulled.has(name))
        .map((name) => ({
          at: headerOf(unit, "Unit"),
          message: `it does not require ${name}`,
          fix: `Requires=${name} and After=${name}`,
          // Another program may do without its socket, and then is not to fail with it.
          edits:
            service.program?.isNode === true
              ? [
                  added(unit, "Unit", "Requires", name),
                  ...(after.has(name) ? [] : [added(unit, "Unit", "After", name)]),
                ]
              : [],
        }));
    },
  },
  "start-limit": {
    severity: "warning",
    why: "After five starts within ten seconds, in a crash loop for instance, the socket fails too, and the port is closed until somebody starts it.",
    man: "systemd.unit(5)",
    find: (service) => {
      const { unit, program } = service;
      const set = ["StartLimitIntervalSec", "StartLimitInterval", "StartLimitBurst"].some(
        (key) => valueOf(unit, "Unit", key) ?? valueOf(unit, "Service", key),
      );
      if (set || listeners(service).length === 0) return [];
      if (restarts(unit) === "no" && program?.isNode !== true) return [];
      return [
        {
          at: headerOf(unit, "Unit"),
          message: "the default start limit holds",
          fix: "StartLimitIntervalSec=0",
          edits: [added(unit, "Unit", "StartLimitIntervalSec", "0")],
        },
      ];
    },
  },
  "sockets-missing": {
    severity: "warning",
    why: "A service is passed the sockets that start it; those that start another instance of it, or are not up, only if Sockets= names them.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit } = service;
      const named = namesIn(unit, "Service", "Sockets").map(({ name }) => name);
      const pulled = namesIn(unit, "Unit", "Requires", "BindsTo", "Wants").map(({ name }) => name);
      const isTemplate = unitNameParts(unit.name).instance === "";
      // An instance of a socket starts the same instance of the service.
      const own = listeners(service).filter((socket) => unitNameParts(socket.unit.name).instance !== "");
      const missing = own
        .map((socket) => socket.unit.name)
        .filter(
          (name) => !named.includes(name) && (isTemplate || (own.length > 1 && !pulled.includes(name))),
        );
      return missing.map((name) => ({
        at: headerOf(unit, "Service"),
        message: isTemplate
          ? `other instances are not passed ${name}`
          : `${name} is passed only if it happens to be up`,
        fix: `Sockets=${name}`,
        edits:
          service.program?.isNode === true
            ? [added(unit, "Service", "Sockets", name.replaceAll("\\", "\\\\"))]
            : [],
      }));
    },
  },
  "notify-wrapped": {
    severity: "error",
    why: "Only the main process may notify, and that is the shell or the package manager: the start never ends, and times out.",
    man: "systemd.service(5)",
    find: ({ unit, program }) => {
      if (!notifies(unit) || program === undefined || inService(unit, "NotifyAccess")?.value === "all")
        return [];
      const { launcher, script, name } = program;
      return launcher === undefined && (script === undefined || /\bexec\s/.test(script))
        ? []
        : [
            {
              at: program.setting,
              message: `Type=notify, and ${launcher ?? name} is the main process`,
              fix: "the program itself in ExecStart=",
            },
          ];
    },
  },
  "notify-unheard": {
    severity: "warning",
    why: "Node cannot send to NOTIFY_SOCKET by itself. OpenFile= passes it the socket; a helper such as systemd-notify needs NotifyAccess=all.",
    man: "systemd.service(5)",
    find: ({ unit, program, user }) =>
      !notifies(unit) ||
      program?.isNode !== true ||
      inService(unit, "NotifyAccess")?.value === "all" ||
      openFiles(unit).length > 0
        ? []
        : [
            {
              at: inService(unit, "Type")!,
              message: "it has no way to say that it is ready",
              fix: user
                ? "OpenFile=/run/user/<uid>/systemd/notify:notify"
                : "OpenFile=/run/systemd/notify:notify",
            },
          ],
  },
  "notify-blocked": {
    severity: "error",
    why: "A notification goes over a unix socket, which the service may not make: the start never ends, and times out.",
    man: "systemd.exec(5)",
    find: ({ unit }) => {
      const families = valuesOf(unit, "Service", "RestrictAddressFamilies");
      const last = families.at(-1);
      if (!notifies(unit) || last === undefined || openFiles(unit).length > 0) return [];
      const allowed = families.every(({ value }) => value.startsWith("~"))
        ? !families.some(({ value }) => value.includes("AF_UNIX"))
        : families.some(({ value }) => /^(?!~).*\bAF_UNIX\b/.test(value));
      return allowed
        ? []
        : [
            {
              at: last,
              message: `Type=notify with RestrictAddressFamilies=${last.value}`,
              fix: "AF_UNIX among them, or OpenFile=",
              edits: [replaced(last, last.value === "none" ? "AF_UNIX" : `${last.value} AF_UNIX`)],
            },
          ];
    },
  },
  "open-file-path": {
    severity: "error",
    why: "OpenFile= expands no specifiers, and the service manager that started the service listens at a path of its own: /run/systemd/notify, a user's at /run/user/<uid>/systemd/notify.",
    man: "systemd.service(5)",
    find: ({ unit, user }) =>
      openFiles(unit)
        .filter(({ path }) => isNotifySocket(path))
        .filter(
          ({ path }) =>
            !(user ? /^\/run\/user\/\d+\/systemd\/notify$/ : /^\/run\/systemd\/notify$/).test(path),
        )
        .map(({ setting, path, options }) => ({
          at: setting,
          message: `${path} is not the socket of its service manager`,
          fix: user ? "/run/user/<uid>/systemd/notify:notify" : "/run/systemd/notify:notify",
          // What does not begin with / counts for nothing, and must not begin to count.
          edits:
            user || !path.startsWith("/")
              ? []
              : [replaced(setting, ["/run/systemd/notify", "notify", options].join(":").replace(/:$/, ""))],
        })),
  },
  "open-file-name": {
    severity: "warning",
    why: "The app knows the socket for notifications by the name notify, and takes one of another name for a listener.",
    man: "systemd.service(5)",
    find: ({ unit }) =>
      openFiles(unit)
        .filter(({ path, name }) => isNotifySocket(path) && name !== "notify")
        .map(({ setting, path, name }) => ({
          at: setting,
          message: `the socket for notifications is named ${name}`,
          fix: `${path}:notify`,
        })),
  },
  "notify-access-all": {
    severity: "info",
    why: "Any process of the service may speak for it; with OpenFile= the main process does so itself.",
    man: "systemd.service(5)",
    find: ({ unit }) => {
      const setting = inService(unit, "NotifyAccess");
      return setting?.value !== "all" || !openFiles(unit).some(({ path }) => isNotifySocket(path))
        ? []
        : [
            {
              at: setting,
              message: "NotifyAccess=all with OpenFile=",
              fix: "NotifyAccess=main",
              edits: [replaced(setting, "main")],
            },
          ];
    },
  },
  "idle-restart": {
    severity: "warning",
    why: "A service that has put itself to sleep is started again at once.",
    man: "systemd.service(5)",
    find: ({ unit, environment }) => {
      const idle = environment.get("SOCKACT_IDLE_TIMEOUT");
      return idle === undefined || !/^(?:always|on-success)$/.test(restarts(unit))
        ? []
        : [
            {
              at: inService(unit, "Restart")!,
              message: `Restart=${restarts(unit)} with SOCKACT_IDLE_TIMEOUT=${idle.value}`,
              fix: "Restart=on-failure",
              edits: [changed(unit, "Service", "Restart", "on-failure")],
            },
          ];
    },
  },
  "restart-always": {
    severity: "info",
    why: "A socket starts its service when there is something to do; an exit with 0 needs no restart.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "Restart");
      const idles = service.environment.has("SOCKACT_IDLE_TIMEOUT");
      return setting?.value !== "always" || idles || !isActivatedNode(service)
        ? []
        : [
            {
              at: setting,
              message: "Restart=always with a socket",
              fix: "Restart=on-failure",
              edits: [replaced(setting, "on-failure")],
            },
          ];
    },
  },
  "home-hidden": {
    severity: "error",
    why: "ProtectHome= hides /home, /root and /run/user: the program, or what it is to run, is not found.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "ProtectHome");
      const hides = truthOf(setting?.value) === true || setting?.value === "tmpfs";
      return setting === undefined || !hides || !liesInHome(placesOf(service))
        ? []
        : [
            {
              at: setting,
              message: `ProtectHome=${setting.value}, and the program lies in a home`,
              fix: "ProtectHome=read-only, or the app and Node under /srv, /opt or /usr",
              edits: [replaced(setting, "read-only")],
            },
          ];
    },
  },
  "temporary-hidden": {
    severity: "error",
    why: "PrivateTmp=, which DynamicUser= brings along, gives the service folders /tmp and /var/tmp of its own: what lies there is not found.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit } = service;
      const isPrivate =
        isTrue(unit, "DynamicUser") ||
        /^(?:1|y|yes|t|true|on|disconnected)$/i.test(inService(unit, "PrivateTmp")?.value ?? "");
      const { exec = [], workingDirectory } = placesOf(service);
      const place = [...exec, workingDirectory].find((path) => liesInTemporary(path));
      return !isPrivate || place === undefined
        ? []
        : [
            {
              at: service.program?.setting ?? headerOf(unit, "Service"),
              message: `${place} lies in a temporary folder`,
              fix: "put it under /srv or /opt",
            },
          ];
    },
  },
  "exec-launcher": {
    severity: "error",
    why: "A package manager, or a tool such as nodemon or pm2, runs the app as a child, which gets no sockets; nor does the app hear of SIGTERM in time.",
    man: "systemd.exec(5)",
    find: (service) =>
      !isActivatedNode(service) || service.program?.launcher === undefined
        ? []
        : [
            {
              at: service.program.setting,
              message: `${service.program.launcher} stands before the app`,
              fix: "ExecStart=/usr/bin/node with the app's file, which the start script in package.json names",
            },
          ],
  },
  "exec-shell": {
    severity: "warning",
    why: "The sockets are for the process that systemd starts, and that is the shell; many run the last command, too, as a child.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { program } = service;
      if (!isActivatedNode(service) || program?.script === undefined || program.launcher !== undefined)
        return [];
      return /\bexec\s/.test(program.script)
        ? []
        : [
            {
              at: program.setting,
              message: `${program.name} stands before the app`,
              fix: "node itself in ExecStart=, or `exec node …` in the shell",
            },
          ];
    },
  },
  "exec-env": {
    severity: "info",
    why: "env looks along a PATH of systemd's, which has neither nvm's nor Volta's folders.",
    man: "systemd.exec(5)",
    find: ({ program, environment }) =>
      program === undefined ||
      !program.command.path.endsWith("/env") ||
      !program.isNode ||
      program.words[0]!.startsWith("/") ||
      environment.has("PATH")
        ? []
        : [
            {
              at: program.setting,
              message: `env looks for ${program.name}`,
              fix: "Node's own path, as `command -v node` prints it",
            },
          ],
  },
  "jit-killed": {
    severity: "error",
    why: "V8 writes machine code while it runs: with MemoryDenyWriteExecute= Node dies at once, unless it is told --jitless.",
    man: "systemd.exec(5)",
    find: ({ unit, program, environment }) => {
      const setting = inService(unit, "MemoryDenyWriteExecute");
      const options = [
        ...(program?.words ?? []),
        ...(environment.get("NODE_OPTIONS")?.value.split(" ") ?? []),
      ];
      if (truthOf(setting?.value) !== true || program?.isNode !== true || options.includes("--jitless"))
        return [];
      return [
        {
          at: setting!,
          message: "MemoryDenyWriteExecute= with Node",
          fix: "take it out, or run node --jitless, which has no WebAssembly",
          edits: valuesOf(unit, "Service", "MemoryDenyWriteExecute").map((one) => replaced(one)),
        },
      ];
    },
  },
  "system-call-kills": {
    severity: "warning",
    why: "A system call that the filter has not kills the program, and Node tries some that it can do without, such as pkey_alloc.",
    man: "systemd.exec(5)",
    find: ({ unit, program }) => {
      const filter = valuesOf(unit, "Service", "SystemCallFilter")[0];
      return filter === undefined ||
        program?.isNode !== true ||
        inService(unit, "SystemCallErrorNumber") !== undefined
        ? []
        : [
            {
              at: filter,
              message: "SystemCallFilter= without SystemCallErrorNumber=",
              fix: "SystemCallErrorNumber=EPERM",
              edits: [added(unit, "Service", "SystemCallErrorNumber", "EPERM")],
            },
          ];
    },
  },
  "user-root": {
    severity: "warning",
    why: "With its sockets passed to it, an app needs no privilege at all.",
    man: "systemd.exec(5)",
    find: (service) => {
      const { unit, program } = service;
      const setting = inService(unit, "User");
      return program?.isNode !== true || !runsAsRoot(service)
        ? []
        : [
            {
              at: setting ?? headerOf(unit, "Service"),
              message:
                setting === undefined ? "it runs as root, since no user is named" : `User=${setting.value}`,
              fix: "DynamicUser=yes, or User= with an account of its own",
            },
          ];
    },
  },
  "port-twice": {
    severity: "warning",
    why: "The socket has the port: an app that opens it by itself fails (EADDRINUSE).",
    man: "systemd.socket(5)",
    find: (service) => {
      const taken = new Set(
        listeners(service).flatMap(({ addresses }) => addresses.map((address) => portOf(address)?.port)),
      );
      return ownPorts(service)
        .filter(({ port }) => taken.has(port))
        .map(({ port, at, edits }) => ({
          at,
          message: `port ${port} is the socket's`,
          fix: "take it out; the app listens on what it is passed",
          edits,
        }));
    },
  },
  "port-privileged": {
    severity: "error",
    why: "Ports below 1024 are root's (EACCES), unless the service has a capability or a socket unit that opens them for it.",
    man: "capabilities(7)",
    find: (service) => {
      const { unit } = service;
      if (runsAsRoot(service) || listeners(service).length > 0) return [];
      if (
        valuesOf(unit, "Service", "AmbientCapabilities").some(({ value }) =>
          value.includes("CAP_NET_BIND_SERVICE"),
        )
      )
        return [];
      return ownPorts(service)
        .filter(({ port }) => Number(port) > 0 && Number(port) < 1024)
        .map(({ port, at }) => ({
          at,
          message: `port ${port} without the right to it`,
          fix: `${unit.name.replace(/service$/, "socket")} with ListenStream=${port}, or AmbientCapabilities=CAP_NET_BIND_SERVICE`,
        }));
    },
  },
  "variable-reserved": {
    severity: "error",
    why: "What systemd tells the service in this variable is lost.",
    man: "systemd.exec(5)",
    find: ({ unit, environment }) =>
      [...environment]
        .filter(([name]) => ofSystemd.test(name))
        .map(([name, variable]) => ({
          at: variable.setting,
          message: `${name} is set by systemd`,
          fix: "take it out",
          edits: withoutVariable(unit, name),
        })),
  },
  "names-missing": {
    severity: "info",
    why: "By default a socket is named after its unit; an app tells several apart more plainly by names of their own.",
    man: "systemd.socket(5)",
    find: (service) => {
      const own = listeners(service);
      if (own.length < 2 || service.program?.isNode !== true) return [];
      return own
        .filter(({ unit }) => valueOf(unit, "Socket", "FileDescriptorName") === undefined)
        .map(({ unit }) => {
          const app = unitNameParts(service.unit.name).prefix;
          const name = unitNameParts(unit.name)
            .prefix.replace(`${app}-`, "")
            .replace(/[^\w.-]/g, "_");
          return {
            at: headerOf(unit, "Socket"),
            message: "one of several sockets, and without a name",
            fix: `FileDescriptorName=${name}`,
          };
        });
    },
  },
  "enabled-at-boot": {
    severity: "info",
    why: "Enabled beside its socket, the service starts at boot and not at the first connection.",
    man: "systemd.unit(5)",
    find: (service) =>
      !isActivatedNode(service)
        ? []
        : namesIn(service.unit, "Install", "WantedBy", "RequiredBy")
            .slice(0, 1)
            .map(({ name, setting }) => ({
              at: setting,
              message: `${setting.key}=${name} besides a socket`,
              fix: `take it out, and have Also=${listeners(service)[0]!.unit.name}, if it may wait for its first connection`,
            })),
  },
  "also-missing": {
    severity: "warning",
    why: "systemctl enable of the service does not enable its socket, and after the next boot that is up only while the service is.",
    man: "systemd.unit(5)",
    find: (service) => {
      const { unit } = service;
      if (!isActivatedNode(service) || !unit.settings.some(({ section }) => section === "Install")) return [];
      const also = namesIn(unit, "Install", "Also").map(({ name }) => name);
      return listeners(service)
        .map((socket) => socket.unit.name)
        .filter((name) => !also.includes(name))
        .map((name) => ({
          at: headerOf(unit, "Install"),
          message: `${name} is not enabled along`,
          fix: `Also=${name}`,
          edits: [added(unit, "Install", "Also", name.replaceAll("\\", "\\\\"))],
        }));
    },
  },
  "kill-mode": {
    severity: "warning",
    why: "Children live on when the service is stopped, and with them whatever sockets they hold.",
    man: "systemd.kill(5)",
    find: ({ unit, program }) => {
      const setting = inService(unit, "KillMode");
      const leaves = setting?.value === "none" || (setting?.value === "process" && program?.isNode === true);
      return setting === undefined || !leaves
        ? []
        : [
            {
              at: setting,
              message: `KillMode=${setting.value}`,
              fix: "KillMode=mixed, or leave it out",
            },
          ];
    },
  },
  "stop-timeout": {
    severity: "warning",
    why: "The kill cuts requests that the drain, of 10 seconds if SOCKACT_DRAIN_TIMEOUT says nothing else, would have waited for.",
    man: "systemd.service(5)",
    find: (service) => {
      const { unit, environment } = service;
      const told = environment.get("SOCKACT_DRAIN_TIMEOUT")?.value;
      const drain = told === undefined ? (isActivatedNode(service) ? 10_000 : undefined) : spanOf(told);
      const setting = inService(unit, "TimeoutStopSec") ?? inService(unit, "TimeoutSec");
      const stop = setting === undefined ? 90_000 : spanOf(setting.value);
      // 0 is no limit.
      if (drain === undefined || stop === undefined || stop === 0 || stop === Infinity || stop > drain)
        return [];
      const enough = drain === Infinity ? "infinity" : `${Math.ceil(drain / 1000) + 10}s`;
      return [
        {
          at: setting ?? environment.get("SOCKACT_DRAIN_TIMEOUT")!.setting,
          message: `it is killed after ${setting?.value ?? "90 seconds"}, and drains for ${told ?? "10 seconds"}`,
          fix: `TimeoutStopSec=${enough}`,
          edits: setting === undefined ? [added(unit, "Service", "TimeoutStopSec", enough)] : [],
        },
      ];
    },
  },
  "standard-input-socket": {
    severity: "error",
    why: "The socket comes as standard input, and no LISTEN_FDS tells of it: the app is not activated.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "StandardInput");
      return setting?.value !== "socket" || !isActivatedNode(service)
        ? []
        : [
            {
              at: setting,
              message: "StandardInput=socket without Accept=yes",
              fix: "take it out",
            },
          ];
    },
  },
  "pid-namespace": {
    severity: "warning",
    why: "systemd 257 tells the service the pid that it has outside (LISTEN_PID), and it takes no socket; and as process 1 it ignores SIGTERM unless it listens for it.",
    man: "systemd.exec(5)",
    find: (service) => {
      const setting = inService(service.unit, "PrivatePIDs");
      return truthOf(setting?.value) !== true || listeners(service).length === 0
        ? []
        : [
            {
              at: setting!,
              message: `PrivatePIDs=${setting!.value} with a socket`,
              fix: "take it out",
              edits: [replaced(setting!)],
            },
          ];
    },
  },
  "type-unfit": {
    severity: "error",
    why: "Node does not fork away, and does not end after its work: the start never ends, and times out or holds up others.",
    man: "systemd.service(5)",
    find: (service) => {
      const setting = inService(service.unit, "Type");
      return setting === undefined ||
        !/^(?:forking|oneshot)$/.test(setting.value) ||
        !isActivatedNode(service)
        ? []
        : [
            {
              at: setting,
              message: `Type=${setting.value} with a server`,
              fix: "Type=exec, or Type=notify if it says when it is ready",
            },
          ];
    },
  },
};
