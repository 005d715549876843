import type { Bind } from "../../description/app.ts";
import type { UnitProblem } from "../../problems.ts";
import { oneOf } from "../../read/values/readers.ts";
import { capability } from "./capability.ts";
import { container } from "./container.ts";
import { proxy } from "./proxy.ts";
import { socket } from "./socket.ts";
import { reportFields, type PortMethod } from "./port-method.ts";

const portMethods: Record<Bind, PortMethod> = { socket, capability, proxy };

const readBind = oneOf(Object.keys(portMethods));

/** Reads the port method of a description. The default is `socket`. */
export function readPortMethod(description: Record<string, unknown>, problems: UnitProblem[]): PortMethod {
  const { bind = "socket" } = description;
  const [method = "socket"] = readBind(bind, "bind", problems) as [Bind?];
  if (method !== "proxy") {
    reportFields(
      description,
      ["backend"],
      "",
      ["there is no proxy", "without bind: 'proxy', the service has no proxy in front of it"],
      problems,
    );
  }
  if (description.container === undefined) return portMethods[method];
  if (method !== "socket") {
    reportFields(
      description,
      ["bind"],
      "",
      ["the sockets are passed to a container", "leave it out"],
      problems,
    );
  }
  return container;
}
