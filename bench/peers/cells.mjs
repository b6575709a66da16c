// A square grid over the arena that finds what is near a point without looking at everything.
// It holds indices of somebody else's list and is filled anew each tick.

export class Cells {
  constructor(side, size) {
    this.size = size;
    this.across = Math.floor(side / size) + 1;
    this.first = new Int32Array(this.across * this.across);
    this.after = new Int32Array(256);
  }

  column(at) {
    const column = Math.floor(at / this.size);
    return Math.max(0, Math.min(this.across - 1, column));
  }

  // Takes in the bodies of `list`, which have an x and a y.
  fill(list) {
    while (this.after.length < list.length) this.after = new Int32Array(this.after.length * 2);
    this.first.fill(-1);
    for (let index = 0; index < list.length; index++) {
      const cell = this.column(list[index].y) * this.across + this.column(list[index].x);
      this.after[index] = this.first[cell];
      this.first[cell] = index;
    }
  }

  // Calls `visit` with each index whose cell touches the box round (x, y), until it answers true.
  around(x, y, halfWidth, halfHeight, visit) {
    const right = this.column(x + halfWidth), below = this.column(y + halfHeight);
    for (let row = this.column(y - halfHeight); row <= below; row++) {
      for (let column = this.column(x - halfWidth); column <= right; column++) {
        let index = this.first[row * this.across + column];
        while (index >= 0) {
          if (visit(index)) return true;
          index = this.after[index];
        }
      }
    }
    return false;
  }
}
