// The picture of the world. Its lengths are in thousandths of the longer side of what is shown.
const kView = 1000;
const kMargin = 26;
const kLeastRadius = 19;  // smaller units could not be told apart
const kStates = {active: 0, out: 1, dead: 2};
const kDeeds = ['attack', 'healing', 'splash', 'capture', 'attempt that failed'];

const world = {units: [], shown: -1, pinned: -1};

// The part of the world to look at: of a grid all of it, else where units are in this episode.
function view_of(episode) {
  const whole = episode.world;
  let [x0, y0, x1, y1] = [whole.x, whole.y, whole.x + whole.width, whole.y + whole.height];
  if (!whole.grid) {
    const [left, right] = extent(episode.units.flat().map((unit) => unit[0]));
    const [low, high] = extent(episode.units.flat().map((unit) => unit[1]));
    const border = Math.max(whole.width, whole.height) / 18;
    x0 = Math.max(x0, left - border);
    x1 = Math.min(x1, right + border);
    y0 = Math.max(y0, low - border);
    y1 = Math.min(y1, high + border);
    // no narrower than three to two
    const lack_y = ((x1 - x0) / 1.5 - (y1 - y0)) / 2, lack_x = ((y1 - y0) / 1.5 - (x1 - x0)) / 2;
    if (lack_y > 0) [y0, y1] = [Math.max(whole.y, y0 - lack_y), Math.min(whole.y + whole.height, y1 + lack_y)];
    if (lack_x > 0) [x0, x1] = [Math.max(whole.x, x0 - lack_x), Math.min(whole.x + whole.width, x1 + lack_x)];
  }
  const scale = kView / Math.max(x1 - x0, y1 - y0, 1e-9);
  return {x0, y0, x1, y1, scale, up: whole.up, width: (x1 - x0) * scale, height: (y1 - y0) * scale,
          x: (x) => (x - x0) * scale, y: (y) => (whole.up ? y1 - y : y - y0) * scale};
}

// Builds the picture of an episode; draw_world() then moves what is in it.
function build_world(episode) {
  element('world').replaceChildren();
  element('legend').replaceChildren();
  world.units = [];
  world.shown = world.pinned = -1;
  if (!episode.units) {
    world.text = make('pre', {}, element('world'));
    return;
  }
  const view = world.view = view_of(episode);
  const box = [-kMargin, -kMargin, view.width + 2 * kMargin, view.height + 2 * kMargin];
  const svg = shape('svg', {viewBox: box.join(' ')}, element('world'));
  world.ground = shape('g', {}, svg);
  world.ground_drawn = null;
  world.sight = shape('g', {}, svg);
  world.deeds_below = shape('g', {}, svg);
  world.bodies = shape('g', {}, svg);
  world.looks_drawn = null;
  shape('rect', {class: 'edge', x: 0, y: 0, width: view.width, height: view.height, rx: 4}, svg);
  build_legend(episode);
}

function build_legend(episode) {
  const seen = new Set();
  for (const look of episode.looks.flat()) {
    const key = look.team + ' ' + look.kind;
    if (seen.has(key)) continue;
    seen.add(key);
    const item = make('li', {}, element('legend'));
    const sprite = shape('svg', {class: 'sprite team' + look.team, viewBox: '-1.15 -1.15 2.3 2.3'}, item);
    add_body(sprite, look.kind);
    item.append(look.kind.replaceAll('_', ' ') || 'unit');
  }
  const deeds = new Map(episode.deeds.flat().map(([deed, team]) => [deed, team]));
  for (const [deed, team] of [...deeds].sort()) {
    const item = make('li', {}, element('legend'));
    const sprite = shape('svg', {class: `sprite team${team}`, viewBox: '0 0 80 40'}, item);
    const kind = {class: `deed deed${deed} team${team}`};
    if (deed === 2) shape('circle', {...kind, cx: 40, cy: 20, r: 19}, sprite);
    else shape('line', {...kind, x1: 6, y1: 20, x2: 74, y2: 20}, sprite);
    item.append(kDeeds[deed]);
  }
  const states = new Set(episode.units.flat().map((unit) => unit[2]));
  if (states.has(kStates.out)) make('li', {}, element('legend'), 'faded: out of the game');
  if (states.has(kStates.dead)) make('li', {}, element('legend'), '\u00d7 dead');
}

