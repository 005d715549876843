"use strict";
// Records what a file asks for.
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { record } = require("./record.cjs");

/**
 * A function that looks into asks/PID, and answers it once. The file has a name of `answers`, and a word that is part
 * of the answer.
 */
function obeyer(folder, answers) {
  const command = join(folder, "asks", `${process.pid}`);
  let obeyed = "";
  return () => {
    let text;
    try {
      text = readFileSync(command, "utf8");
    } catch {
      return;
    }
    if (text === obeyed) return;
    obeyed = text;
    const [what, asked] = text.split(" ");
    if (Object.hasOwn(answers, what)) record(what, { asked, ...answers[what]() });
  };
}

module.exports = { obeyer };
