export declare class Lock implements Disposable {
  constructor(file: string);
  tryTake(kind: "shared" | "exclusive"): boolean;
  take(kind: "shared" | "exclusive"): void;
  [Symbol.dispose](): void;
}
