// The pictures of a result: the podium, where ships fell, and the score over time. Each gets an element and plain data,
// fills it, and draws again when its size changes. Text of others goes in as text only.

// Half outlines of the ships by number, nose to the right (src/web/hulls.rs).
const HULLS = [
  [[1.02, 0], [-0.26, 0.84], [-0.9, 0.84], [-0.6, 0.32], [-0.74, 0]],
  [[1.28, 0], [0.2, 0.2], [-0.28, 0.66], [-0.86, 0.74], [-0.52, 0.26], [-0.72, 0]],
  [[0.3, 0], [0.42, 0.2], [1.08, 0.4], [0.16, 0.78], [-0.72, 0.56], [-0.5, 0]],
  [[0.8, 0], [0.76, 0.32], [0.26, 0.56], [0.06, 0.96], [-0.66, 0.9], [-0.82, 0.34], [-0.6, 0]],
];
const METALS = ["#ffd76a", "#c9d6ea", "#c98f62"];
const ME = "#7fe0ff";
// The lines of the chart by place: colour and dashes, since colour alone does not tell.
const LINES = [["#ffd76a", ""], ["#ff8b3d", "7 3"], ["#ff6488", "2 3"], ["#b3c0d5", "9 3 2 3"], ["#8493ae", ""]];
const NAME_MAX = 12;

const SVG = "http://www.w3.org/2000/svg";
const svg = (parent, tag, attributes, text = "") => {
  const child = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) child.setAttribute(name, value);
  child.textContent = text;
  parent.append(child);
  return child;
};

const add = (parent, tag, properties) => {
  const child = Object.assign(document.createElement(tag), properties);
  parent.append(child);
  return child;
};

const short = (name) => (name.length > NAME_MAX ? `${name.slice(0, NAME_MAX - 1)}…` : name);

// Draws now, and again whenever the element has another size.
const whenSized = (element, draw) => {
  let known = "";
  new ResizeObserver(() => {
    const { clientWidth: width, clientHeight: height } = element;
    if (width && height && known !== `${width} ${height}`) {
      known = `${width} ${height}`;
      draw(width, height);
    }
  }).observe(element);
};

const ship = (parent, hull, colour, solid) => {
  const half = HULLS[hull] ?? HULLS[0];
  const whole = [...half, ...half.filter(([, y]) => y > 0).reverse().map(([x, y]) => [x, -y])];
  const drawing = svg(parent, "svg", { viewBox: "-26 -30 52 56", "aria-hidden": "true" });
  // The nose points up.
  const points = whole.map(([x, y]) => `${(y * 22).toFixed(1)},${(x * -22).toFixed(1)}`).join(" ");
  svg(drawing, "polygon", { points, fill: solid ? colour : "none", stroke: colour, "stroke-width": 2 });
};

export const podium = (list, best) => {
  // The second stands on the left; for readers the order is that of the places.
  best.forEach((row, index) => {
    const step = add(list, "li", { className: `p${index + 1}` });
    ship(step, row.hull, METALS[index], index === 0);
    const name = row.account_id
      ? add(step, "a", { className: "nm cut", href: `/player/${encodeURIComponent(row.account_id)}` })
      : add(step, "span", { className: "nm cut" });
    name.textContent = row.name;
    const streak = row.streak > 1 ? `streak of ${row.streak}` : "";
    const kills = row.kills === null ? "" : `${row.kills} ${row.kills === 1 ? "kill" : "kills"}`;
    const said = [row.bot && "bot", kills, streak].filter(Boolean).join(", ");
    add(step, "span", { className: "sub", textContent: said });
    add(add(step, "div", { className: "st" }), "b", { textContent: row.score });
  });
};

