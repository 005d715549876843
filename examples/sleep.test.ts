// What an app that sleeps needs: few resources while it sleeps, and a short start.
import { expect } from "vitest";
import { testExamples } from "./lib/test-examples.ts";

testExamples({
  "scale-to-zero": {
    alone: {
      "answers on its own port, and when a connection starts it": ({ shown }) => {
        expect(shown.match(/I am awake/g)).toHaveLength(2);
      },
    },
    service: {
      "sleeps, and wakes with the next request": ({ shown }) => {
        expect(shown).toBe("");
      },
    },
  },
});
