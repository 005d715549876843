import type { Bind } from "../../description/app.ts";
import type { UnitProblem } from "../../problems.ts";
import { oneOf } from "../../read/values/readers.ts";
import { capability } from "./capability.ts";
import { container } from "./container.ts";
import { proxy } from "./proxy.ts";
import { socket } from "./socket.ts";
import { refuseFields, type Way } from "./port-method.ts";

const ways: Record<Bind, Way> = { socket, capability, proxy };

const readBind = oneOf(Object.keys(ways));

/** The way that a description asks for; `socket` where what it asks for is none. */
export function wayOf(description: Record<string, unknown>, problems: UnitProblem[]): Way {
  const { bind = "socket" } = description;
  const [way = "socket"] = readBind(bind, "bind", problems) as [Bind?];
  if (way !== "proxy") {
    refuseFields(
      description,
      ["backend"],
      "",
      ["nothing stands before the service", "write bind: 'proxy', or leave it out"],
      problems,
    );
  }
  if (description.container === undefined) return ways[way];
  if (way !== "socket") {
    refuseFields(description, ["bind"], "", ["a container is passed its sockets", "leave it out"], problems);
  }
  return container;
}
