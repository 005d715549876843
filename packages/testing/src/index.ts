export { type ActivationOptions, socketActivate } from "./activated-process.ts";
export { adapterContract, type AdapterUnderTest } from "./adapter-contract.ts";
export { type AddressKind, freeAddress } from "./addresses.ts";
export { type AppProcess, type SpawnOptions, startProcess } from "./app-process.ts";
export {
  bootPrivateSystemd,
  type BootOptions,
  privateSystemdObstacle,
  whyNoPrivateSystemd,
} from "./boot-private-systemd.ts";
export { openSecurely, secureConnection } from "./clients.ts";
export { during, type Kinds, type Results, type Starting } from "./during.ts";
export { handoverContract, type HandoversUnderTest } from "./handover-contract.ts";
export {
  type HttpAnswer,
  httpRequest,
  openConnection,
  requestOver,
  type RequestOptions,
} from "./http-request.ts";
export { lifecycleContract, type LifecycleUnderTest } from "./lifecycle-contract.ts";
export { Load } from "./load.ts";
export type {
  AppRequest,
  AskedFor,
  BrowsersOptions,
  BrowsersResult,
  BusyOptions,
  Bytes,
  DownloadOptions,
  HostileOptions,
  HostileResult,
  IdleOptions,
  IdleResult,
  LoadAddress,
  LoadClients,
  LoadKind,
  LoadResult,
  Loads,
  OneLoad,
  Phase,
  ThinkingOptions,
  ThinkingResult,
  TogetherOptions,
  TogetherResult,
  Transfer,
  UploadOptions,
  WebSocketsOptions,
  WebSocketsResult,
} from "./loads.ts";
export { namesContract, type NamesUnderTest } from "./names-contract.ts";
export { describeObstacle, type Obstacle } from "./obstacle.ts";
export { PrivateSystemd } from "./private-systemd.ts";
export { restartContract, type RestartsUnderTest } from "./restart-contract.ts";
export type { CommandOptions, CommandResult, PrivateRequest, PrivateResponse } from "./agent-inside.ts";
export type { ContractRequirements, TestBody, TestHook, TestRunner } from "./test-runner.ts";
export type { ListenAddress } from "./raw-sockets.ts";
