// How a peer is started and paced: its two flags, the line that says where it listens, and a timer without drift.
// `cargo xtask bench` reads that line; nothing here knows the game.

// `--port P` (0 is any) and `--players N` (the size of the arena).
export function flags() {
  const found = { port: 0, players: 50 };
  const words = process.argv.slice(2);
  for (let index = 0; index + 1 < words.length; index += 2) {
    const name = words[index].replace(/^--/, '');
    if (!(name in found)) throw new Error(`unknown flag ${words[index]}`);
    found[name] = Number(words[index + 1]);
  }
  return found;
}

export function sayListening(port) {
  console.log(`listening on http://127.0.0.1:${port}`);
}

// Calls `work` `hz` times a second, each time at a multiple of the period; a time that has passed is left out.
export function pace(hz, work) {
  const start = performance.now();
  const period = 1000 / hz;
  let count = 0;
  const wait = () => {
    const passed = performance.now() - start;
    count = Math.max(count + 1, Math.floor(passed / period) + 1);
    // A timer may come a fraction early; rounded up it never does.
    setTimeout(() => { work(); wait(); }, Math.ceil(count * period - passed));
  };
  wait();
}
