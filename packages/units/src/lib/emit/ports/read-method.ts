import type { Bind } from "../../description/app.ts";
import type { UnitProblem } from "../../problems.ts";
import { oneOf } from "../../read/values/readers.ts";
import { capability } from "./capability.ts";
import { container } from "./container.ts";
import { proxy } from "./proxy.ts";
import { socket } from "./socket.ts";
import { refuseFields, type PortMethod } from "./port-method.ts";

const portMethods: Record<Bind, PortMethod> = { socket, capability, proxy };

const readBind = oneOf(Object.keys(portMethods));

/** Reads the port method that a description asks for. It is `socket` where `bind` names no method. */
export function readPortMethod(description: Record<string, unknown>, problems: UnitProblem[]): PortMethod {
  const { bind = "socket" } = description;
  const [method = "socket"] = readBind(bind, "bind", problems) as [Bind?];
  if (method !== "proxy") {
    refuseFields(
      description,
      ["backend"],
      "",
      ["nothing stands before the service", "write bind: 'proxy', or leave it out"],
      problems,
    );
  }
  if (description.container === undefined) return portMethods[method];
  if (method !== "socket") {
    refuseFields(description, ["bind"], "", ["a container is passed its sockets", "leave it out"], problems);
  }
  return container;
}
