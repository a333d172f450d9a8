// SPDX-License-Identifier: Apache-2.0
// The page asks the API and shows what it says. Text from accounts is only ever set as text, never as markup.
"use strict";

const refresh_ms = 5000;
let token = "";
let tab = "state";
let period = "day";
let timer = 0;
const at = (id) => document.getElementById(id);

async function ask(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: { authorization: "Bearer " + token, ...(body ? { "content-type": "application/json" } : {}) },
    body: body ? JSON.stringify(body) : undefined,
    cache: "no-store",
    credentials: "omit",
  });
  if (response.status === 204) return null;
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail || answer.title || "HTTP " + response.status);
  return answer;
}

function trouble(why) {
  at("trouble").textContent = why ? why.message || String(why) : "";
  at("trouble").hidden = !why;
}

/// Runs what may fail, and says how it failed.
async function attempt(work) {
  try {
    await work();
    trouble(null);
  } catch (why) {
    trouble(why);
  }
}

function element(name, text, more) {
  const out = document.createElement(name);
  if (text !== undefined && text !== null) out.textContent = text;
  return Object.assign(out, more || {});
}

function row(cells) {
  const out = element("tr");
  for (const cell of cells) {
    const place = element("td");
    if (cell instanceof Node) place.append(cell);
    else place.textContent = cell === null || cell === undefined ? "" : cell;
    out.append(place);
  }
  return out;
}

const when = (ms) => (ms ? new Date(ms).toISOString().replace("T", " ").slice(0, 16) + "Z" : "");

// ---- sections ----

const sections = {
  async state() {
    const state = await ask("GET", "/v1/state");
    const numbers = [
      ["Version", state.version], ["Accounts", state.accounts], ["Disabled", state.accounts_disabled],
      ["Devices", state.devices], ["Connected now", state.sessions], ["Groups", state.groups],
      ["Open reports", state.reports_open],
    ];
    at("numbers").replaceChildren(...numbers.filter(([, value]) => value !== undefined).map(([name, value]) => {
      const box = element("div");
      box.append(element("dt", name), element("dd", value));
      return box;
    }));
    // Those of one application do not see what all have together.
    at("counters").replaceChildren(...Object.entries(state.counters || {}).map(([name, value]) => row([name, value])));
    const { clients } = state.counters ? await ask("GET", "/v1/clients") : { clients: [] };
    at("clients").replaceChildren(...clients.map((one) => row([one.version, one.platform, one.devices])));
  },

  async availability() {
    const answer = await ask("GET", "/v1/availability?period=" + period);
    for (const button of at("periods").children)
      button.toggleAttribute("aria-current", button.dataset.period === period);
    at("ratio").textContent = answer.ratio === null ? "No record yet" : (answer.ratio * 100).toFixed(3) + " %";
    at("parts").replaceChildren(...answer.parts.filter((part) => part.seconds > 0).map((part) => {
      const share = part.served_s / part.seconds;
      const meter = element("meter", null, { min: 0, max: 1, low: 0.99, high: 0.999, optimum: 1, value: share });
      return row([when(part.from_ms), (share * 100).toFixed(2) + " %", meter, part.sessions_max]);
    }));
  },

  async accounts() {
    await offer_apps("account-app");
    at("account-rows").replaceChildren();
    await more_accounts("");
  },

  async reports() {
    at("report").hidden = true;
    const { reports } = await ask("GET", "/v1/reports");
    at("report-rows").replaceChildren(...reports.map((one) => {
      const look = element("button", "Show", { type: "button" });
      look.addEventListener("click", () => attempt(() => show_report(one.id)));
      const close = element("button", "Close", { type: "button" });
      close.addEventListener("click", () => attempt(async () => {
        const outcome = prompt("What was done?");
        if (!outcome) return;
        await ask("POST", "/v1/reports/" + one.id + "/close", { outcome });
        await sections.reports();
      }));
      const acts = element("span");
      acts.append(look, " ", close);
      const by = one.reporter + (one.by_client ? "" : " (taken down)");
      return row([one.id, when(one.created_ms), one.subject || "group " + one.conversation, by, one.reason, one.text, acts]);
    }));
  },

  async directory() {
    await offer_apps("directory-app");
    const app = of_app("directory-app");
    const { departments } = await ask("GET", "/v1/directory/departments" + (app.app ? "?" + new URLSearchParams(app) : ""));
    const names = new Map(departments.map((one) => [one.id, one.name]));
    at("department-rows").replaceChildren(...departments.map((one) => row([one.name, names.get(one.parent), one.members])));
    at("member-rows").replaceChildren();
    await more_members("", app, names);
  },

  async apps() {
    const { apps } = await ask("GET", "/v1/apps");
    at("app-rows").replaceChildren(...apps.map((one) => {
      const change = element("button", one.disabled_ms ? "Enable" : "Disable", { type: "button" });
      change.addEventListener("click", () => attempt(async () => {
        await ask("POST", "/v1/apps/" + encodeURIComponent(one.app) + (one.disabled_ms ? "/enable" : "/disable"));
        await sections.apps();
      }));
      const state = one.disabled_ms ? element("span", "disabled", { className: "bad" }) : one.registration_open ? "open" : "closed";
      const most = one.limits.accounts === null ? "" : " of " + one.limits.accounts;
      return row([one.app, element("code", one.key), one.accounts + most, one.sessions, state, change]);
    }));
  },

  async notices() {
    const { notices } = await ask("GET", "/v1/notices");
    at("notice-rows").replaceChildren(...notices.map((one) => {
      const back = element("button", "Withdraw", { type: "button", hidden: one.state !== "open" });
      back.addEventListener("click", () => attempt(async () => {
        await ask("DELETE", "/v1/notices/" + one.id);
        await sections.notices();
      }));
      return row([when(one.created_ms), one.state, one.to_all ? "all" : "some", one.title, back]);
    }));
  },

  async audit() {
    at("audit-rows").replaceChildren();
    await more_audit(null);
  },
};