// Deaths in each cell of a grid over the arena, each spread over its neighbours.
const density = (kills, arena, columns) => {
  const cell = arena.width / columns;
  const lines = Math.max(1, Math.round(arena.height / cell));
  const grid = new Float32Array(columns * lines);
  const reach = Math.round(columns * 0.075);
  for (const [, , , x, y] of kills) {
    const column = Math.floor((x + arena.width / 2) / cell);
    const line = Math.floor((y + arena.height / 2) / cell);
    for (let dy = -reach; dy <= reach; dy += 1) {
      for (let dx = -reach; dx <= reach; dx += 1) {
        const near = 1 - (dx * dx + dy * dy) / (reach * reach);
        const [to, down] = [column + dx, line + dy];
        if (near > 0 && to >= 0 && to < columns && down >= 0 && down < lines) grid[down * columns + to] += near * near;
      }
    }
  }
  return { grid, columns, lines };
};

// From few to many: share of the most, then red, green, blue, opacity.
const HEAT = [[0, 42, 20, 32, 0], [0.18, 96, 28, 48, 120], [0.42, 190, 52, 66, 190], [0.7, 255, 111, 78, 225], [1, 255, 226, 168, 245]];

const glow = (kills, arena) => {
  const { grid, columns, lines } = density(kills, arena, 160);
  // A lone death is no hot spot.
  const most = grid.reduce((a, b) => Math.max(a, b), 2.5);
  const picture = new ImageData(columns, lines);
  grid.forEach((deaths, at) => {
    const share = deaths / most;
    const above = Math.max(1, HEAT.findIndex(([from]) => share <= from));
    const [low, high] = [HEAT[above - 1], HEAT[above]];
    const part = (share - low[0]) / (high[0] - low[0]);
    for (let channel = 0; channel < 4; channel += 1) {
      picture.data[at * 4 + channel] = low[channel + 1] + (high[channel + 1] - low[channel + 1]) * part;
    }
  });
  const sheet = Object.assign(document.createElement("canvas"), { width: columns, height: lines });
  sheet.getContext("2d").putImageData(picture, 0, 0);
  return sheet;
};

const ground = (pen, arena, width, height) => {
  const light = pen.createRadialGradient(width / 2, height / 2, 0, width / 2, height / 2, width * 0.7);
  light.addColorStop(0, "#111a2c");
  light.addColorStop(1, "#070b13");
  pen.fillStyle = light;
  pen.fillRect(0, 0, width, height);
  const scale = width / arena.width;
  const step = Math.max(200, Math.ceil(arena.width / 2400) * 200) * scale;
  pen.strokeStyle = "rgb(127 154 200 / .09)";
  pen.beginPath();
  for (let x = (width / 2) % step; x < width; x += step) pen.rect(x, -1, 0, height + 2);
  for (let y = (height / 2) % step; y < height; y += step) pen.rect(-1, y, width + 2, 0);
  pen.stroke();
};

const walls = (pen, arena, place) => {
  pen.fillStyle = "#1c2840";
  pen.strokeStyle = "#8ca4cf";
  pen.lineWidth = 1.1;
  for (const wall of arena.walls) {
    pen.beginPath();
    for (const [x, y] of wall) pen.lineTo(...place(x, y));
    pen.closePath();
    pen.fill();
    pen.stroke();
  }
};

