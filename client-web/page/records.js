// What is left of rounds and of those who played them: leaderboards, players, results. These pages only ask the server
// and show tables and pictures, so they need none of the game. Text of others goes in as text only, never as HTML.

import { chart, heat, podium } from "/records.pictures.js";

// The game keeps both under the same names (src/web/storage.rs).
const KEY = "starfray.key";
const NAME = "starfray.name";
// A result may be asked for before it is written, and its replay before it is made.
const TRIES = 8;
const AGAIN_MS = 1500;
// Ends that are older than this have their replay, or none.
const FRESH_S = 90;

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
    const cells = add(body, "tr", { className: mine(row) ? "me" : row.team ? `t${row.team}` : "" });
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

const MODES = { ffa: "free for all", tdm: "team deathmatch", ctc: "capture the core" };
const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
const ordinal = (n) => {
  const ending = n % 100 > 10 && n % 100 < 14 ? "th" : ["th", "st", "nd", "rd"][n % 10] ?? "th";
  return `${n}${ending}`;
};
const soon = () => new Promise((ready) => setTimeout(ready, AGAIN_MS));

// The replay opens with the key of the address, if its match has a password.
const opening = () => {
  const key = new URLSearchParams(location.search).get("key");
  return key ? `?key=${encodeURIComponent(key)}` : "";
};
const findReplay = (id) => ask(`/api/replays/${id}${opening()}`).catch(() => null);

// What a replay says of a round that has no result, because only bots played it.
const resultOf = (replay) => {
  const [round] = replay.rounds.slice(-1);
  const known = new Map(replay.players.map((player) => [player.id, player]));
  const rows = round.results.map(([seat, score, deaths], at) => {
    const { name, bot } = known.get(seat) ?? { name: "Somebody", bot: false };
    return { place: at + 1, name, bot, team: round.teams?.[at], score, deaths, kills: null, account_id: null, rating_change: null };
  });
  const ended_at = Math.round(replay.ended_at_ms / 1000);
  const started_at = ended_at - Math.round(round.ended_ms / 1000);
  const { id, match_id, name, map, hello } = replay;
  const { team_scores } = round;
  return { id, match_id, name, map, mode: hello.mode, team_scores, whole: true, started_at, ended_at, rows, replay: true };
};

const findResult = async (id, tries) => {
  try {
    return await ask(`/api/results/${id}`);
  } catch (error) {
    if (error.code !== "result_not_found") throw error;
    const replay = await findReplay(id);
    if (replay) return resultOf(replay);
    if (tries <= 1) throw error;
    say("It is there a moment after the end of the round.");
    await soon();
    return findResult(id, tries - 1);
  }
};

// What the rows lack and the replay knows: the seat and the ship, and from the kills the longest row of them in one life.
const complete = (rows, replay) => {
  const [round] = replay.rounds.slice(-1);
  const free = replay.players.map((player) => {
    const [, score, deaths] = round.results.find(([seat]) => seat === player.id) ?? [];
    return { ...player, score, deaths };
  });
  for (const row of rows) {
    const same = (player) => player.name === row.name && player.bot === row.bot;
    let at = free.findIndex((player) => same(player) && player.score === row.score && player.deaths === row.deaths);
    if (at < 0) at = free.findIndex(same);
    if (at >= 0) Object.assign(row, { seat: free[at].id, hull: free.splice(at, 1)[0].hull });
  }
  const lives = new Map();
  for (const [, victim, by] of replay.kills) {
    const life = lives.get(by) ?? { kills: 0, now: 0, best: 0 };
    lives.set(by, { kills: life.kills + 1, now: life.now + 1, best: Math.max(life.best, life.now + 1) });
    if (lives.has(victim)) lives.get(victim).now = 0;
  }
  for (const row of rows) {
    if (row.seat === undefined) continue;
    row.streak = lives.get(row.seat)?.best ?? 0;
    row.kills ??= lives.get(row.seat)?.kills ?? 0;
  }
};

const part = (name, heading, note = "") => {
  const section = add(at("page"), "section", { className: name });
  const top = add(section, "h2", { textContent: heading });
  if (note) add(top, "span", { textContent: note });
  return section;
};

