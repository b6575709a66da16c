// The operator's page: the whole server, live, and what an operator may do about it. The word goes with each request as a
// bearer token and is kept in this tab alone; there is no cookie, so that no other page can act with it. What players
// call themselves goes in as text only, never as HTML.

const WORD = "starfray.operator";
const KEPT_SAMPLES = 120;
const SURE_MS = 4000;
const RETRY_MS = [500, 1000, 2000, 4000];
// A figure beyond the first is worth a look, beyond the second something is wrong.
const DURATION_MS = [10, 25];
const LATE_MS = [5, 16];

const at = (id) => document.getElementById(id);
// Some browsers refuse storage; then the word is asked for with each visit.
const stored = (change) => {
  try {
    return change(sessionStorage);
  } catch {
    return null;
  }
};
let word = stored((storage) => storage.getItem(WORD)) ?? "";
let reading = null;
const opened = new Set();
const samples = new Map();

const make = (tag, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
};
const cell = (text, className = "") => make("td", { className, textContent: text ?? "–" });

const bytes = (count) => {
  if (count < 1000) return `${Math.round(count)} B`;
  if (count < 1e6) return `${(count / 1e3).toFixed(1)} kB`;
  return `${(count / 1e6).toFixed(count < 1e7 ? 2 : 1)} MB`;
};
const ms = (value) => (value == null ? "–" : `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`);
const span = (s) => {
  const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
  return d ? `${d} d ${h} h` : h ? `${h} h ${m} min` : m ? `${m} min ${s % 60} s` : `${s} s`;
};
const sum = (values) => Object.values(values).reduce((all, value) => all + value, 0);

// --- Asking ---

const ask = async (path, { method = "GET", body, signal } = {}) => {
  const headers = { authorization: `Bearer ${word}` };
  if (body) headers["content-type"] = "application/json";
  const response = await fetch(path, { method, headers, signal, cache: "no-store", body: body && JSON.stringify(body) });
  if (response.ok) return response;
  const { message } = await response.json().catch(() => ({ message: `The server answers ${response.status}.` }));
  throw Object.assign(new Error(message), { status: response.status });
};

const tell = (text, bad = false) => {
  at("done").textContent = text;
  at("done").classList.toggle("bad", bad);
};

const act = async (what, path, options) => {
  try {
    const response = await ask(path, { method: "POST", ...options });
    const answer = response.status === 204 ? {} : await response.json();
    tell(typeof what === "function" ? what(answer) : what);
    return true;
  } catch (error) {
    tell(error.message, true);
    return false;
  }
};

// A button that ends something asks once more by changing itself; it takes no second press by accident.
const careful = (label, sure, done, className = "btn sm") => {
  const button = make("button", { type: "button", className, textContent: label });
  let until = 0;
  button.addEventListener("click", () => {
    const now = performance.now();
    const isSure = now < until;
    until = isSure ? 0 : now + SURE_MS;
    button.textContent = isSure ? label : sure;
    button.classList.toggle("sure", !isSure);
    if (isSure) return done();
    setTimeout(() => {
      if (performance.now() < until) return;
      button.textContent = label;
      button.classList.remove("sure");
    }, SURE_MS + 50);
  });
  return button;
};

// --- The figures ---

const tile = (name, value, { note = "", sample = null, limits = null } = {}) => {
  const known = samples.get(name) ?? [];
  if (sample != null) samples.set(name, [...known, sample].slice(-KEPT_SAMPLES));
  const level = limits && sample != null ? limits.filter((limit) => sample > limit).length : 0;
  const item = make("li", { className: ["", "warn", "bad"][level] });
  item.append(make("div", { className: "cap", textContent: name }), make("div", { className: "value", textContent: value }));
  if (note) item.append(make("div", { className: "note", textContent: note }));
  if (sample != null) item.append(line(samples.get(name)));
  return item;
};