/// The applications that there are, for a choice; whoever may not see them has the default one.
async function offer_apps(id) {
  const { apps } = await ask("GET", "/v1/apps").catch(() => ({ apps: [] }));
  const chosen = at(id).value;
  at(id).replaceChildren(element("option", "default", { value: "" }), ...apps.map((one) => element("option", one.app, { value: one.app })));
  at(id).value = apps.some((one) => one.app === chosen) ? chosen : "";
}
const of_app = (id) => (at(id).value ? { app: at(id).value } : {});

async function show_report(id) {
  const one = await ask("GET", "/v1/reports/" + id);
  at("report-title").textContent = "Report " + one.id + ": " + one.messages.length + " messages";
  at("report-messages").replaceChildren(...one.messages.map((message) =>
    row([when(message.sent_ms), message.from, message.text === null ? "(not shown)" : message.text])));
  at("report").hidden = false;
}

async function more_members(after, app, names) {
  const limit = 100;
  const { members } = await ask("GET", "/v1/directory/members?" + new URLSearchParams({ after, limit, ...app }));
  at("member-rows").append(...members.map((one) =>
    row([one.user, one.full_name, one.title, one.email, names.get(one.department), one.account ? "yes" : ""])));
  const button = at("more-members");
  button.hidden = members.length < limit;
  button.onclick = () => attempt(() => more_members(members[members.length - 1].user, app, names));
}

async function more_accounts(after) {
  const limit = 50;
  const { accounts } = await ask("GET", "/v1/accounts?" + new URLSearchParams({ search: at("begin").value, after, limit, ...of_app("account-app") }));
  at("account-rows").append(...accounts.map((one) => {
    const change = element("button", one.disabled_ms ? "Enable" : "Disable", { type: "button" });
    change.addEventListener("click", () => attempt(async () => {
      const path = "/v1/accounts/" + encodeURIComponent(one.user);
      if (one.disabled_ms) {
        await ask("POST", path + "/enable");
      } else {
        const reason = prompt("Disable " + one.user + ": why?");
        if (reason === null) return;
        await ask("POST", path + "/disable", { reason });
      }
      await sections.accounts();
    }));
    const state = one.disabled_ms ? element("span", "disabled: " + one.reason, { className: "bad" }) : one.online ? "connected" : "";
    return row([one.user, one.devices, when(one.seen_ms), state, change]);
  }));
  const button = at("more-accounts");
  button.hidden = accounts.length < limit;
  button.onclick = () => attempt(() => more_accounts(accounts[accounts.length - 1].user));
}

async function more_audit(before) {
  const limit = 50;
  const { records } = await ask("GET", "/v1/audit?" + new URLSearchParams(before ? { limit, before } : { limit }));
  at("audit-rows").append(...records.map((one) =>
    row([one.sequence, when(one.at_ms), one.actor + " (" + one.role + ")", one.verb, one.target, one.detail])));
  const button = at("more-audit");
  button.hidden = records.length < limit;
  button.onclick = () => attempt(() => more_audit(records[records.length - 1].sequence));
}

// ---- the page ----

async function show(name) {
  tab = name;
  for (const button of at("tabs").children) {
    button.toggleAttribute("aria-current", button.dataset.tab === tab);
    at(button.dataset.tab).hidden = button.dataset.tab !== tab;
  }
  clearInterval(timer);
  await attempt(sections[tab]);
  if (tab === "state") timer = setInterval(() => attempt(sections.state), refresh_ms);
}

at("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    token = at("token").value.trim();
    const { caller } = await ask("GET", "/v1/state");
    at("token").value = "";
    at("caller").textContent = caller.name + ", " + caller.role + (caller.app ? " of " + caller.app : "");
    at("who").hidden = false;
    at("door").hidden = true;
    at("inside").hidden = false;
    await show("state");
  });
});

at("leave").addEventListener("click", () => {
  token = "";
  location.reload();
});

for (const button of at("tabs").children) button.addEventListener("click", () => show(button.dataset.tab));
for (const button of at("periods").children)
  button.addEventListener("click", () => {
    period = button.dataset.period;
    attempt(sections.availability);
  });
at("search").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(sections.accounts);
});
at("account-app").addEventListener("change", () => attempt(sections.accounts));
at("directory-app").addEventListener("change", () => attempt(sections.directory));
at("add-app").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    await ask("POST", "/v1/apps", { app: at("app-name").value });
    at("app-name").value = "";
    await sections.apps();
  });
});
at("say").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const id = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
    await ask("POST", "/v1/notices", { id, to_all: true, title: at("title").value, text: at("text").value });
    at("title").value = at("text").value = "";
    await sections.notices();
  });
});
