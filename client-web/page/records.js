// What is left of rounds and of those who played them: leaderboards, players, results. These pages only ask the server
// and show tables, so they need none of the game. Text of others goes in as text only, never as HTML.

// The game keeps both under the same names (src/web/storage.rs).
const KEY = "starfray.key";
const NAME = "starfray.name";
// A result may be asked for before it is written.
const TRIES = 5;

const at = (id) => document.getElementById(id);
const [main, side, title, line] = ["main", "side", "title", "line"].map(at);

const add = (parent, tag, properties = {}) => {
  const child = Object.assign(document.createElement(tag), properties);
  parent.append(child);
  return child;
};

const say = (text, bad = false) => {
  line.textContent = text;
  line.classList.toggle("bad", bad);
};

const head = (text) => {
  title.textContent = text;
  document.title = `${text} · Starfray`;
};

// Some browsers refuse storage; then nothing is remembered.
const stored = (name) => {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
};

const ask = async (path, { method = "GET", key, body } = {}) => {
  const headers = {};
  if (key) headers.authorization = `Bearer ${key}`;
  if (body) headers["content-type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
  if (!response) throw new Error("The server does not answer.");
  if (response.status === 204) return null;
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.message), { code: answer.error });
  return answer;
};

const MAPS = { lattice: "Lattice", quarry: "Quarry", foundry: "Foundry", open: "Open" };
const map = (name) => MAPS[name] ?? name;
const when = (seconds) => new Date(seconds * 1000).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
const page = (kind, id) => `/${kind}/${encodeURIComponent(id)}`;
const shown = (value) => value ?? "–";

// A column is [head, classes, cell]; a cell is a text or number, or [text, address].
const table = (parent, columns, rows, mine = () => false) => {
  const whole = add(parent, "table");
  const top = add(add(whole, "thead"), "tr");
  for (const [name, classes] of columns) add(top, "th", { textContent: name, className: classes });
  const body = add(whole, "tbody");
  for (const row of rows) {
    const cells = add(body, "tr", { className: mine(row) ? "me" : "" });
    for (const [, classes, cell] of columns) {
      const [text, href] = [cell(row)].flat();
      const place = add(cells, "td", { className: classes });
      if (href) add(place, "a", { textContent: text, href });
      else place.textContent = shown(text);
    }
  }
};

const pilot = (row) => {
  const notes = [row.bot && "bot", row.left && "left"].filter(Boolean);
  const text = notes.length ? `${row.name} (${notes.join(", ")})` : row.name;
  return row.account_id ? [text, page("player", row.account_id)] : text;
};

const rounds = (heading, results) => {
  add(side, "h2", { textContent: heading });
  if (!results.length) {
    add(side, "p", { className: "note", textContent: "No public round has ended yet." });
    return;
  }
  const columns = [
    ["Ended", "", (result) => [when(result.ended_at), page("results", result.id)]],
    ["Map", "wide", (result) => map(result.map)],
    ["Winner", "name", (result) => result.winner],
  ];
  table(side, columns, results);
};

// Matches that have ended, to be watched again, where the server keeps them.
const replays = async () => {
  const { replays: kept } = await ask("/api/replays?limit=12");
  if (!kept.length) return;
  add(side, "h2", { textContent: "Watch again" });
  const columns = [
    ["Ended", "", (replay) => [when(replay.ended_at_ms / 1000), page("replay", replay.id)]],
    ["Match", "name", (replay) => replay.name],
    ["Minutes", "r", (replay) => (replay.length_ms / 60_000).toFixed(1)],
  ];
  table(side, columns, kept);
};

const leaderboard = async () => {
  const week = new URLSearchParams(location.search).get("period") === "week";
  head("Leaderboard");
  say(week ? "By score, in the last seven days." : "By rating, since the beginning.");
  const choice = add(main, "nav", { className: "seg" });
  add(choice, "a", { textContent: "All time", href: "/leaderboard", className: week ? "" : "on" });
  add(choice, "a", { textContent: "This week", href: "/leaderboard?period=week", className: week ? "on" : "" });
  const key = stored(KEY);
  const [board, latest, own] = await Promise.all([
    ask(`/api/leaderboard?limit=100&period=${week ? "week" : "all"}`),
    ask("/api/results?limit=12"),
    key && ask("/api/player", { key }).catch(() => null),
  ]);
  const rating = ["Rating", week ? "r wide" : "r strong", (row) => row.rating];
  const score = ["Score", week ? "r strong" : "r wide", (row) => row.score];
  const columns = [
    ["", "", (row) => row.place],
    ["Pilot", "name", pilot],
    rating,
    score,
    ["Wins", "r", (row) => row.wins],
    ["Rounds", "r wide", (row) => row.rounds],
    ["Deaths", "r wide", (row) => row.deaths],
  ];
  if (board.players.length) table(main, columns, board.players, (row) => own && row.account_id === own.account_id);
  else add(main, "p", { className: "note", textContent: "Nobody yet. Play a public round to its end to be the first." });
  rounds("Latest rounds", latest.results);
  await replays();
};

