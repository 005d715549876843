import { statSync } from "node:fs";
import { dirname } from "node:path";
import { SOCKET_CHANGED } from "../../printed/systemd.ts";
import { shellWord } from "../../shared/shell-words.ts";
import { closedAddresses } from "../../systemd/closed-addresses.ts";
import { environment } from "../facts/files.ts";
import { journal, lastRun, quoted } from "../facts/journal.ts";
import { isUnusedOfVendor, serviceUnit, socketUnits, type Unit } from "../facts/units.ts";
import { addressesOf, listeningSockets } from "../facts/sockets.ts";
import { addLines, readJournal } from "../model/commands.ts";
import type { Diagnosis, Found } from "../model/diagnosis.ts";
import type { Subject } from "../model/subject.ts";

/** Whether all users may open what is in a folder. */
function isOpenToAll(folder: string): boolean {
  const mode = statSync(folder, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & 0o001) !== 0;
}

/** Socket units that do not listen, or do not start the service. */
export const sockets: readonly Diagnosis[] = [
  {
    code: "socket-inactive",
    severity: "error",
    title: "the socket is not started",
    why: "systemd listens only while the socket unit is active. Until then, clients are refused.",
    looksAt: "`ActiveState` of each socket unit.",
    remedy: "Run `systemctl enable --now` for the socket unit.",
    explains: ["not-enabled"],
    async find(subject) {
      const { systemctl } = subject;
      const inactive = (await subject.get(socketUnits)).filter(
        (socket) => socket.isLoaded && socket.state === "inactive" && !isUnusedOfVendor(socket),
      );
      return inactive.map((socket) => {
        const { unit, isConditionUnmet: isUnmet } = socket;
        const isEnabled = socket.get("UnitFileState").startsWith("enabled");
        return {
          unit,
          message: isUnmet
            ? `${unit} is not started, because a condition of the unit is not met.`
            : `${unit} is not started, so nothing listens on its addresses.`,
          evidence: socket.show("ActiveState", ...(isUnmet ? ["ConditionResult"] : [])),
          fix: isUnmet
            ? "Meet the condition, or remove it from the unit. Then start the socket."
            : "Start the socket.",
          copy: [
            ...(isUnmet ? [`systemctl cat ${unit}`] : []),
            isEnabled ? `${systemctl} start ${unit}` : `${systemctl} enable --now ${unit}`,
          ],
        };
      });
    },
  },
  {
    code: "socket-not-open",
    severity: "error",
    title: "the socket is active, but does not listen on its address",
    why: "If the addresses of a socket have changed while it was open, systemctl daemon-reload closes the old ones, and does not open the new ones. A process that runs still has the old ones. A start of the service gets no socket for the new ones, and an app may then listen on another port.",
    looksAt:
      "`ActiveState` and `Listen` of each socket unit, and the sockets that listen. In the journal: `Socket unit configuration has changed while unit has been running`, or what systemd 262 writes instead.",
    remedy: "Restart the socket unit and the service. `sockact restart` restarts both.",
    explains: ["port-taken", "socket-not-claimed", "app-warning"],
    async find(subject) {
      const listening = await subject.host.get(listeningSockets);
      const [all, lines] = await subject.all(socketUnits, journal);
      return all.flatMap((socket) => {
        const { unit } = socket;
        const properties = {
          ActiveState: socket.state,
          Listen: socket.get("Listen"),
          PrivateNetwork: socket.get("PrivateNetwork"),
          SocketProtocol: socket.get("SocketProtocol") || "0",
        };
        const closed = closedAddresses(properties, listening);
        if (closed.length === 0) return [];
        const said = lines.findLast((line) => line.unit === unit && SOCKET_CHANGED.test(line.message));
        return {
          unit,
          message: `${unit} is active, but nothing listens on ${closed.join(" and ")}. Its clients are refused.`,
          evidence: [...quoted([said]), ...closed.map((address) => socket.evidence(`Listen=${address}`))],
          fix: "Restart the socket unit, which opens the address. Its service restarts too.",
          copy: [
            subject.service.includes("@")
              ? `${subject.systemctl} restart ${unit}`
              : subject.command("restart"),
          ],
        };
      });
    },
  },
  {
    code: "not-enabled",
    severity: "warning",
    title: "the socket is not started at boot",
    why: "After the next boot, nothing listens.",
    looksAt: "`UnitFileState`, `WantedBy` and `RequiredBy` of each socket unit.",
    remedy: "Run `systemctl enable` for the socket unit.",
    async find(subject) {
      const [service, all] = await subject.all(serviceUnit, socketUnits);
      // An enabled service also starts the sockets that it requires.
      const isEnabled = service.get("UnitFileState") === "enabled";
      const started = isEnabled ? [...service.list("Requires"), ...service.list("Wants")] : [];
      return all
        .filter((socket) => {
          const state = socket.get("UnitFileState");
          const wanted = [...socket.list("WantedBy"), ...socket.list("RequiredBy")];
          return (
            socket.isLoaded &&
            /^(?:disabled|linked|linked-runtime|enabled-runtime)$/.test(state) &&
            (state === "enabled-runtime" || wanted.every((unit) => unit === subject.service)) &&
            !started.includes(socket.unit)
          );
        })
        .map((socket) => notEnabled(socket, service, subject));
    },
  },
  {
    code: "socket-failed",
    severity: "error",
    title: "the socket has failed",
    why: "systemd does not listen on a socket unit that has failed. Clients are refused.",
    looksAt: "`ActiveState` and `Result` of each socket unit, and its journal.",
    remedy:
      "Correct the error in the journal of the socket unit. Then start the unit with `systemctl start`.",
    explains: ["not-enabled"],
    async find(subject) {
      const [all, lines] = await subject.all(socketUnits, lastRun);
      const failed = all.filter((socket) => socket.state === "failed");
      return failed.map((socket) => {
        const { unit } = socket;
        const said = lines
          .filter((line) => line.unit === unit && /fail|refus|denied|unable|error/i.test(line.message))
          .slice(-4);
        return {
          unit,
          message: `${unit} has failed: ${socket.get("Result")}.`,
          evidence: [...socket.show("Result"), ...said.flatMap((line) => quoted([line]))],
          fix: "Correct the error in its journal, and start it again.",
          copy: [readJournal(subject, unit), `${subject.systemctl} start ${unit}`],
        };
      });
    },
  },
  {
    code: "socket-in-namespace",
    severity: "warning",
    title: "the socket listens in another network namespace",
    why: "A socket belongs to the network namespace in which it was opened, and only clients in that namespace can connect to it. PrivateNetwork= is harmless in the service, because systemd opens the socket outside.",
    looksAt: "`PrivateNetwork` and `NetworkNamespacePath` of each socket unit.",
    remedy: "Remove the line from the socket unit. The service may keep it.",
    async find(subject) {
      const { systemctl } = subject;
      return (await subject.get(socketUnits)).flatMap((socket) => {
        const { unit } = socket;
        const property =
          socket.get("NetworkNamespacePath") === "" ? "PrivateNetwork" : "NetworkNamespacePath";
        const isShared = property === "PrivateNetwork" && socket.get(property) !== "yes";
        // Unix sockets with a path are in no network namespace.
        if (isShared || !/^[^/]/m.test(socket.get("Listen"))) return [];
        return {
          unit,
          message: `${unit} listens in a separate network namespace. Clients outside of it can't connect.`,
          evidence: socket.show(property),
          fix: "Remove the line from the socket unit, and restart the socket.",
          copy: [`${systemctl} edit --full ${unit}`, `${systemctl} restart ${unit}`],
        };
      });
    },
  },
  {
    code: "socket-starts-other",
    severity: "warning",
    title: "the socket starts a service of another name",
    why: "A socket starts the service of the same name, unless Service= names another one. Both services exist here, and connections reach only one of them.",
    looksAt: "`Triggers` of each socket unit, and whether a service of the socket's name exists.",
    remedy: "Correct `Service=` in the socket unit.",
    async find(subject) {
      const { manager } = subject.host;
      const pairs = subject.sockets
        .map((socket) => ({
          socket,
          named: socket.replace(/\.socket$/, ".service"),
          starts: subject.service,
        }))
        .filter(({ named, starts }) => named !== starts);
      // The user may have named a service that its socket does not start.
      const own = subject.service.replace(/\.service$/, ".socket");
      if (!subject.sockets.includes(own)) {
        const [{ Triggers = "" } = {}] = await manager.show([own], ["Triggers"]);
        if (Triggers !== "" && Triggers !== subject.service)
          pairs.push({ socket: own, named: subject.service, starts: Triggers });
      }
      const found = pairs.map(async ({ socket, named, starts }) => {
        const [state] = await manager.show([named], ["LoadState", "TriggeredBy"]);
        if (state?.LoadState !== "loaded" || state.TriggeredBy !== "") return [];
        return {
          unit: socket,
          message: `${socket} starts ${starts}. ${named} exists too, but no socket starts it.`,
          evidence: [{ text: `Triggers=${starts}`, source: `${manager.systemctl} show ${socket}` }],
          fix: `If the socket should start ${named}, write that into the socket unit, or remove its line Service=. Otherwise remove ${named}.`,
          copy: addLines(subject, socket, `Service=${named}`),
        };
      });
      return (await Promise.all(found)).flat();
    },
  },
  {
    code: "client-forgeable",
    severity: "warning",
    title: "every user of this machine can claim to be any client",
    why: "With SOCKACT_TRUST_PROXY=yes, the app believes the addresses in X-Forwarded-For. So only the proxy may connect to the socket.",
    looksAt:
      "`SOCKACT_TRUST_PROXY` of the service, `SocketMode=` of each unix socket, and the mode of its folder.",
    remedy: "Write `SocketMode=0660` and `SocketGroup=` with the group of the proxy into the socket unit.",
    async find(subject) {
      const [variables, all] = await subject.all(environment, socketUnits);
      const trust = variables.findLast((variable) => variable.startsWith("SOCKACT_TRUST_PROXY="));
      if (!/=(?:1|y|yes|t|true|on)$/i.test(trust ?? "")) return [];
      return all.flatMap((socket) => {
        const isForAll = (Number.parseInt(socket.get("SocketMode"), 8) & 0o002) !== 0;
        const paths = addressesOf(socket).map(({ address }) => address);
        const open = paths.find((path) => path.startsWith("/") && isOpenToAll(dirname(path)));
        if (!isForAll || open === undefined) return [];
        return {
          unit: socket.unit,
          message: `Every user of this machine can connect to ${open}, and send requests in the name of any client.`,
          evidence: [
            ...socket.show("SocketMode"),
            { text: trust!, source: `the environment of ${subject.service}` },
          ],
          fix: "Let only the proxy connect. This is the group of Caddy and nginx on Debian.",
          copy: addLines(subject, socket.unit, "SocketMode=0660", "SocketGroup=www-data"),
        };
      });
    },
  },
];

function notEnabled(socket: Unit, service: Unit, { host, systemctl }: Subject): Found {
  const { unit } = socket;
  const etc = `/etc/systemd/${host.manager.user ? "user" : "system"}`;
  const isActive = socket.state === "active";
  const isOfThisBoot = socket.get("FragmentPath").startsWith("/run/");
  const files = isOfThisBoot ? [service, socket].map((each) => each.get("FragmentPath")) : [];
  return {
    unit,
    message: isOfThisBoot
      ? `${unit} is gone after the next boot: its file is in /run.`
      : socket.get("UnitFileState") === "enabled-runtime"
        ? `${unit} is enabled for this boot only.`
        : isActive
          ? `${unit} listens now, but is not enabled.`
          : `${unit} is neither started nor enabled.`,
    evidence: socket.show("UnitFileState", ...(isOfThisBoot ? ["FragmentPath"] : [])),
    fix: isOfThisBoot ? "Install it below /etc, and enable it." : "Enable it.",
    copy: [
      ...files.map((file) => `cp ${shellWord(file)} ${etc}/`),
      `${systemctl} enable ${isActive ? "" : "--now "}${unit}`,
    ],
  };
}
