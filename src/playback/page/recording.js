// The recording, as page_json() in src/playback/page.cpp writes it, and small helpers.
const recording = JSON.parse(document.getElementById('recording').textContent);
const element = (id) => document.getElementById(id);

// What changes rarely is written where it changes: null stands for the value of the slot before.
function fill(list) {
  for (let t = 1; t < list.length; ++t) if (list[t] === null) list[t] = list[t - 1];
}

for (const episode of recording.episodes) {
  episode.length = episode.rewards.length;
  episode.returns = [0];
  for (const reward of episode.rewards) episode.returns.push(episode.returns.at(-1) + reward);
  if (!episode.units) continue;
  fill(episode.ground);
  fill(episode.looks);
}

// An element of the page or, with the name space, of a drawing. Texts are set as text: no name is ever
// read as markup.
function make(name, attributes = {}, parent = null, text = null) {
  const made = document.createElement(name);
  return dress(made, attributes, parent, text);
}

function shape(name, attributes = {}, parent = null, text = null) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  return dress(made, attributes, parent, text);
}

function dress(made, attributes, parent, text) {
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== null) made.textContent = text;
  if (parent) parent.append(made);
  return made;
}

// With a true minus sign; "n/a" for what was not finite.
function number(value, digits = 2) {
  if (value === null || value === undefined) return 'n/a';
  const text = value.toFixed(digits);
  const is_zero = Number(text) === 0;
  return (is_zero ? text.replace('-', '') : text).replace('-', '\u2212');
}

// As few digits as it takes.
function brief(value) {
  return number(value, Number.isInteger(value) ? 0 : 2);
}

// Lowest and highest of the numbers, whatever stands between them.
function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : [0, 0];
}
