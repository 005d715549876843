// Functions of notify that core needs and apps do not. All copies of this code in a process share one state.
export { adoptDescriptor } from "../../notify/src/lib/adopted-descriptors.ts";
export { isMainThread } from "../../notify/src/lib/main-thread.ts";
export { milliseconds } from "../../notify/src/lib/duration.ts";
export { peerOf } from "../../notify/src/lib/peer.ts";
export { PREDECESSOR_VARIABLE, type Predecessor, predecessor } from "../../notify/src/lib/predecessor.ts";
export { serviceOfProcess } from "../../notify/src/lib/service-of-process.ts";
export { unitFilesOf } from "../../notify/src/lib/unit-files.ts";
