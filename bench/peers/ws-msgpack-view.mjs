// Plain Node: the `ws` package, MessagePack, and for each player a snapshot of what it sees, encoded for it alone.
// A message is {k: tick, p: [ship], b: [shot]}; an input is {s, x, y, a, f}.
import { Encoder, decode } from '@msgpack/msgpack';
import { WebSocketServer } from 'ws';
import { Arena, TICKS_PER_SECOND } from './arena.mjs';
import { flags, pace, sayListening } from './start.mjs';

const { port, players } = flags();
const plain = { ship: (ship) => ship, shot: (shot) => shot, shipGone() {}, shotGone() {} };
const arena = new Arena(players, plain);
const encoder = new Encoder({ forceFloat32: true });

const server = new WebSocketServer({
  host: '127.0.0.1', port, perMessageDeflate: false, skipUTF8Validation: true, backlog: 4096,
});
server.on('listening', () => sayListening(server.address().port));
server.on('connection', (socket) => {
  socket._socket.setNoDelay(true);
  const seat = arena.join(socket);
  socket.on('message', (bytes) => arena.steer(seat, decode(bytes)));
  socket.on('close', () => arena.leave(seat));
  socket.on('error', () => {});
});

pace(TICKS_PER_SECOND, () => {
  arena.step();
  for (const seat of arena.seats) {
    const { ships, shots } = arena.view(seat);
    // `encode` copies out of the encoder's own buffer: the socket may hold the bytes past this tick.
    seat.client.send(encoder.encode({ k: arena.tick, p: ships, b: shots }));
  }
});
