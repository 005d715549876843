import type { Diagnosis, Found } from "../model/diagnosis.ts";
import { addLines } from "../fixes/commands.ts";
import { socketProperties } from "../facts/properties.ts";

/** Service= of a socket names another service than the one of the same name. */
export const socketStartsOther: Diagnosis = {
  code: "socket-starts-other",
  severity: "warning",
  title: "the socket starts a service of another name",
  why: "A socket starts the service of the same name, unless Service= names another one. Both services exist here, and connections reach only one of them.",
  looksAt: "`Triggers` of each socket unit, and whether a service of the socket's name exists.",
  remedy: "Correct `Service=` in the socket unit.",
  async find(subject) {
    const { host, service } = subject;
    const sockets = await subject.get(socketProperties);
    // The user may have named the service that its socket does not start.
    const own = service.replace(/\.service$/, ".socket");
    const pairs = sockets
      .map(({ unit }) => ({ socket: unit, named: unit.replace(/\.socket$/, ".service"), starts: service }))
      .filter(({ named, starts }) => named !== starts);
    if (!sockets.some(({ unit }) => unit === own)) {
      const [shown] = await host.manager.show([own], ["Triggers"]);
      const Triggers = shown?.Triggers ?? "";
      if (Triggers !== "" && Triggers !== service)
        pairs.push({ socket: own, named: service, starts: Triggers });
    }
    const found = pairs.map(async ({ socket, named, starts }): Promise<Found[]> => {
      const [state] = await host.manager.show([named], ["LoadState", "TriggeredBy"]);
      if (state?.LoadState !== "loaded" || state.TriggeredBy !== "") return [];
      return [
        {
          unit: socket,
          message: `${socket} starts ${starts}. ${named} exists too, but no socket starts it.`,
          evidence: [{ text: `Triggers=${starts}`, source: `${host.manager.systemctl} show ${socket}` }],
          fix: `If the socket should start ${named}, write that into the socket unit, or remove its line Service=. Otherwise remove ${named}.`,
          copy: addLines(host, socket, `Service=${named}`),
        },
      ];
    });
    return (await Promise.all(found)).flat();
  },
};