const acts = (found, playing) => {
  const row = add(main, "div", { className: "acts" });
  if (navigator.clipboard) {
    const share = add(row, "button", { className: "btn quiet", textContent: "Copy link" });
    const link = `${location.origin}${page("results", found.id)}${opening()}`;
    share.onclick = () => navigator.clipboard.writeText(link).then(() => (share.textContent = "Copied"));
  }
  if (found.replay) {
    const href = `${page("replay", found.id)}${opening()}`;
    add(row, "a", { className: "btn quiet", id: "again", textContent: "Watch it again", href });
  }
  const href = playing ? page("play", found.match_id) : "/";
  add(row, "a", { className: "btn go", textContent: playing ? "Play again" : "Play", href });
};

const scoreTable = (found, mine) => {
  const change = ({ rating_change: by }) => (by === null ? "" : `${by < 0 ? "−" : "+"}${Math.abs(by)}`);
  const section = add(at("page"), "section", { className: "tab" });
  const columns = [
    ["", "", (row) => row.place],
    ["Pilot", "name", pilot],
    ["Score", "r strong", (row) => row.score],
    ["Kills", "r", (row) => row.kills],
    ["Deaths", "r", (row) => row.deaths],
  ];
  if (found.rows.some((row) => row.streak !== undefined)) columns.push(["Streak", "r wide", (row) => row.streak]);
  if (found.rows.some((row) => row.rating_change !== null)) columns.push(["Rating", "r", change]);
  table(section, columns, found.rows, mine);
  const own = section.querySelector(".me");
  if (own && own.offsetTop > section.clientHeight) section.scrollTop = own.offsetTop - section.clientHeight / 2;
};

// The sides as the game calls and colours them, by number.
const SIDES = [null, "Azure", "Amber"];
const sideHeadline = ([azure, amber]) => {
  if (azure === amber) return `Level at ${azure}`;
  return `${azure > amber ? SIDES[1] : SIDES[2]} wins ${Math.max(azure, amber)} to ${Math.min(azure, amber)}`;
};

const drawResult = (found, replay, own, playing) => {
  document.querySelectorAll(".acts, .pod, .tab, .chart, .heat").forEach((element) => element.remove());
  const mine = (row) => own !== null && row.account_id === own.account_id;
  const me = found.rows.find(mine);
  if (replay) complete(found.rows, replay);
  head(found.team_scores ? sideHeadline(found.team_scores) : headline(found.rows));
  const came = me ? `You came ${ordinal(me.place)} of ${found.rows.length}. ` : "";
  const where = [...new Set([found.name, map(found.map)])].join(", ");
  const lasted = clock(found.ended_at - found.started_at);
  const mode = MODES[found.mode] ?? MODES.ffa;
  say(`${came}${where}, ${mode}, ${lasted}${found.whole ? "" : ", ended early"}. ${when(found.ended_at)}`);
  acts(found, playing);
  podium(add(at("page"), "ol", { className: "pod" }), found.rows.slice(0, 3));
  scoreTable(found, mine);
  if (!replay) return;
  const { arena } = replay.hello;
  const fell = replay.kills.length;
  const place = part("heat", "Where ships fell", `${fell} ${fell === 1 ? "death" : "deaths"}`);
  heat(place, { arena, name: map(found.map), kills: replay.kills, me: me?.seat });
  const [round] = replay.rounds.slice(-1);
  chart(part("chart", "Score over time"), { rows: found.rows, me, scores: replay.scores, ended_ms: round.ended_ms });
};

const result = async (id) => {
  document.body.classList.add("result");
  head("Results");
  let found = await findResult(id, TRIES);
  const key = stored(KEY);
  const [own, live] = await Promise.all([
    key && ask("/api/player", { key }).catch(() => null),
    ask("/api/matches").catch(() => ({ matches: [] })),
  ]);
  const playing = live.matches.some((one) => one.id === found.match_id && one.phase !== "ended");
  const show = async () => drawResult(found, found.replay ? await findReplay(found.id) : null, own || null, playing);
  await show();
  const others = await ask(`/api/results?limit=12&match=${encodeURIComponent(found.match_id)}`);
  if (others.results.length > 1) rounds("Rounds of this match", others.results);
  document.body.dataset.ready = "1";
  for (let left = TRIES; !found.replay && Date.now() / 1000 - found.ended_at < FRESH_S && left > 0; left -= 1) {
    await soon();
    found = await ask(`/api/results/${found.id}`);
    if (found.replay) await show();
  }
  if (!found.replay) add(main, "p", { className: "note", textContent: "Its replay is not kept, so there are no pictures." });
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
