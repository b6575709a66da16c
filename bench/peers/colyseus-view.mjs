// Colyseus: one room, a Schema state with two maps, and a StateView for each client that follows its ship.
// The library compares and encodes; what is in view is looked up every third tick, and patches go out every tick.
import { Room, Server } from '@colyseus/core';
import { schema, StateView, t } from '@colyseus/schema';
import { WebSocketTransport } from '@colyseus/ws-transport';
import { Arena, TICKS_PER_SECOND } from './arena.mjs';
import { flags, sayListening } from './start.mjs';

const VIEW_EVERY_TICKS = 3;
const { port, players } = flags();

const Ship = schema({
  x: t.float32(), y: t.float32(), vx: t.float32(), vy: t.float32(),
  angle: t.float32(), hp: t.uint8(), score: t.uint16(),
}, 'Ship');
const Shot = schema({
  x: t.float32(), y: t.float32(), vx: t.float32(), vy: t.float32(), owner: t.uint16(),
}, 'Shot');
const State = schema({ ships: t.map(Ship).view(), shots: t.map(Shot).view() }, 'State');

// A schema instance with the fields of `body`; its id is the key of its map and not part of what is sent.
const filled = (Kind, body) => Object.assign(new Kind(), body);

class ArenaRoom extends Room {
  onCreate() {
    this.maxClients = Infinity;
    this.maxMessagesPerSecond = Infinity;
    this.autoDispose = false;
    this.state = new State();
    const { ships, shots } = this.state;
    const put = (map, body) => {
      map.set(String(body.id), body);
      return body;
    };
    this.arena = new Arena(players, {
      ship: (body) => put(ships, filled(Ship, body)),
      shot: (body) => put(shots, filled(Shot, body)),
      shipGone: (ship) => ships.delete(String(ship.id)),
      shotGone: (shot) => shots.delete(String(shot.id)),
    });
    this.onMessage('i', (client, input) => this.arena.steer(client.userData.seat, input));
    this.setPatchRate(1000 / TICKS_PER_SECOND);
    this.setSimulationInterval(() => this.tick(), 1000 / TICKS_PER_SECOND);
  }

  onJoin(client) {
    client.view = new StateView();
    client.userData = { seat: this.arena.join(client), seen: new Set() };
  }

  onLeave(client) {
    this.arena.leave(client.userData.seat);
  }

  tick() {
    this.arena.step();
    if (this.arena.tick % VIEW_EVERY_TICKS !== 0) return;
    for (const seat of this.arena.seats) this.look(seat);
  }

  look(seat) {
    const { client } = seat;
    const { seen } = client.userData;
    const { ships, shots } = this.arena.view(seat);
    const now = new Set(ships);
    for (const shot of shots) now.add(shot);
    for (const body of now) if (!seen.has(body)) client.view.add(body);
    for (const body of seen) if (!now.has(body)) client.view.remove(body);
    client.userData.seen = now;
  }
}

const transport = new WebSocketTransport({});
const server = new Server({ transport, greet: false });
server.define('arena', ArenaRoom);
await server.listen(port, '127.0.0.1', 4096, () => sayListening(transport.server.address().port));
