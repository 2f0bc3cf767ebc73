// Where everything stands in the drawing.
//
// A curve is four points of a cubic Bézier from centre to centre; it is cut where it meets the circles.

// Where the circles stand: in the middle, side by side, in a triangle, in a square, on an ellipse.
function arrangement(count, width, loops) {
  const radius = [26, 26, 26, 23, 21, 19, 19, 17][Math.max(count - 1, 0)] ?? 16;
  const height = count < 3 ? 148 : count < 4 ? 172 : count < 7 ? 188 : 208;
  const reach = loops ? Math.round(radius * (count < 5 ? 1.05 : 1)) : 0;
  const middle = width / 2;
  const caption = 16;
  const plan = { radius, height, reach, room: 0, places: [] };
  if (count < 3) {
    const y = (height + reach - caption) / 2;
    const apart = Math.min(width * 0.48, 210);
    plan.room = count < 2 ? width * 0.8 : apart - 14;
    plan.places =
      count < 2
        ? [{ x: middle, y, out: -90 }]
        : [{ x: middle - apart / 2, y, out: -118 }, { x: middle + apart / 2, y, out: -62 }];
  } else if (count === 3) {
    const rx = Math.min(middle - radius - reach - 8, 130);
    const [top, bottom] = [6 + reach + radius, height - radius - caption - 6];
    plan.room = rx - 6;
    plan.places = [
      { x: middle, y: top, out: -90 },
      { x: middle + rx, y: bottom, out: -12 },
      { x: middle - rx, y: bottom, out: 192 },
    ];
  } else if (count === 4) {
    const rx = Math.min(width * 0.25, 120);
    const [top, bottom] = [radius + caption + 6, height - radius - caption - 6];
    plan.room = 2 * rx - 20;
    plan.places = [
      { x: middle - rx, y: top, out: 190, above: true },
      { x: middle + rx, y: top, out: -10, above: true },
      { x: middle + rx, y: bottom, out: 10 },
      { x: middle - rx, y: bottom, out: 170 },
    ];
  } else {
    const rx = Math.min(middle - radius - reach - 6, 1.5 * height);
    const ry = height / 2 - radius - reach - 4;
    const { places, spacing } = ellipse(count, rx, ry);
    const y = height / 2;
    if (spacing > 100 && !loops) plan.room = spacing - 24;
    plan.places = places.map((place) => ({ x: middle + place.x, y: y + place.y, out: place.out }));
  }
  return plan;
}

// Points at the same distance along an ellipse, clockwise from its top.
function ellipse(count, rx, ry) {
  const STEPS = 720;
  const angle = (step) => (step / STEPS) * 2 * Math.PI - Math.PI / 2;
  const point = (step) => ({ x: rx * Math.cos(angle(step)), y: ry * Math.sin(angle(step)) });
  const lengths = [0];
  for (let step = 1; step <= STEPS; step += 1) {
    lengths.push(lengths[step - 1] + distance(point(step - 1), point(step)));
  }
  const spacing = lengths[STEPS] / count;
  const shift = count % 2 ? 0 : -0.5;
  const places = Array.from({ length: count }, (_, index) => {
    const wanted = (((index + shift + count) % count) / count) * lengths[STEPS];
    const step = lengths.findIndex((length) => length >= wanted);
    const { x, y } = point(step);
    return { x, y, out: (Math.atan2(y / ry ** 2, x / rx ** 2) * 180) / Math.PI };
  });
  return { places, spacing };
}

// From one circle to another, bent to its left, so that the way back is another line.
function bow(a, b, { radius, places }, rank, of) {
  const length = distance(a, b) || 1;
  const crowded = places.length > 4;
  const first = places.length > 2 ? Math.min(10, length * 0.07) : Math.min(15, length * 0.1);
  const step = Math.min(crowded ? 7 : 11, 34 / Math.max(of - 1, 1));
  const bend = ((first + step * rank) * 4) / 3;
  const normal = { x: ((b.y - a.y) / length) * bend, y: (-(b.x - a.x) / length) * bend };
  const lean = Math.max(0.25, Math.min(0.4, (radius + 12) / length));
  return [
    a,
    { x: mix(a.x, b.x, lean) + normal.x, y: mix(a.y, b.y, lean) + normal.y },
    { x: mix(b.x, a.x, lean) + normal.x, y: mix(b.y, a.y, lean) + normal.y },
    b,
  ];
}

