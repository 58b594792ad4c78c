// Q_tot and the reward over the episode, with a cursor. A click or a drag goes to that step.
const plots = {list: []};
const kPad = {left: 34, right: 10, top: 6, bottom: 4};

function build_plots(episode) {
  element('plots').replaceChildren();
  plots.list = [];
  if (episode.q_tot) {
    // the last slot is no decision: what it would have been worth to go on
    add_plot('Qtot', episode, episode.q_tot.slice(0, episode.length), 120, draw_curve);
  }
  add_plot('Reward', episode, [0, ...episode.rewards], 74, draw_stems);
}

function add_plot(name, episode, data, height, draw) {
  const box = make('div', {class: 'plot'}, element('plots'));
  const title = make('h2', {}, box);
  const words = make('div', {}, title, name === 'Qtot' ? 'Q' : name);
  if (name === 'Qtot') {
    make('sub', {}, words, 'tot');
    words.append(' of the actions taken');
  }
  const figure = make('span', {}, title);
  const svg = shape('svg', {height}, box);
  const width = Math.max(120, svg.getBoundingClientRect().width);
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  let [low, high] = extent(data);
  [low, high] = [Math.min(0, low), Math.max(0, high)];
  if (low === high) high = low + 1;
  const right = width - kPad.right, bottom = height - kPad.bottom;
  const plot = {
    data, figure,
    x: (t) => kPad.left + (right - kPad.left) * t / Math.max(1, episode.length),
    y: (v) => bottom - (bottom - kPad.top) * (v - low) / (high - low),
  };
  shape('line', {class: 'zero', x1: kPad.left, x2: right, y1: plot.y(0), y2: plot.y(0)}, svg);
  for (const value of new Set([low, high, 0])) {
    if (value === 0 && (plot.y(0) - kPad.top < 12 || bottom - plot.y(0) < 12) && low !== 0 && high !== 0) continue;
    shape('text', {x: kPad.left - 6, y: plot.y(value), 'text-anchor': 'end', 'dominant-baseline': 'central'}, svg,
          number(value, value === 0 || Math.abs(value) >= 10 ? 0 : Math.abs(value) >= 1 ? 1 : 2));
  }
  draw(plot, svg);
  plot.cursor = shape('line', {class: 'cursor', y1: kPad.top, y2: bottom}, svg);
  plot.here = shape('circle', {class: 'here', r: 5}, svg);
  const seek = (event) => {
    const place = (event.clientX - svg.getBoundingClientRect().left - kPad.left) / (right - kPad.left);
    pause();
    go_to(Math.round(place * episode.length));
  };
  svg.addEventListener('pointerdown', (event) => {
    svg.setPointerCapture(event.pointerId);
    seek(event);
  });
  svg.addEventListener('pointermove', (event) => { if (event.buttons) seek(event); });
  plots.list.push(plot);
}

// A value that is not finite breaks the curve.
function draw_curve(plot, svg) {
  let path = '', is_open = false;
  plot.data.forEach((value, t) => {
    if (value !== null) path += (is_open ? 'L' : 'M') + plot.x(t).toFixed(1) + ' ' + plot.y(value).toFixed(1);
    is_open = value !== null;
  });
  if (!path) return;
  if (!plot.data.includes(null)) {
    const end = plot.x(plot.data.length - 1).toFixed(1), base = plot.y(0).toFixed(1);
    shape('path', {class: 'area', d: `${path}L${end} ${base}L${plot.x(0).toFixed(1)} ${base}Z`}, svg);
  }
  shape('path', {class: 'curve', d: path}, svg);
}

function draw_stems(plot, svg) {
  plot.data.forEach((value, t) => {
    if (!value) return;
    const x = plot.x(t).toFixed(1);
    shape('line', {class: value < 0 ? 'stem down' : 'stem', x1: x, x2: x, y1: plot.y(0), y2: plot.y(value).toFixed(1)}, svg);
  });
}

function draw_plots(slot) {
  for (const plot of plots.list) {
    const value = plot.data[slot];
    const has_value = value !== undefined && value !== null;
    plot.cursor.setAttribute('x1', plot.x(slot));
    plot.cursor.setAttribute('x2', plot.x(slot));
    plot.here.setAttribute('visibility', has_value ? 'visible' : 'hidden');
    if (has_value) {
      plot.here.setAttribute('cx', plot.x(slot));
      plot.here.setAttribute('cy', plot.y(value));
    }
    plot.figure.textContent = has_value ? number(value) : '';
  }
}
