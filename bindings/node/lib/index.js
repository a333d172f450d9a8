// SPDX-License-Identifier: Apache-2.0
"use strict";
const { Client, GodwitError, checkHome, repairHome, version } = require("./client.js");
exports.Client = Client;
exports.GodwitError = GodwitError;
exports.checkHome = checkHome;
exports.open = Client.open;
exports.repairHome = repairHome;
exports.version = version;
