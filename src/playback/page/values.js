// The values of every agent's actions: a row an agent, a column an action. A bar shows where a value lies
// between the agent's lowest and highest of this step, since that is what it chooses by.
const kMostWithNumbers = 9;  // actions
const values = {rows: []};

function build_values(episode) {
  const panel = element('values');
  panel.replaceChildren();
  const title = make('h2', {}, panel, 'Values of the actions');
  make('span', {}, title, 'outlined: chosen \u00b7 hatched: unavailable');
  const dense = recording.n_actions > kMostWithNumbers;
  const table = make('table', dense ? {class: 'dense'} : {}, make('div', {class: 'scroller'}, panel));
  const head = make('tr', {}, make('thead', {}, table));
  make('th', {}, head);
  const body = make('tbody', {}, table);
  const is_shared = (u) => episode.names.every((names) => names[u] === episode.names[0][u]);
  for (let u = 0; u < recording.n_actions; ++u) {
    make('span', {}, make('th', {}, head), is_shared(u) ? episode.names[0][u] : String(u));
  }
  values.table = table;
  values.dense = dense;
  values.rows = episode.names.map((names, agent) => build_row(body, names, agent));
  const all = extent(episode.utilities.flat());
  values.digits = Math.max(Math.abs(all[0]), Math.abs(all[1])) < .1 ? 4 : 2;
}

function build_row(body, names, agent) {
  const row = make('tr', {}, body);
  const head = make('th', {scope: 'row'}, row);
  make('b', {}, head, String(agent));
  const does = make('span', {class: 'does'}, head);
  head.addEventListener('click', () => pin_agent(agent));
  row.addEventListener('pointerenter', () => { if (unit_of(agent) >= 0) show_unit(unit_of(agent)); });
  row.addEventListener('pointerleave', () => show_unit(world.pinned));
  const cells = names.map(() => {
    const cell = make('td', {}, row);
    return {cell, text: make('span', {}, cell), bar: make('i', {}, cell)};
  });
  return {row, does, cells, names};
}

function draw_values(episode, slot) {
  const has_ended = slot === episode.length;
  values.table.classList.toggle('ended', has_ended);
  const n = recording.n_actions;
  values.rows.forEach((row, agent) => {
    const qs = episode.utilities[slot].slice(agent * n, (agent + 1) * n);
    const avail = [...episode.avail[slot].slice(agent * n, (agent + 1) * n)].map((flag) => flag === '1');
    const chosen = has_ended ? -1 : episode.actions[slot][agent];
    const [low, high] = extent(qs.filter((q, u) => avail[u]));
    row.cells.forEach(({cell, text, bar}, u) => {
      cell.className = avail[u] ? (u === chosen ? 'chosen' : '') : 'off';
      const shown = avail[u] ? number(qs[u], values.digits) : '\u2013';
      cell.title = `agent ${agent}, ${row.names[u]}: ` + (avail[u] ? shown : 'unavailable');
      if (!values.dense) text.textContent = shown;
      const place = high > low ? (qs[u] - low) / (high - low) : 1;
      bar.style.setProperty('--f', avail[u] && qs[u] !== null ? place.toFixed(3) : 0);
    });
    row.row.classList.toggle('out', avail.filter(Boolean).length < 2);
    let does = has_ended ? '' : row.names[chosen];
    if (values.dense && !has_ended) does += ' ' + number(qs[chosen], values.digits);
    row.does.textContent = values.dense ? does : '';
  });
}

function mark_agent(agent) {
  values.rows.forEach(({row}, i) => row.classList.toggle('shown', i === agent));
}
