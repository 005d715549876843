/** setTimeout() for any time: `Infinity`, or more than a timer of Node can, is never. */
export function after(timeout: number, action: () => void): NodeJS.Timeout | undefined {
  return timeout < 2 ** 31 ? setTimeout(action, timeout) : undefined;
}
