"use strict";
// What several parts know about the process.
module.exports = {
  /** The first signal that asks for the end, and when it came. */
  stop: undefined,
  /** Whether a server listens. */
  isListening: false,
  /** Whether what is being made belongs to the witness. */
  isOwn: false,
  /** The number of responses under way. */
  underWay: () => 0,
};
