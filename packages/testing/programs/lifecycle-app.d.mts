export const port: number;
export const isPlain: boolean;
export const options: {
  readonly onListen: () => Promise<void>;
  readonly onReload: () => Promise<void>;
  readonly onStop: () => Promise<void>;
};
export const routes: Readonly<Record<string, () => string | Promise<string>>>;
export function stopWithGrace(close: () => unknown): void;