export const heat = (section, { arena, name, kills, me }) => {
  const canvas = add(section, "canvas", {});
  const own = kills.filter(([, victim]) => victim === me);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Where ${kills.length} ships fell on ${name}, ${own.length} of them yours`);
  canvas.style.aspectRatio = `${arena.width} / ${arena.height}`;
  const key = add(section, "p", { className: "key" });
  add(key, "span", { textContent: "few" });
  add(key, "i", {});
  add(key, "span", { textContent: "many" });
  if (own.length) add(key, "span", { className: "yours", textContent: "× yours" });
  const hot = glow(kills, arena);
  whenSized(canvas, (width, height) => {
    Object.assign(canvas, { width: width * devicePixelRatio, height: height * devicePixelRatio });
    const pen = canvas.getContext("2d");
    pen.scale(devicePixelRatio, devicePixelRatio);
    const place = (x, y) => [(x / arena.width + 0.5) * width, (y / arena.height + 0.5) * height];
    ground(pen, arena, width, height);
    pen.imageSmoothingQuality = "high";
    pen.drawImage(hot, 0, 0, width, height);
    walls(pen, arena, place);
    for (const [line, colour] of [[5, "#04060b"], [2, ME]]) {
      pen.lineWidth = line;
      pen.strokeStyle = colour;
      pen.beginPath();
      for (const [, , , x, y] of own) {
        const [left, top] = place(x, y).map((value) => value - 4);
        pen.moveTo(left, top);
        pen.lineTo(left + 8, top + 8);
        pen.moveTo(left + 8, top);
        pen.lineTo(left, top + 8);
      }
      pen.stroke();
    }
  });
};

// The smallest of these steps that needs no more than so many of them.
const stepFor = (most, count, steps) => steps.find((step) => most / step <= count) ?? steps[steps.length - 1];
const TIMES = [5, 10, 30, 60, 120, 300, 600, 1800];
const SCORES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10000];

const minutes = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

const axes = (drawing, { X, Y, length_s, most, right, height }) => {
  const step = stepFor(most, 4, SCORES);
  for (let score = 0; score <= most; score += step) {
    svg(drawing, "path", { d: `M${X(0)} ${Y(score)}H${right}`, stroke: "#212d44" });
    svg(drawing, "text", { x: 0, y: Y(score) + 4 }, String(score));
  }
  const every = stepFor(length_s, right > 320 ? 6 : 4, TIMES);
  for (let second = 0; second <= length_s; second += every) {
    const anchor = second ? "middle" : "start";
    svg(drawing, "text", { x: X(second * 1000), y: height - 2, "text-anchor": anchor }, minutes(second));
  }
};

// Who is drawn: the best four, and who looks.
const charted = (rows, me) => {
  const best = rows.filter((row) => row.seat !== undefined).slice(0, 4);
  return me?.seat === undefined || best.includes(me) ? best : [...best, me];
};

export const chart = (section, { rows, me, scores, ended_ms }) => {
  const drawing = svg(section, "svg", { role: "img" });
  const lines = charted(rows, me).map((row, index) => {
    const steps = scores.filter(([ms, seat]) => seat === row.seat && ms <= ended_ms);
    const [colour, dashes] = row === me ? [ME, ""] : LINES[index];
    return { row, steps, colour, dashes };
  });
  const said = lines.map(({ row }) => `${row.name} ${row.score}`).join(", ");
  drawing.setAttribute("aria-label", `Score over time; at the end ${said}`);
  const most = Math.max(1, ...lines.flatMap(({ steps }) => steps.map(([, , score]) => score)));
  whenSized(drawing, (width, height) => {
    drawing.replaceChildren();
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const right = width - 92;
    const X = (ms) => 24 + (ms / Math.max(1, ended_ms)) * (right - 24);
    const Y = (score) => height - 24 - (score / most) * (height - 36);
    axes(drawing, { X, Y, length_s: ended_ms / 1000, most, right, height });
    let below = -Infinity;
    const ends = lines.map(({ steps }) => Y(steps.at(-1)?.[2] ?? 0));
    // Names keep clear of each other, and of the bottom.
    const places = ends.map((end) => (below = Math.max(end, below + 16)));
    const over = Math.max(0, (places.at(-1) ?? 0) - (height - 24));
    for (const [index, { row, steps, colour, dashes }] of [...lines.entries()].reverse()) {
      const d = steps.reduce((way, [ms, , score]) => `${way}H${X(ms).toFixed(1)}V${Y(score).toFixed(1)}`, `M${X(0)} ${Y(0)}`);
      const path = { d: `${d}H${right}`, fill: "none" };
      svg(drawing, "path", { ...path, stroke: "#04060b", "stroke-width": row === me ? 6 : 4 });
      const shown = svg(drawing, "path", { ...path, stroke: colour, "stroke-width": row === me ? 3 : 1.8 });
      if (dashes) shown.setAttribute("stroke-dasharray", dashes);
      const name = svg(drawing, "text", { class: "nm", x: right + 8, y: places[index] - over + 4 }, short(row.name));
      name.style.fill = colour;
    }
  });
};
