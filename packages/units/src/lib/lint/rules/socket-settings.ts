import { valueOf, type LoadedUnit, type Setting } from "../../parse/load.ts";

export const inSocket = (unit: LoadedUnit, key: string): Setting | undefined => valueOf(unit, "Socket", key);

/** Whether clients connect to a file. */
export const isPath = ({ key, value }: Setting): boolean =>
  /^(?:\/|%t)/.test(value) && /^Listen(?!Special|FIFO)/.test(key);
