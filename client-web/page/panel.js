// The host's panel: the invitation, the round, the bots, and who plays. It is loaded where this browser holds the host's
// token of the match, goes and comes back with it, and does everything by the routes that any program may use. Text of
// others goes in as text only, never as HTML.

const id = location.pathname.split("/")[2];
const HOST = `starfray.host.${id}`;
const OPENED = `starfray.panel.${id}`;
const EVERY_MS = 1000;

// The seat of this tab, as the game says it.
const own = () => Number(document.body.dataset.seat);

// Some browsers refuse storage; then the game loads no panel.
const token = () => localStorage.getItem(HOST);

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

const ask = async (path, body) => {
  const held = token();
  const headers = { authorization: `Bearer ${held}` };
  if (body) headers["content-type"] = "application/json";
  const options = { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) };
  const answer = await fetch(`/api/matches/${id}${path}`, options);
  const json = await answer.json();
  if ([401, 403].includes(answer.status) || (answer.ok && path === "/host/transfer")) forget(held);
  if (!answer.ok) throw new Error(json.message);
  return json;
};

// The token is worth nothing any more. Another tab may have been given a new one meanwhile, and that one stays.
const forget = (held) => {
  if (token() === held) localStorage.removeItem(HOST);
  heed();
};

const note = make("p", { className: "note", role: "status" });
const say = (text, bad = false) => {
  note.textContent = text;
  note.classList.toggle("bad", bad);
};

// What a press does, and then the new picture.
const act = async (action, body = {}) => {
  try {
    await ask(`/host/${action}`, body);
    say("");
  } catch (error) {
    say(error.message, true);
  }
  await look();
};

// Keys belong to the game again after a press with the pointer; whoever walks the panel by keys keeps the place.
let by_keys = false;
const let_go = () => {
  if (!by_keys) document.activeElement?.blur();
};

const button = (text, press, properties = {}) => {
  const element = make("button", { className: "btn", type: "button", textContent: text, ...properties });
  element.addEventListener("click", () => {
    let_go();
    press();
  });
  return element;
};

// A press that cannot be taken back asks for a second one.
const sure = (text, press, label) => {
  const element = button(text, () => {
    if (element.dataset.sure) return press();
    element.dataset.sure = "1";
    element.textContent = "Sure?";
    setTimeout(() => {
      delete element.dataset.sure;
      element.textContent = text;
    }, 3000);
  }, { ariaLabel: label ?? text });
  return element;
};

const link = make("input", { className: "field", readOnly: true, ariaLabel: "Invite link" });
const copy = button("Copy link", async () => {
  try {
    await navigator.clipboard.writeText(link.value);
  } catch {
    const focused = document.activeElement;
    link.select();
    document.execCommand("copy");
    link.blur();
    focused?.focus();
  }
  copy.textContent = "Copied";
  setTimeout(() => { copy.textContent = "Copy link"; }, 1600);
}, { id: "panel-copy" });
const code = make("img", { src: `/api/matches/${id}/invite.svg`, alt: "QR code of the invite link" });
const send = make("p", { className: "note", textContent: "Send the link, or let friends scan it." });
const here = make("p", { className: "note bad" });

const title = make("h2", { textContent: "Your match" });
const phase = make("span", { className: "num" });
const start = button("Start", () => act("start"));
const pause = button("Pause", () => act("pause"));
const resume = button("Resume", () => act("resume"));
const rematch = button("Rematch now", () => act("rematch"));
const end = sure("End match", () => act("end"));
const bots = make("output", { ariaLabel: "Bots" });
const skill = make("select", { ariaLabel: "New bots play" },
  ...["Gently", "Well", "To win"].map((textContent, at) => make("option", { value: at + 1, textContent })));
const lock = button("", () => act(lock.dataset.act));
const maps = make("select", { ariaLabel: "Map" });
skill.addEventListener("change", let_go);
maps.addEventListener("change", async () => {
  let_go();
  await act("map", { map: maps.value });
  if (!note.textContent) say("The next round is there.");
});
const people = make("ul", { className: "people" });

const close = button("Close", () => show(false), { className: "btn quiet" });
const panel = make("aside", { className: "panel notice", id: "panel", ariaLabel: "Host" },
  make("header", {}, title, phase, close),
  make("div", { className: "invite" },
    code, make("div", {}, link, copy, send, here)),
  make("div", { className: "turns" }, start, pause, resume, rematch, lock, end),
  make("div", { className: "step num" },
    make("span", { textContent: "Bots" }), skill,
    button("−", () => act("remove_bot"), { ariaLabel: "Fewer bots", className: "" }), bots,
    button("+", () => act("add_bot", { skill: Number(skill.value) }), { ariaLabel: "More bots", className: "" })),
  make("label", { className: "step" }, make("span", { textContent: "Map" }), maps),
  note, people);
const opener = button("Host", () => show(!panel.classList.contains("on")), {
  className: "menu opener", id: "panel-open", ariaKeyShortcuts: "H",
});