// From a circle to itself: a drop that points outward; several open like petals.
function loop(a, { radius, reach }, rank, of) {
  const apart = of > 1 ? Math.min(0.95, 3.6 / of) : 0;
  const half = of > 1 ? apart * 0.44 : 0.5;
  const out = (a.out * Math.PI) / 180 + (rank - (of - 1) / 2) * apart;
  const arm = (radius + (reach || radius)) / (0.75 * Math.cos(half));
  const tip = (angle) => ({ x: a.x + arm * Math.cos(angle), y: a.y + arm * Math.sin(angle) });
  return [a, tip(out - half), tip(out + half), a];
}

function straight(a, b) {
  const curve = [a, between(a, b, 1 / 3), between(a, b, 2 / 3), b];
  curve.open = true; // ends in the open, not at a circle
  return curve;
}

function at([a, b, c, d], t) {
  const [u, v] = [1 - t, t];
  const [p, q, r, s] = [u * u * u, 3 * u * u * v, 3 * u * v * v, v * v * v];
  return { x: p * a.x + q * b.x + r * c.x + s * d.x, y: p * a.y + q * b.y + r * c.y + s * d.y };
}

// The parameter at which a curve is this far from where it begins, or from where it ends.
function entry(curve, radius) {
  return crossing(curve, curve[0], radius, 0);
}

function exit(curve, radius) {
  return crossing(curve, curve[3], radius, 1);
}

function crossing(curve, centre, radius, inside) {
  let [near, far] = [inside, 0.5];
  for (let i = 0; i < 24; i += 1) {
    const t = (near + far) / 2;
    if (distance(at(curve, t), centre) < radius) near = t;
    else far = t;
  }
  return far;
}

function trimmed(curve, startGap, endGap) {
  const [from, to] = [entry(curve, startGap), endGap ? exit(curve, endGap) : 1];
  const [, second] = split(curve, from);
  return split(second, from < 1 ? (to - from) / (1 - from) : 1)[0];
}

function split([a, b, c, d], t) {
  const [ab, bc, cd] = [between(a, b, t), between(b, c, t), between(c, d, t)];
  const [abc, bcd] = [between(ab, bc, t), between(bc, cd, t)];
  const middle = between(abc, bcd, t);
  return [[a, ab, abc, middle], [middle, bcd, cd, d]];
}

const drawn = ([a, b, c, d]) =>
  `M${round(a.x)} ${round(a.y)}C${round(b.x)} ${round(b.y)} ${round(c.x)} ${round(c.y)} ${round(d.x)} ${round(d.y)}`;

// The end of a projection, its tip at the origin: an arrow excites, a bar inhibits, a dot may do either.
function head(sign, scale) {
  const [length, half, dot] = [9 * scale, 4.5 * scale, 3.6 * scale];
  if (sign > 0) return ["arrow", `M0 0L${-length} ${-half}L${round(-length * 0.76)} 0L${-length} ${half}Z`, length];
  if (sign < 0) return ["bar", `M0 ${round(-6.5 * scale)}V${round(6.5 * scale)}`, 3 * scale];
  return ["dot", `M${-2 * dot} 0a${dot} ${dot} 0 1 0 ${2 * dot} 0a${dot} ${dot} 0 1 0 ${-2 * dot} 0Z`, 2 * dot];
}

const mix = (a, b, share) => a + (b - a) * share;
const between = (a, b, share) => ({ x: mix(a.x, b.x, share), y: mix(a.y, b.y, share) });
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
const round = (value) => Math.round(value * 10) / 10;

function toSegment(point, a, b) {
  const square = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
  const share = square ? ((point.x - a.x) * (b.x - a.x) + (point.y - a.y) * (b.y - a.y)) / square : 0;
  return distance(point, between(a, b, Math.min(1, Math.max(0, share))));
}

function nearest(views, measure, reach) {
  let [found, least] = ["", reach];
  for (const [id, view] of views) {
    const far = measure(view);
    if (far < least) [found, least] = [id, far];
  }
  return found;
}
