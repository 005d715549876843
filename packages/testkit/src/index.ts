export { type AppProcess, DEADLINE, startProcess, watchProcess } from "./app-process.ts";
export { type ActivationOptions, socketActivate, startWithFds } from "./activated-process.ts";
export { type AddressKind, freeAddress } from "./addresses.ts";
export { AppUnderLoad } from "./app-under-load.ts";
export { atEnd } from "./at-end.ts";
export { certificateOf } from "./certificates.ts";
export { openSecurely, secureConnection, webSocketAnswer } from "./clients.ts";
export { connectInside, datagramSocketInside } from "./connect-inside.ts";
export { during } from "./during.ts";
export {
  type HttpAnswer,
  httpRequest,
  openConnection,
  openRequest,
  readAnswer,
  requestOver,
} from "./http-request.ts";
export { askLibsystemd, type LibsystemdAnswer, type ListenVariables } from "./libsystemd.ts";
export {
  closeAll,
  type ListenAddress,
  portOf,
  rawEpoll,
  rawEventFd,
  rawPipe,
  rawSocket,
  rawSocketPair,
} from "./raw-sockets.ts";
export { bootPrivateSystemd, type BootOptions, whyNoPrivateSystemd } from "./boot-private-systemd.ts";
export { inside, Load, type LoadResult, type OneLoad } from "./load.ts";
export { randomFrom } from "./load/random.mjs";
export { installWhenChanged } from "./install-when-changed.ts";
export { npmProgram } from "./npm-program.ts";
export { PackedPackages } from "./packed-packages.ts";
export { PrivatePorts } from "./private-ports.ts";
export { PrivateSystemd } from "./private-systemd.ts";
export type { CommandOptions, CommandResult, PrivateRequest, PrivateResponse } from "./agent-inside.ts";
export {
  describeWith,
  type Missing,
  missingText,
  type Requirements,
  systemdVersion,
  whatIsMissing,
} from "./requires.ts";
export { type Spawn, typeCommands, type TypedCommands } from "./terminal.ts";
export { adapterContract, type AdapterUnderTest } from "./adapter-contract.ts";
export { appOptionContract, type AppOptionUnderTest } from "./app-option-contract.ts";
export { namesContract, type NamesUnderTest } from "./names-contract.ts";
export { SANDBOX, SANDBOXED_APP } from "./sandbox.ts";
export { preloading } from "./preload.ts";
export { handoverContract, type HandoversUnderTest } from "./handover-contract.ts";
export { restartContract, type RestartsUnderTest } from "./restart-contract.ts";
export { busyLoads, everyLoad, expectAllAnswered, report } from "./restart-loads.ts";
export { lifecycleContract, type LifecycleUnderTest } from "./lifecycle-contract.ts";
export { agentsContract, agentsContractByPreload } from "./agents-contract.ts";
export { unmodifiedAppsContract } from "./unmodified-apps-contract.ts";
