export declare class Lock implements Disposable {
  constructor(file: string);
  tryTake(): boolean;
  take(): void;
  [Symbol.dispose](): void;
}
