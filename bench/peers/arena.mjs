// The game that both Node peers host: the workload arena-30 of bench/README.md.
// It knows no sockets. A peer gives it ways to make ships and shots, so that Colyseus can use its own classes.
import { Cells } from './cells.mjs';

export const TICKS_PER_SECOND = 30;
const SECONDS_PER_TICK = 1 / TICKS_PER_SECOND;
const SHIP_SPEED = 220, SHOT_SPEED = 480;
const SHIP_RADIUS = 16, HIT_DISTANCE = 20, MUZZLE = 24;
const TICKS_BETWEEN_SHOTS = 15, SHOT_TICKS = 60;
const HULL = 100, DAMAGE = 10;
const CELL = 64;
const VIEW_HALF_WIDTH = 600, VIEW_HALF_HEIGHT = 400;

export class Arena {
  constructor(players, makers) {
    this.side = 200 * Math.sqrt(players);
    this.makers = makers;
    this.seats = [];
    this.ships = [];
    this.shots = [];
    this.flights = []; // what a shot has beside what is told of it, in the order of `shots`
    this.shipCells = new Cells(this.side, CELL);
    this.shotCells = new Cells(this.side, CELL);
    this.nextId = 1;
    this.tick = 0;
  }

  anywhere() {
    return Math.random() * this.side;
  }

  join(client) {
    const ship = this.makers.ship({
      id: this.nextId++, x: this.anywhere(), y: this.anywhere(), vx: 0, vy: 0, angle: 0, hp: HULL, score: 0,
    });
    const seat = { client, ship, moveX: 0, moveY: 0, aim: 0, fire: false, wait: 0 };
    this.seats.push(seat);
    this.ships.push(ship);
    return seat;
  }

  leave(seat) {
    const place = this.seats.indexOf(seat);
    if (place < 0) return;
    this.seats.splice(place, 1);
    this.ships.splice(place, 1);
    this.makers.shipGone(seat.ship);
  }

  // The last input before a tick wins.
  steer(seat, { x, y, a, f }) {
    seat.moveX = x;
    seat.moveY = y;
    seat.aim = a;
    seat.fire = f !== 0;
  }

  step() {
    this.tick++;
    for (const seat of this.seats) this.fly(seat);
    this.shipCells.fill(this.ships);
    for (let index = 0; index < this.ships.length; index++) this.pushApart(index);
    for (let index = this.shots.length - 1; index >= 0; index--) {
      if (this.flyShot(index)) this.endShot(index);
    }
    this.shotCells.fill(this.shots);
  }

  fly(seat) {
    const { ship } = seat;
    const speed = SHIP_SPEED / Math.max(1, Math.hypot(seat.moveX, seat.moveY));
    ship.vx = seat.moveX * speed;
    ship.vy = seat.moveY * speed;
    ship.x = this.inside(ship.x + ship.vx * SECONDS_PER_TICK);
    ship.y = this.inside(ship.y + ship.vy * SECONDS_PER_TICK);
    ship.angle = seat.aim;
    if (seat.wait > 0) seat.wait--;
    if (seat.fire && seat.wait === 0) {
      seat.wait = TICKS_BETWEEN_SHOTS;
      this.fire(seat);
    }
  }

  inside(at) {
    return Math.max(0, Math.min(this.side, at));
  }

  fire(seat) {
    const { ship } = seat;
    const aheadX = Math.cos(seat.aim), aheadY = Math.sin(seat.aim);
    this.shots.push(this.makers.shot({
      id: this.nextId++,
      x: ship.x + aheadX * MUZZLE, y: ship.y + aheadY * MUZZLE,
      vx: aheadX * SHOT_SPEED, vy: aheadY * SHOT_SPEED,
      owner: ship.id,
    }));
    this.flights.push({ seat, ticksLeft: SHOT_TICKS });
  }

  // Ships that overlap move apart, half the way each.
  pushApart(index) {
    const ship = this.ships[index];
    const reach = 2 * SHIP_RADIUS;
    this.shipCells.around(ship.x, ship.y, reach, reach, (other) => {
      if (other <= index) return false;
      const neighbour = this.ships[other];
      const dx = neighbour.x - ship.x, dy = neighbour.y - ship.y;
      const square = dx * dx + dy * dy;
      if (square >= reach * reach || square === 0) return false;
      const distance = Math.sqrt(square);
      const share = (reach - distance) / (2 * distance);
      ship.x -= dx * share;
      ship.y -= dy * share;
      neighbour.x += dx * share;
      neighbour.y += dy * share;
      return false;
    });
  }

  // Moves a shot; true when that ended it.
  flyShot(index) {
    const shot = this.shots[index], flight = this.flights[index];
    const x = shot.x + shot.vx * SECONDS_PER_TICK, y = shot.y + shot.vy * SECONDS_PER_TICK;
    shot.x = x;
    shot.y = y;
    flight.ticksLeft--;
    if (flight.ticksLeft <= 0 || x < 0 || y < 0 || x > this.side || y > this.side) return true;
    return this.shipCells.around(x, y, HIT_DISTANCE, HIT_DISTANCE, (place) => {
      const target = this.ships[place];
      if (target === flight.seat.ship) return false;
      const dx = target.x - x, dy = target.y - y;
      if (dx * dx + dy * dy >= HIT_DISTANCE * HIT_DISTANCE) return false;
      this.hurt(target, flight.seat.ship);
      return true;
    });
  }

  hurt(target, by) {
    target.hp = Math.max(0, target.hp - DAMAGE);
    if (target.hp > 0) return;
    target.hp = HULL;
    target.x = this.anywhere();
    target.y = this.anywhere();
    by.score++;
  }

  endShot(index) {
    this.makers.shotGone(this.shots[index]);
    const lastShot = this.shots.pop(), lastFlight = this.flights.pop();
    if (index < this.shots.length) {
      this.shots[index] = lastShot;
      this.flights[index] = lastFlight;
    }
  }

  // The ships and shots that the player of `seat` sees.
  view(seat) {
    const { x, y } = seat.ship;
    const ships = [], shots = [];
    const sees = (body) => Math.abs(body.x - x) <= VIEW_HALF_WIDTH && Math.abs(body.y - y) <= VIEW_HALF_HEIGHT;
    this.shipCells.around(x, y, VIEW_HALF_WIDTH, VIEW_HALF_HEIGHT, (index) => {
      if (sees(this.ships[index])) ships.push(this.ships[index]);
      return false;
    });
    this.shotCells.around(x, y, VIEW_HALF_WIDTH, VIEW_HALF_HEIGHT, (index) => {
      if (sees(this.shots[index])) shots.push(this.shots[index]);
      return false;
    });
    return { ships, shots };
  }
}
