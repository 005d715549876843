export { activatedSockets } from "./lib/read.ts";
export type { ActivatedSocket } from "./lib/classify.ts";
export { parseListenEnvironment, type ListenEnvironment } from "./lib/parse.ts";
export { listen, type Listening, type ListenOptions } from "./lib/listen.ts";
export type { TakeOptions } from "./lib/options.ts";
export { ActivationError, type ActivationErrorCode } from "./lib/errors.ts";
