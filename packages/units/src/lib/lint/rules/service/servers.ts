import { valuesOf } from "../../../parse/load.ts";
import type { Program } from "../../subjects/program.ts";
import type { Rule } from "../../findings/finding.ts";
import type { ServiceSubject } from "../../subjects/subjects.ts";
import { inService, listeners } from "./settings.ts";

/** Servers that open their own address unless an argument names a descriptor, and what to write instead. */
const ownAddress: Readonly<Record<string, { passed?: RegExp; instead: string }>> = {
  uvicorn: { passed: /^--fd(?:=|$)/, instead: "--fd 3, which is the first socket" },
  hypercorn: {
    passed: /fd:\/\/|^(?:-c|--config)(?:=|$)/,
    instead: "--bind fd://3, which is the first socket",
  },
  daphne: { passed: /^--fd(?:=|$)|^systemd:|^fd:/, instead: "--fd 3, which is the first socket" },
  "waitress-serve": { instead: "gunicorn, which uses passed sockets" },
  flask: { instead: "gunicorn, which uses passed sockets" },
  "http.server": { instead: "a server that uses passed sockets" },
};

/** The server in a command line: the program or a Python module. */
const serverIn = ({ name, words }: Program): string =>
  /^python[\d.]*$/.test(name) && words[1] === "-m" ? (words[2] ?? "") : name;

/** Programs that can only serve a connection on standard input. */
const filters = /^(?:cat|tee|rev|tac|tr|sort|date|hostname|uptime|who|in\.\w+)$/;

export type ServersCode = "sockets-unused" | "socket-file-removed" | "standard-input-missing";

/** Whether the program serves its passed sockets. */
export const serversRules: Readonly<Record<ServersCode, Rule<ServiceSubject>>> = {
  "sockets-unused": {
    severity: "error",
    why: "The server does not use sockets from systemd. It opens its own address, and fails if that is the address of the socket. Clients of the socket get no answer.",
    man: "systemd.socket(5)",
    find: (service) => {
      const { program } = service;
      const name = program === undefined ? "" : serverIn(program);
      const server = Object.hasOwn(ownAddress, name) ? ownAddress[name] : undefined;
      return program === undefined ||
        server === undefined ||
        listeners(service).length === 0 ||
        program.words.some((word) => server.passed?.test(word)) ||
        // UVICORN_FD, WERKZEUG_SERVER_FD
        [...service.environment.keys()].some((variable) => variable.endsWith("_FD"))
        ? []
        : [{ at: program.setting, message: `${name} does not use its socket`, fix: server.instead }];
    },
  },
  "socket-file-removed": {
    severity: "error",
    why: "systemd creates this file before the service starts. If it is removed, no client can connect, and the socket unit still counts as active.",
    man: "systemd.socket(5)",
    find: ({ unit, sockets }) => {
      const own = sockets
        .flatMap(({ addresses }) => addresses.map(({ value }) => value))
        .filter((path) => /^(?:\/|%t)/.test(path));
      return ["ExecStartPre", "ExecStartPost", "ExecStop", "ExecStopPost"]
        .flatMap((key) => valuesOf(unit, "Service", key))
        .filter(
          ({ value }) =>
            /(?:^|[\s/'"@+!:-])(?:rm|unlink)\s/.test(value) &&
            own.some((path) => value.split(/[\s'";]+/).includes(path)),
        )
        .map((setting) => ({
          at: setting,
          message: `${setting.key}= removes the file of the socket`,
          fix: "remove it: systemd removes an old file itself",
        }));
    },
  },
  "standard-input-missing": {
    severity: "error",
    why: "With Accept=yes, a program like this reads the connection from standard input. By default, standard input is /dev/null: the program exits at once, and the client gets nothing.",
    man: "systemd.exec(5)",
    find: ({ unit, sockets, program }) =>
      program === undefined ||
      !filters.test(program.name) ||
      !sockets.some(({ accepts }) => accepts) ||
      ["StandardInput", "StandardOutput"].some((key) => inService(unit, key) !== undefined)
        ? []
        : [
            {
              at: program.setting,
              message: `${program.name} without StandardInput=socket`,
              fix: [{ StandardInput: "socket" }],
              inDescription: { fix: "write inetd: true" },
            },
          ],
  },
};
