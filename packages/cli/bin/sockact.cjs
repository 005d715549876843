#!/usr/bin/env node
// npm links commands when it installs, and dist is not there yet in a new clone of the repository.
require("../dist/sockact.cjs");
