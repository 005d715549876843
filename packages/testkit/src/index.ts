import "./end-of-test.ts";

export * from "@sockact/testing";
export { agentsContract, agentsContractByPreload } from "./agents-contract.ts";
export { appOptionContract, type AppOptionUnderTest } from "./app-option-contract.ts";
export { connectInside, datagramSocketInside } from "./connect-inside.ts";
export { type Change, underLoad } from "./hosts-under-load.ts";
export { installRuntimes } from "./install-runtimes.ts";
export { installWhenChanged } from "./install-when-changed.ts";
export { askLibsystemd, type LibsystemdAnswer, type ListenVariables } from "./libsystemd.ts";
export { ManyHosts } from "./many-hosts.ts";
export { npmProgram } from "./npm-program.ts";
export { PackedPackages } from "./packed-packages.ts";
export { PrivatePorts } from "./private-ports.ts";
export {
  describeWith,
  type Missing,
  missingText,
  type Requirements,
  runner,
  whatIsMissing,
} from "./requires.ts";
export { roll } from "./roll.ts";
export { type Spawn, typeCommands, type TypedCommands } from "./terminal.ts";

// Parts of @sockact/testing that it does not publish.
export { startWithFds } from "../../testing/src/activated-process.ts";
export { DEADLINE, watchProcess } from "../../testing/src/app-process.ts";
export { AppUnderLoad } from "../../testing/src/app-under-load.ts";
export { atEnd } from "../../testing/src/at-end.ts";
export { certificateOf } from "../../testing/src/certificates.ts";
export { webSocketAnswer } from "../../testing/src/clients.ts";
export { openRequest, readAnswer } from "../../testing/src/http-request.ts";
export { preloading } from "../../testing/src/preload.ts";
export {
  closeAll,
  portOf,
  rawEpoll,
  rawEventFd,
  rawPipe,
  rawSocket,
  rawSocketPair,
} from "../../testing/src/raw-sockets.ts";
export { busyLoads, everyLoad, expectAllAnswered, report } from "../../testing/src/restart-loads.ts";
export { SANDBOX } from "../../testing/src/sandbox.ts";
export { systemdVersion } from "../../testing/src/systemd-version.ts";
export { randomFrom } from "../../testing/programs/load/random.mjs";