// Neighbours in a row that are alike, as one: [x, y, ground, label, how many].
function runs_of(cells) {
  const runs = [];
  for (const [x, y, ground, label] of [...cells].sort((a, b) => a[1] - b[1] || a[0] - b[0])) {
    const last = runs.at(-1);
    const goes_on = last && last[1] === y && last[0] + last[4] === x && last[2] === ground && !last[3] && !label;
    if (goes_on) ++last[4];
    else runs.push([x, y, ground, label, 1]);
  }
  return runs;
}

function draw_ground(episode, cells) {
  if (world.ground_drawn === cells) return;
  world.ground_drawn = cells;
  world.ground.replaceChildren();
  const {view} = world, side = episode.world.cell;
  for (const [x, y, ground, label, count] of runs_of(cells)) {
    const left = view.x(episode.world.x + x * side), size = side * view.scale;
    const top = view.y(episode.world.y + (episode.world.up ? y + 1 : y) * side);
    const clip = [Math.max(0, left), Math.max(0, top), Math.min(view.width, left + count * size), Math.min(view.height, top + size)];
    if (clip[2] <= clip[0] || clip[3] <= clip[1]) continue;
    shape('rect', {class: 'ground' + ground, x: clip[0], y: clip[1], width: clip[2] - clip[0],
                   height: clip[3] - clip[1]}, world.ground);
    if (label) {
      shape('text', {class: 'ground-label', x: left + size / 2, y: top + size / 2, 'font-size': size * .5},
            world.ground, label);
    }
  }
  if (!episode.world.grid) return;
  let path = '';
  for (let x = 1; x * side < episode.world.width; ++x) path += `M${x * side * view.scale} 0V${view.height}`;
  for (let y = 1; y * side < episode.world.height; ++y) path += `M0 ${y * side * view.scale}H${view.width}`;
  shape('path', {class: 'lines', d: path}, world.ground);
}

function build_units(looks) {
  if (world.looks_drawn === looks) return;
  world.looks_drawn = looks;
  world.bodies.replaceChildren();
  world.units = looks.map((look, index) => build_unit(look, index));
}

function build_unit(look, index) {
  const radius = Math.max(look.radius * world.view.scale, kLeastRadius);
  const group = shape('g', {class: 'unit', tabindex: 0, role: 'img'}, world.bodies);
  const body = shape('g', {transform: `scale(${radius})`}, group);
  shape('circle', {class: 'halo', r: 1.25}, body);
  const facing = shape('line', {class: 'facing', x1: 0, y1: 0}, body);
  add_body(body, look.kind);
  const form = shape_of(look.kind), label = label_of(look);
  if (form.text && label) {
    const size = form.text * radius * (label.length > 2 ? .62 : label.length > 1 ? .82 : 1);
    shape('text', {'font-size': size, y: ((form.text_y || 0) + .04) * radius}, group, label);
  }
  const bars = {};
  const width = 2.1 * radius, thick = Math.max(5, radius * .24);
  let y = -1.3 * radius - thick;
  for (const name of ['health', 'shield', 'energy']) {
    if (!(look[name] > 0)) continue;
    const top = name === 'energy' ? 1.3 * radius : y;
    const place = {x: -width / 2, y: top, height: thick - 1, width, rx: 1.5};
    shape('rect', {...place, class: 'bar-back'}, group);
    bars[name] = shape('rect', {...place, class: name}, group);
    if (name !== 'energy') y -= thick;
  }
  const group_cross = shape('path', {class: 'cross', d: 'M-.5-.5L.5 .5M.5-.5L-.5 .5', transform: `scale(${radius})`}, group);
  group.addEventListener('pointerenter', () => show_unit(index));
  group.addEventListener('pointerleave', () => show_unit(world.pinned));
  group.addEventListener('focus', () => show_unit(index));
  group.addEventListener('blur', () => show_unit(world.pinned));
  group.addEventListener('click', () => pin_unit(index));
  return {group, facing, bars, width, cross: group_cross};
}