const headline = ([first, second]) => {
  if (!first) return "Results";
  if (!second) return `${first.name} was alone`;
  const lead = first.score - second.score;
  return lead > 0 ? `${first.name} wins by ${lead}` : `${first.name} and ${second.name} are level`;
};

const findResult = async (id, tries) => {
  try {
    return await ask(`/api/results/${id}`);
  } catch (error) {
    if (error.code !== "result_not_found" || tries <= 1) throw error;
    await new Promise((ready) => setTimeout(ready, 1000));
    return findResult(id, tries - 1);
  }
};

const result = async (id) => {
  head("Results");
  const found = await findResult(id, TRIES);
  head(headline(found.rows));
  const where = [...new Set([found.name, map(found.map)])].join(", ");
  const lasted = found.ended_at - found.started_at;
  const minutes = `${Math.floor(lasted / 60)}:${String(lasted % 60).padStart(2, "0")}`;
  say(`${where}, free for all, ${minutes}${found.whole ? "" : ", ended early"}. ${when(found.ended_at)}`);
  const change = ({ rating_change: by }) => (by === null ? "" : `${by < 0 ? "−" : "+"}${Math.abs(by)}`);
  const columns = [
    ["", "", (row) => row.place],
    ["Pilot", "name", pilot],
    ["Score", "r strong", (row) => row.score],
    ["Deaths", "r", (row) => row.deaths],
    ["Rating", "r", change],
  ];
  const key = stored(KEY);
  const own = key && (await ask("/api/player", { key }).catch(() => null));
  table(main, columns, found.rows, (row) => own && row.account_id === own.account_id);
  const others = await ask(`/api/results?limit=12&match=${encodeURIComponent(found.match_id)}`);
  rounds("Rounds of this match", others.results);
  await replays();
};

const player = async (id) => {
  const found = await ask(`/api/players/${id}`);
  head(found.name);
  say(`Plays here since ${when(found.created_at)}.`);
  const facts = add(main, "dl", { className: "facts" });
  for (const name of ["rating", "wins", "rounds", "kills", "deaths"]) {
    const fact = add(facts, "div");
    add(fact, "dt", { textContent: name[0].toUpperCase() + name.slice(1) });
    add(fact, "dd", { textContent: shown(found[name]) });
  }
  rounds("Latest rounds", found.results);
};

// A field with a name and a button; `act` gets the field's text and the button.
const field = (name, button, value, act) => {
  const form = add(main, "form");
  const label = add(form, "label", { className: "lab", textContent: name });
  const row = add(form, "div", { className: "linkrow" });
  const id = `field-${name.toLowerCase().replaceAll(" ", "-")}`;
  label.htmlFor = id;
  const input = add(row, "input", { className: "field", id, value, autocomplete: "off", spellcheck: false });
  const press = add(row, "button", { className: "btn", textContent: button });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    Promise.resolve(act(input.value.trim(), press)).catch((error) => say(error.message, true));
  });
  return input;
};

const account = async () => {
  head("Your account");
  const key = stored(KEY);
  const own = key && (await ask("/api/player", { key }).catch((error) => say(error.message)));
  if (!key) say("It begins with your first match in this browser.");
  if (own) {
    await player(own.account_id);
    const name = field("Name", "Save", own.name, async (text) => {
      const renamed = await ask("/api/player", { method: "POST", key, body: { name: text } });
      localStorage.setItem(NAME, renamed.name);
      location.reload();
    });
    name.maxLength = 16;
    const secret = field("Key", "Copy", key, (text, button) => {
      secret.type = "text";
      secret.select();
      // Without https there is no clipboard; the key is selected, to be copied by hand.
      return navigator.clipboard?.writeText(text).then(() => (button.textContent = "Copied"));
    });
    Object.assign(secret, { readOnly: true, type: "password" });
    const note = "Whoever has the key is you: it brings this account to another browser. A lost key cannot be had again.";
    add(secret.form, "p", { className: "note", textContent: note });
  }
  field("Use another key", "Use", "", async (text) => {
    const other = await ask("/api/player", { key: text });
    localStorage.setItem(KEY, text);
    localStorage.setItem(NAME, other.name);
    location.reload();
  });
  if (own) {
    const row = add(main, "div");
    const end = add(row, "button", { className: "btn", id: "delete-account", textContent: "Delete account" });
    end.addEventListener("click", () => {
      if (!end.dataset.sure) {
        end.dataset.sure = "1";
        end.textContent = "Press again: everything about you goes";
        return;
      }
      ask("/api/player", { method: "DELETE", key })
        .then(() => localStorage.removeItem(KEY))
        .then(() => location.reload())
        .catch((error) => say(error.message, true));
    });
  }
};

const [kind, id] = location.pathname.split("/").filter(Boolean);
const pages = { leaderboard, results: () => result(id), player: () => (id ? player(id) : account()) };
(pages[kind] ?? leaderboard)()
  .catch((error) => {
    if (!title.textContent) head("Starfray");
    say(error.message, true);
  })
  .finally(() => (document.body.dataset.ready = "1"));
