// Where we are, and the ways to move: buttons, keys, and the fragment of the address (docs/replay.md).
const kStepMilliseconds = 320;  // at speed 1
const kRestMilliseconds = 1600;  // at the end of an episode
const kSpeeds = [.25, .5, 1, 2, 4, 8];
const at = {episode: 0, slot: 0, speed: 1, is_playing: false, timer: 0};
const faults = [];

const current_episode = () => recording.episodes[at.episode];

function draw(has_jumped) {
  const episode = current_episode(), {slot} = at;
  const seconds = has_jumped ? 0 : kStepMilliseconds / at.speed / 1000;
  document.body.style.setProperty('--move', (.85 * Math.min(seconds, .4)).toFixed(3) + 's');
  draw_world(episode, slot);
  draw_values(episode, slot);
  draw_plots(slot);
  element('step').replaceChildren(String(slot));
  make('small', {}, element('step'), ' / ' + episode.length);
  element('reward').textContent = slot > 0 ? brief(episode.rewards[slot - 1]) : '\u2013';
  element('return').textContent = brief(episode.returns[slot]);
  element('q_tot').textContent = episode.q_tot && slot < episode.length ? number(episode.q_tot[slot]) : '\u2013';
  element('scrubber').value = slot;
  element('scrubber').style.setProperty('--done', slot / Math.max(1, episode.length));
  document.body.classList.toggle('playing', at.is_playing);
  report();
}

function open_episode(index, slot = 0) {
  if (index < 0 || index >= recording.episodes.length) return;
  at.episode = index;
  at.slot = Math.min(Math.max(0, slot), current_episode().length);
  element('episode').value = index;
  element('scrubber').max = current_episode().length;
  build_world(current_episode());
  build_values(current_episode());
  build_plots(current_episode());
  draw(true);
  if (at.is_playing) wait();
}

function go_to(slot) {
  const before = at.slot;
  at.slot = Math.min(Math.max(0, slot), current_episode().length);
  draw(Math.abs(at.slot - before) > 1);
}

function wait() {
  clearTimeout(at.timer);
  const is_over = at.slot === current_episode().length;
  at.timer = setTimeout(tick, is_over ? kRestMilliseconds : kStepMilliseconds / at.speed);
}

// A step further; at the end of an episode on to the next; at the end of the last one it is over.
function tick() {
  if (!at.is_playing) return;
  if (at.slot < current_episode().length) {
    go_to(at.slot + 1);
    wait();
  } else if (at.episode + 1 < recording.episodes.length) {
    open_episode(at.episode + 1);
  } else {
    pause();
  }
}

function play() {
  at.is_playing = true;
  const is_at_end = at.slot === current_episode().length;
  if (is_at_end) at.slot = 0;
  draw(is_at_end);
  wait();
}

function pause() {
  clearTimeout(at.timer);
  if (!at.is_playing) return;
  at.is_playing = false;
  draw(false);
}

function step(by) {
  pause();
  go_to(at.slot + by);
}

function set_speed(speed) {
  if (!kSpeeds.includes(speed)) return;
  at.speed = speed;
  element('speed').value = speed;
  if (at.is_playing) wait();
}

const keys = {
  ' ': () => (at.is_playing ? pause() : play()),
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowDown: () => open_episode(at.episode + 1),
  ArrowUp: () => open_episode(at.episode - 1),
  Home: () => step(-Infinity),
  End: () => step(Infinity),
  '+': () => set_speed(at.speed * 2),
  '-': () => set_speed(at.speed / 2),
};