function draw_unit(unit, look, [x, y, state, health, shield, energy, facing_x, facing_y]) {
  const {view} = world;
  // who is out lies below those who are not
  if (unit.state !== state && (unit.state || state)) world.bodies[state ? 'prepend' : 'append'](unit.group);
  unit.state = state;
  unit.group.setAttribute('class', `unit team${look.team} state${state}`);
  unit.group.style.transform = `translate(${view.x(x)}px, ${view.y(y)}px)`;
  const now = {health, shield, energy};
  for (const [name, bar] of Object.entries(unit.bars)) {
    bar.setAttribute('width', unit.width * Math.min(1, Math.max(0, now[name] / look[name])));
  }
  const length = Math.hypot(facing_x, facing_y);
  unit.facing.setAttribute('visibility', length > 0 ? 'visible' : 'hidden');
  if (length > 0) {
    unit.facing.setAttribute('x2', 1.25 * facing_x / length);
    unit.facing.setAttribute('y2', (view.up ? -1.25 : 1.25) * facing_y / length);
  }
}

function draw_deeds(deeds) {
  world.deeds_below.replaceChildren();
  const {view} = world;
  for (const [deed, team, x0, y0, x1, y1, radius] of deeds) {
    const [a, b, c, d] = [view.x(x0), view.y(y0), view.x(x1), view.y(y1)];
    const kind = {class: `deed deed${deed} team${team}`};
    if (deed === 2) {
      shape('circle', {...kind, cx: c, cy: d, r: radius * view.scale}, world.deeds_below);
      continue;
    }
    shape('line', {...kind, x1: a, y1: b, x2: c, y2: d}, world.deeds_below);
    if (deed === 0) shape('circle', {class: `deed-tip team${team}`, cx: c, cy: d, r: 9}, world.deeds_below);
  }
}

function draw_world(episode, slot) {
  if (!episode.units) {
    world.text.textContent = episode.text[slot] || 'This environment has neither a drawing nor a text.';
    return;
  }
  draw_ground(episode, episode.ground[slot]);
  build_units(episode.looks[slot]);
  episode.units[slot].forEach((now, i) => draw_unit(world.units[i], episode.looks[slot][i], now));
  draw_deeds(episode.deeds[slot]);
  draw_sight();
}

function pin_unit(index) {
  world.pinned = world.pinned === index ? -1 : index;
  show_unit(world.pinned);
}

function pin_agent(agent) {
  pin_unit(unit_of(agent));
}

function unit_of(agent) {
  return (world.looks_drawn || []).findIndex((look) => look.agent === agent);
}

function show_unit(index) {
  world.shown = index;
  draw_sight();
}

// Sight and range of the unit that is pointed at, and what there is to say of it.
function draw_sight() {
  if (!world.looks_drawn) return;
  world.sight.replaceChildren();
  element('detail').textContent = 'Point at a unit, or tap it, to see what it sees.';
  world.units.forEach((unit, i) => unit.group.classList.toggle('shown', i === world.shown));
  const look = world.looks_drawn[world.shown];
  mark_agent(look ? look.agent : -1);
  if (!look) return;
  const {view} = world;
  const [x, y, state, health, shield, energy] = current_episode().units[at.slot][world.shown];
  const [cx, cy] = [view.x(x), view.y(y)];
  const [rx, ry] = look.sight.map((half) => half * view.scale);
  if (state === kStates.active && rx > 0 && ry > 0) {
    if (look.window) {
      const left = Math.max(0, cx - rx), top = Math.max(0, cy - ry);
      shape('rect', {class: 'sight', x: left, y: top, width: Math.min(view.width, cx + rx) - left,
                     height: Math.min(view.height, cy + ry) - top, rx: 6}, world.sight);
    } else {
      shape('ellipse', {class: 'sight', cx, cy, rx, ry}, world.sight);
    }
  }
  if (state === kStates.active && look.range > 0) {
    shape('circle', {class: 'range', cx, cy, r: look.range * view.scale}, world.sight);
  }
  const parts = [name_of(look)];
  if (state !== kStates.active) parts.push(state === kStates.dead ? 'dead' : 'out of the game');
  if (look.health > 0) parts.push(`hit points ${brief(health)} of ${brief(look.health)}`);
  if (look.shield > 0) parts.push(`shield ${brief(shield)} of ${brief(look.shield)}`);
  if (look.energy > 0) parts.push(`energy ${brief(energy)} of ${brief(look.energy)}`);
  element('detail').textContent = parts.join(' \u00b7 ');
}
