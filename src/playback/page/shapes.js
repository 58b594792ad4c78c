// What units look like: paths in a circle of radius 1. A kind without a shape of its own is a disc with
// its first letters.
function polygon(n, radius, turn = 0) {
  return star(n, radius, radius, turn);
}

// 2 n corners that lie outside and inside in turn, the first at the top.
function star(n, outer, inner, turn = 0) {
  let path = '';
  for (let i = 0; i < 2 * n; ++i) {
    const angle = Math.PI * (i / n - .5) + turn;
    const radius = i % 2 === 0 ? outer : inner;
    path += (i ? 'L' : 'M') + (radius * Math.cos(angle)).toFixed(3) + ' ' + (radius * Math.sin(angle)).toFixed(3);
  }
  return path + 'Z';
}

const disc = 'M-.9 0A.9 .9 0 1 0 .9 0A.9 .9 0 1 0-.9 0Z';

// body: filled; wire: lines around it; pit: eyes and the like; text: size of the label, 0 for none.
const shapes = {
  hunter: {body: disc, text: 1.1},
  marine: {body: disc, text: 1.1},
  marauder: {body: 'M-.62-.92H.62L1 .1L.62 .92H-.62L-1 .1Z', text: 1.1},
  medivac: {body: 'M-.42-1H.42V-.42H1V.42H.42V1H-.42V.42H-1V-.42H-.42Z', text: 1},
  stalker: {body: 'M0-.82L.78 0L0 .82L-.78 0Z', wire: 'M.5-.5L1.1-.75M-.5-.5L-1.1-.75M.5 .5L.95 1M-.5 .5L-.95 1', text: .85},
  zealot: {body: 'M-.68-.68H.68V.25L0 .9L-.68 .25Z', wire: 'M.86-.3L1.2-1M-.86-.3L-1.2-1', text: .95},
  colossus: {body: 'M-.75-1H.75L.98-.3H-.98Z', wire: 'M-.72-.3L-1 1.05M.72-.3L1 1.05M-.26-.3L-.34 .95M.26-.3L.34 .95', text: .66, text_y: -.64},
  zergling: {body: 'M0-.95L.92 .72L0 .38L-.92 .72Z', wire: 'M.3-.7Q.9-.9 .95-.25M-.3-.7Q-.9-.9-.95-.25', text: .7, text_y: .02},
  baneling: {body: star(9, 1, .78), text: .95},
  spine_crawler: {body: star(5, 1.1, .58), text: .85},
  hydralisk: {body: 'M0-1C.95-.95 .98 .1 .45 .5C.3 .75 .55 .9 .8 1C.1 1.1-.35 .85-.3 .5C-.98 .2-.95-.95 0-1Z', text: .95, text_y: -.18},
  stag: {
    body: 'M-.36-.18L-.78-.36L-.52 .02L-.4 .12L-.24 .82Q0 1.08 .24 .82L.4 .12L.52 .02L.78-.36L.36-.18Q0-.3-.36-.18Z',
    wire: 'M-.22-.3Q-.36-.62-.3-1.02M-.3-.56Q-.72-.6-.74-1.02M.22-.3Q.36-.62 .3-1.02M.3-.56Q.72-.6 .74-1.02',
    pit: 'M-.3 .16a.08 .08 0 1 0 .16 0a.08 .08 0 1 0-.16 0M.14 .16a.08 .08 0 1 0 .16 0a.08 .08 0 1 0-.16 0', text: 0},
  hare: {
    body: 'M-.3-.05C-.62-.7-.5-1.1-.28-1.08C-.04-1.02-.06-.5-.06-.12H.06C.06-.5 .04-1.02 .28-1.08C.5-1.1 .62-.7 .3-.05C.72 .2 .62 .9 0 .92C-.62 .9-.72 .2-.3-.05Z',
    pit: 'M-.3 .32a.09 .09 0 1 0 .18 0a.09 .09 0 1 0-.18 0M.12 .32a.09 .09 0 1 0 .18 0a.09 .09 0 1 0-.18 0', text: 0},
  food: {body: 'M-.1-.5C-.5-.85-1-.5-.92 .1C-.86 .7-.4 1.05 0 .82C.4 1.05 .86 .7 .92 .1C1-.5 .5-.85 .1-.5Q.02-.4-.1-.5Z', wire: 'M0-.5Q0-.9 .3-1.1', text: 1},
  landmark: {body: 'M0-1.15L1.15 0L0 1.15L-1.15 0Z', text: .8},
  robot: {body: 'M-.62-.85H.62Q.9-.85 .9-.57V.57Q.9 .85 .62 .85H-.62Q-.9 .85-.9 .57V-.57Q-.9-.85-.62-.85Z', text: 1.05},
};
const unknown = {body: disc, text: .82, is_named: true};

function shape_of(kind) {
  return Object.hasOwn(shapes, kind) ? shapes[kind] : unknown;
}

// The paths of a kind, in units of its radius.
function add_body(parent, kind) {
  const form = shape_of(kind);
  if (form.wire) shape('path', {class: 'wire', d: form.wire}, parent);
  shape('path', {class: 'body', d: form.body}, parent);
  if (form.pit) shape('path', {class: 'pit', d: form.pit}, parent);
}

function label_of(look) {
  if (look.label) return look.label;
  if (look.agent >= 0) return String(look.agent);
  return shape_of(look.kind).is_named ? look.kind.slice(0, 2) : '';
}

// "spine crawler", with its number where it has one
function name_of(look) {
  const kind = look.kind.replaceAll('_', ' ') || 'unit';
  const mark = look.label || (look.agent >= 0 ? String(look.agent) : '');
  return mark ? kind + ' ' + mark : kind;
}