function listen() {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || !Object.hasOwn(keys, event.key)) return;
    // a list that is open keeps the keys it knows
    if (event.target.tagName === 'SELECT' && event.key !== ' ') return;
    event.preventDefault();
    keys[event.key]();
  });
  // a button that was clicked would take the space bar
  for (const button of document.querySelectorAll('#transport button')) {
    button.addEventListener('keydown', (event) => { if (event.key === ' ') event.preventDefault(); });
    button.addEventListener('keyup', (event) => { if (event.key === ' ') event.preventDefault(); });
  }
  element('play').addEventListener('click', keys[' ']);
  element('first').addEventListener('click', keys.Home);
  element('last').addEventListener('click', keys.End);
  element('back').addEventListener('click', keys.ArrowLeft);
  element('forward').addEventListener('click', keys.ArrowRight);
  element('scrubber').addEventListener('input', (event) => {
    pause();
    go_to(Number(event.target.value));
  });
  element('episode').addEventListener('change', (event) => open_episode(Number(event.target.value)));
  element('speed').addEventListener('change', (event) => set_speed(Number(event.target.value)));
  let width = window.innerWidth;
  window.addEventListener('resize', () => {
    if (window.innerWidth === width) return;
    width = window.innerWidth;
    build_plots(current_episode());
    draw_plots(at.slot);
  });
  window.addEventListener('error', (event) => { faults.push(String(event.message)); report(); });
}

// With `test` in the fragment: what the page shows, for a program that reads it.
function report() {
  const check = element('self-check');
  if (!check) return;
  const texts = (query) => [...document.querySelectorAll(query)].map((found) => found.textContent);
  check.textContent = JSON.stringify({
    episode: at.episode, step: at.slot, length: current_episode().length, playing: at.is_playing, speed: at.speed,
    episodes: element('episode').options.length,
    units: document.querySelectorAll('.unit:not(.state2)').length, dead: document.querySelectorAll('.unit.state2').length,
    ground: world.ground ? world.ground.querySelectorAll('rect').length : 0,
    deeds: document.querySelectorAll('#world .deed').length, bars: document.querySelectorAll('.unit .bar-back').length,
    sights: document.querySelectorAll('#world .sight').length, rows: values.rows.length,
    chosen: document.querySelectorAll('td.chosen').length, unavailable: document.querySelectorAll('td.off').length,
    values: texts('#values td span'), q_tot: element('q_tot').textContent, return: element('return').textContent,
    title: element('title').textContent, text: world.text ? world.text.textContent : '', plots: plots.list.length,
    overflow: document.documentElement.scrollWidth > window.innerWidth, faults,
  }).replaceAll('<', '\\u003c');
}

// e=2 t=5 speed=4 unit=0 play test keys=ArrowRight,Space: all optional, joined by &
function follow_fragment() {
  const wish = new URLSearchParams(window.location.hash.slice(1));
  const whole = (name, otherwise) => {
    const value = Number.parseInt(wish.get(name), 10);
    return Number.isNaN(value) ? otherwise : value;
  };
  if (wish.has('test')) make('script', {id: 'self-check', type: 'application/json'}, document.body);
  if (wish.has('speed')) set_speed(Number(wish.get('speed')));
  const index = Math.min(Math.max(1, whole('e', 1)), recording.episodes.length) - 1;
  open_episode(index, whole('t', 0));
  if (wish.has('unit')) pin_unit(whole('unit', -1));
  for (const key of (wish.get('keys') || '').split(',').filter(Boolean)) {
    document.dispatchEvent(new KeyboardEvent('keydown', {key: key === 'Space' ? ' ' : key, bubbles: true}));
  }
  const is_calm = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  if (wish.has('play') || (window.location.hash === '' && !is_calm)) play();
  report();
}

function start() {
  element('title').textContent = document.title = recording.title;
  element('checkpoint').textContent = element('checkpoint').title = recording.checkpoint;
  recording.episodes.forEach((episode, i) => {
    make('option', {value: i}, element('episode'), `${i + 1} of ${recording.episodes.length} \u00b7 return ` +
         `${brief(episode.return)} \u00b7 ${episode.length} steps`);
  });
  for (const speed of kSpeeds) make('option', {value: speed}, element('speed'), speed + '\u00d7');
  set_speed(1);
  document.querySelector('#figures .total').hidden = !recording.episodes[0].q_tot;
  listen();
  follow_fragment();
}

start();