const show = (on) => {
  panel.classList.toggle("on", on);
  opener.ariaExpanded = String(on);
  sessionStorage.setItem(OPENED, on ? "1" : "0");
  say("");
  if (on) look();
  else document.activeElement?.blur();
};

// The rights may go, and come back.
const heed = () => {
  opener.hidden = !token();
  if (opener.hidden && panel.classList.contains("on")) show(false);
};

const row = (player) => {
  const name = make("span", { className: "cut", textContent: player.name });
  const whom = { player_id: player.player_id };
  const side = player.team ? [button("Swap side", () => act("team", { ...whom, team: 3 - player.team }),
    { ariaLabel: `${player.name} to the other side` })] : [];
  if (player.player_id === own()) {
    return make("li", {}, name, make("span", { className: "st", textContent: "You host" }), ...side);
  }
  name.append(make("small", { className: "st num", textContent: player.connected ? player.score : "away" }));
  return make("li", {}, name, ...side,
    sure("Kick", () => act("kick", whom), `Kick ${player.name}`),
    sure("Ban", () => act("ban", whom), `Ban ${player.name}`),
    sure("Make host", () => act("transfer", whom), `Make ${player.name} the host`));
};

const WORDS = { lobby: "Warm-up", countdown: "Starting", playing: "Playing", paused: "Paused", results: "Results", ended: "Over" };
let shown = "";

const offer = async (settings) => {
  const { maps: all } = await (await fetch("/api/maps")).json();
  const fit = all.filter((map) => settings.mode !== "ctc" || map.teams);
  maps.replaceChildren(...fit.map((map) => make("option", { value: map.name, textContent: map.title })));
  maps.value = settings.map;
};

const draw = (match) => {
  // What is chosen and not yet played stays chosen.
  if (maps.dataset.map !== match.settings.map) {
    maps.dataset.map = match.settings.map;
    skill.value = match.settings.bot_skill;
    offer(match.settings);
  }
  title.textContent = match.name;
  const humans = match.players.filter((player) => !player.bot);
  phase.textContent = `${WORDS[match.phase] ?? ""}, ${humans.length} of ${match.settings.max_players}`;
  const only = (element, ...phases) => { element.hidden = !phases.includes(match.phase); };
  only(start, "lobby");
  only(pause, "playing");
  only(resume, "paused");
  only(rematch, "results");
  bots.textContent = match.players.length - humans.length;
  lock.textContent = match.locked ? "Unlock" : "Lock";
  lock.dataset.act = match.locked ? "unlock" : "lock";
  // A list that is the same stays, or a press that waits for its second one would be lost.
  const people_now = JSON.stringify(humans.map((p) => [p.player_id, p.name, p.score, p.connected, p.team, own()]));
  if (people_now === shown || people.querySelector("[data-sure]")) return;
  shown = people_now;
  const focused = document.activeElement?.ariaLabel;
  people.replaceChildren(...humans.map(row));
  if (focused) [...people.querySelectorAll("button")].find((b) => b.ariaLabel === focused)?.focus();
};

const look = async () => {
  try {
    draw(await ask(""));
  } catch (error) {
    say(error.message, true);
  }
};

const invite = await ask("/invite");
link.value = invite.play_url;
// What nobody else can open is nothing to be sent or scanned.
code.hidden = send.hidden = invite.only_here;
if (invite.only_here) {
  here.append("Only this computer can open it. Start the server with ", make("code", { textContent: "--listen 0.0.0.0:7777" }), " to let others in.");
}

const sheet = make("link", { rel: "stylesheet", href: "/panel.css" });
sheet.addEventListener("load", () => {
  document.querySelector("#hud .right").prepend(opener);
  document.body.append(panel);
  // Whoever has just hosted sees at once how to invite.
  show(sessionStorage.getItem(OPENED) !== "0");
  heed();
});
document.head.append(sheet);

panel.addEventListener("pointerdown", () => { by_keys = false; });
opener.addEventListener("pointerdown", () => { by_keys = false; });
document.getElementById("arena").addEventListener("pointerdown", () => {
  if (panel.contains(document.activeElement)) document.activeElement.blur();
});
// From the opener a Tab goes into the panel; anywhere else it is the game's.
opener.addEventListener("keydown", (event) => {
  if (event.code !== "Tab" || event.shiftKey || !panel.classList.contains("on")) return;
  by_keys = true;
  close.focus();
  event.preventDefault();
  event.stopPropagation();
});
addEventListener("keydown", (event) => {
  if (!token()) return;
  if (event.target instanceof HTMLInputElement && event.target !== link) return;
  if (event.code === "KeyH" && !event.ctrlKey && !event.metaKey && !event.altKey) {
    show(!panel.classList.contains("on"));
    if (panel.classList.contains("on")) opener.focus();
  }
  else if (event.code === "Escape" && panel.classList.contains("on")) {
    show(false);
    event.stopImmediatePropagation();
  }
}, { capture: true });
setInterval(() => {
  heed();
  if (panel.classList.contains("on") && !document.hidden) look();
}, EVERY_MS);