const line = (values) => {
  const [width, height, top] = [KEPT_SAMPLES - 1, 28, Math.max(...values, 1e-9)];
  const points = values.map((value, i) => `${width - values.length + 1 + i},${(height - (value / top) * (height - 2) - 1).toFixed(1)}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const drawn = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  drawn.setAttribute("points", points.join(" "));
  svg.append(drawn);
  return svg;
};

const showTiles = ({ figures }) => {
  const { ticks } = figures;
  const [sent, received] = [sum(figures.sent_bytes_per_s), sum(figures.received_bytes_per_s)];
  at("tiles").replaceChildren(
    tile("Players", figures.players, { sample: figures.players, note: `${figures.matches} matches` }),
    tile("Connections", sum(figures.connections), { sample: sum(figures.connections) }),
    tile("Tick, 99 of 100", ms(ticks.duration_p99_ms), { sample: ticks.duration_p99_ms, limits: DURATION_MS, note: `half under ${ms(ticks.duration_p50_ms)}` }),
    tile("Late, 99 of 100", ms(ticks.lateness_p99_ms), { sample: ticks.lateness_p99_ms, limits: LATE_MS, note: `${ticks.skipped} ticks left out` }),
    tile("CPU of ticks", `${(ticks.cpu_cores * 100).toFixed(1)} %`, { sample: ticks.cpu_cores, note: `of one core, ${ticks.per_s.toFixed(0)} ticks/s` }),
    tile("Sent", `${bytes(sent)}/s`, { sample: sent, note: `${bytes(received)}/s received` }),
    tile("Snapshots", `${figures.snapshots_per_s.toFixed(0)}/s`, { sample: figures.snapshots_per_s, note: `${figures.snapshots_skipped_per_s.toFixed(0)}/s left out for slow links` }),
    tile("Refused", sum(figures.refused), { note: "since the start" }),
  );
};

const rows = (id, list, empty) =>
  at(id).replaceChildren(...(list.length ? list : [make("tr", {}, make("td", { className: "hint", colSpan: 8, textContent: empty }))]));

const showTables = ({ figures }) => {
  const names = Object.keys(figures.connections).filter((name) =>
    figures.connections[name] || figures.sent_bytes_per_s[name] || figures.received_bytes_per_s[name]);
  rows("transports", names.map((name) => make("tr", {}, cell(name), cell(figures.connections[name], "r"),
    cell(`${bytes(figures.sent_bytes_per_s[name] ?? 0)}/s`, "r"), cell(`${bytes(figures.received_bytes_per_s[name] ?? 0)}/s`, "r"))), "Nobody is connected.");
  const reasons = [...new Set([...Object.keys(figures.refused), ...Object.keys(figures.disconnected)])].sort();
  rows("reasons", reasons.map((reason) => make("tr", {}, cell(reason.replaceAll("_", " ")),
    cell(figures.refused[reason], "r"), cell(figures.disconnected[reason], "r"))), "Nothing was refused, no link has ended.");
};

// --- The matches. Rows are made once and filled again, so that a button stays where it is under the mouse. ---

const matchRows = new Map();

// Keeps one thing for each key of a list, in its order, below `parent`.
const keep = (parent, kept, list, keyOf, build) => {
  const wanted = list.map((entry) => {
    const key = keyOf(entry);
    if (!kept.has(key)) kept.set(key, build(entry));
    kept.get(key).fill(entry);
    return [key, kept.get(key).nodes];
  });
  const keys = new Set(wanted.map(([key]) => key));
  for (const key of [...kept.keys()]) if (!keys.has(key)) kept.delete(key);
  const nodes = wanted.flatMap(([, own]) => own);
  if (nodes.length !== parent.childNodes.length || nodes.some((node, i) => node !== parent.childNodes[i])) parent.replaceChildren(...nodes);
};

const person = (match) => (first) => {
  const base = `/admin/api/matches/${match.id}`;
  const whom = { player_id: first.player_id };
  let named = first.name;
  const cells = ["", "", "r", "r", "r", "r", "r"].map((className) => cell("", className));
  const banned = (answer) => `${named} may not come back; ${answer.removed} removed.`;
  const ban = (by) => async () => {
    if (await act(banned, `${base}/ban`, { body: { ...whom, by } })) showBans();
  };
  const byAddress = careful("Ban address", "Sure?", ban("address"));
  const byAccount = careful("Ban account", "Sure?", ban("account"));
  const buttons = make("td", { className: "r" },
    careful("Kick", "Sure?", () => act(`${named} was removed.`, `${base}/kick`, { body: whom })), byAddress, byAccount);
  return {
    nodes: [make("tr", {}, ...cells, buttons)],
    fill: ({ name, connected, address, account_id, net, score }) => {
      named = name;
      const figures = [name, address ?? "–", score, net?.rtt_ms == null ? "–" : `${net.rtt_ms} ms`,
        net ? net.missing_inputs + net.late_inputs : "–", net ? net.skipped_snapshots : "–", net ? `${bytes(net.bytes_per_s)}/s` : "–"];
      cells.forEach((one, i) => (one.textContent = figures[i]));
      cells[0].classList.toggle("off", !connected);
      if (!connected) cells[0].append(make("span", { className: "note", textContent: "connection lost" }));
      cells[3].classList.toggle("hot", net?.rtt_ms > 200);
      cells[4].classList.toggle("hot", net?.missing_inputs + net?.late_inputs > 15);
      cells[5].classList.toggle("hot", net?.skipped_snapshots > 15);
      byAddress.hidden = !address;
      byAccount.hidden = !account_id;
    },
  };
};

const HEADS = ["Player", "From", "Score", "Round trip", "Inputs lost", "Snapshots left out", "Sent", ""];

const matchRow = (first) => {
  const open = make("button", { type: "button", className: "open" });
  const note = make("span", { className: "note" });
  const cells = ["", "", "r", "r wide", "r wide", "r wide"].map((className) => cell("", className));
  const end = careful("End", "Sure?", () => act(`${first.name} ends.`, `/admin/api/matches/${first.id}/end`));
  const row = make("tr", { className: "match" }, make("td", {}, open, note), ...cells, make("td", { className: "r" }, end));
  const body = make("tbody");
  const heads = HEADS.map((text, i) => make("th", { textContent: text, className: i > 1 ? "r" : "" }));
  const more = make("p", { className: "hint" });
  const peopleRows = new Map();
  const people = make("tr", { className: "people" },
    make("td", { colSpan: 8 }, make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body), more));
  const fold = () => {
    open.setAttribute("aria-expanded", opened.has(first.id));
    people.hidden = !opened.has(first.id);
  };
  open.addEventListener("click", () => {
    if (!opened.delete(first.id)) opened.add(first.id);
    fold();
  });
  fold();
  return {
    nodes: [row, people],
    fill: (match) => {
      const { settings } = match;
      open.textContent = match.name;
      note.textContent = [match.kind, settings.visibility, settings.password && "password"].filter((text) => text && text !== "public" && text !== "hosted").join(", ");
      const left = match.phase_left_s == null ? "" : `, ${match.phase_left_s} s`;
      const texts = [settings.map, `${match.phase}${left}`, `${match.connected} of ${settings.max_players}`, match.bots, match.watching, `${bytes(match.bytes_per_s)}/s`];
      cells.forEach((one, i) => (one.textContent = texts[i]));
      keep(body, peopleRows, match.players, (one) => one.player_id, person(match));
      more.textContent = match.players_left_out ? `and ${match.players_left_out} more` : match.players.length ? "" : "Nobody sits here.";
    },
  };
};

const show = (state) => {
  at("about").textContent = `version ${state.version}, up ${span(state.uptime_s)}`;
  at("drain").disabled = state.draining;
  link(state.draining ? "The server is stopping" : "Live", state.draining ? "bad" : "ok");
  showTiles(state);
  showTables(state);
  keep(at("matches"), matchRows, state.matches, (match) => match.id, matchRow);
  for (const id of opened) if (!matchRows.has(id)) opened.delete(id);
  at("left-out").textContent = state.matches_left_out ? `and ${state.matches_left_out} more, with fewer people` : state.matches.length ? "" : "There are no matches.";
};

const showBans = async () => {
  const { bans } = await (await ask("/admin/api/bans")).json();
  rows("bans", bans.map((ban) => make("tr", {}, cell(ban.network ?? `account ${ban.account_id}`), cell(ban.reason || "–"),
    cell(ban.until ? new Date(ban.until * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }) : "for good"),
    make("td", { className: "r" }, careful("Take away", "Sure?", async () => {
      if (await act("The ban is no more.", `/admin/api/bans/${ban.id}`, { method: "DELETE" })) showBans();
    })))), "Nobody is banned.");
};

// --- The stream ---

const link = (text, className = "") => {
  at("link").textContent = text;
  at("link").className = `link ${className}`;
};

const wait = (time) => new Promise((done) => setTimeout(done, time));

async function* events(signal) {
  const response = await ask("/admin/events", { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const whole = text.split("\n\n");
    text = whole.pop();
    for (const event of whole) {
      const data = event.split("\n").find((one) => one.startsWith("data: "));
      if (event.startsWith("event: bye")) yield null;
      else if (data) yield JSON.parse(data.slice(6));
    }
  }
}

const follow = async () => {
  reading?.abort();
  const mine = (reading = new AbortController());
  let isGone = false;
  for (let tries = 0; !mine.signal.aborted; tries += 1) {
    try {
      if (tries === 0) link("Connecting");
      for await (const state of events(mine.signal)) {
        if (state && tries >= 0) showBans().catch(() => {});
        tries = -1;
        isGone = !state;
        if (state) show(state);
      }
    } catch (error) {
      if (error.status === 401) return enter("This is not the server's word.");
      if (error.status === 403 || error.status === 404) return enter(error.message);
    }
    if (mine.signal.aborted) return;
    link(isGone ? "The server has stopped, waiting for the next one" : "No answer, trying again", "bad");
    await wait(RETRY_MS[Math.min(Math.max(tries, 0), RETRY_MS.length - 1)] * (0.5 + Math.random() / 2));
  }
};

// --- Coming and going ---

const enter = (complaint = "") => {
  reading?.abort();
  word = "";
  stored((storage) => storage.removeItem(WORD));
  at("board").hidden = at("leave").hidden = true;
  at("enter").hidden = false;
  at("word-bad").textContent = complaint;
  at("about").textContent = "";
  link("Not connected");
  at("word").focus();
};

const begin = () => {
  at("enter").hidden = true;
  at("board").hidden = at("leave").hidden = false;
  follow();
};

at("word-form").addEventListener("submit", (event) => {
  event.preventDefault();
  word = at("word").value.trim();
  at("word").value = "";
  stored((storage) => storage.setItem(WORD, word));
  begin();
});
at("leave").addEventListener("click", () => enter());
at("say-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = (answer) => `Said in ${answer.matches} ${answer.matches === 1 ? "match" : "matches"}: ${answer.text}`;
  if (await act(said, "/admin/api/broadcast", { body: { text: at("say").value } })) at("say").value = "";
});
const drain = careful("Stop the server", "Really stop it?", () => act("The server stops: players are told how long they can play on.", "/admin/api/drain"), "btn bad");
drain.id = "drain";
at("drain").replaceWith(drain);

if (word) begin();
else enter();
