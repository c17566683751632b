// Recall against p50 latency, one line per engine, as SVG written by hand. Better is to the right and down.
import { front } from './fronts.mjs';

const W = 860, H = 520, LEFT = 70, RIGHT = 190, TOP = 50, BOTTOM = 60;
const COLOURS = ['#d62728', '#1f77b4', '#17becf', '#2ca02c', '#9467bd', '#e377c2', '#8c564b', '#7f7f7f', '#bcbd22'];
const text = (x, y, what, more = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${what.replace(/&/g, '&amp;').replace(/</g, '&lt;')}</text>`;

export function plot(name, { engines }) {
  const lines = Object.entries(engines).map(([engine, e], i) => ({ engine, colour: COLOURS[i % COLOURS.length], points: front(e.sweep, 'p50_us') }));
  const all = lines.flatMap((l) => l.points);
  const least = Math.max(0.8, Math.floor(Math.min(...all.map((p) => p.recall)) * 20) / 20);
  const low = 10 ** Math.floor(Math.log10(Math.min(...all.map((p) => p.us)))), high = 10 ** Math.ceil(Math.log10(Math.max(...all.map((p) => p.us))));
  const x = (recall) => LEFT + ((recall - least) / (1 - least)) * (W - LEFT - RIGHT);
  const y = (us) => TOP + (1 - Math.log(us / low) / Math.log(high / low)) * (H - TOP - BOTTOM);
  const out = [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${W} ${H}" font-family="sans-serif" font-size="13" fill="#222">`, `<rect width="${W}" height="${H}" fill="#fff"/>`];
  out.push(text(LEFT, 28, `${name}: recall@10 and p50 of one query (right and down is better)`, 'font-size="16"'));
  const line = (x1, y1, x2, y2, stroke) => out.push(`<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${stroke}"/>`);
  for (let step = Math.round(least * 50); step <= 50; step++) {
    line(x(step / 50), TOP, x(step / 50), H - BOTTOM, '#ddd');
    out.push(text(x(step / 50), H - BOTTOM + 20, (step / 50).toFixed(2), 'text-anchor="middle"'));
  }
  for (let decade = low; decade <= high; decade *= 10) {
    for (const m of decade === high ? [1] : [1, 2, 5]) {
      line(LEFT, y(m * decade), W - RIGHT, y(m * decade), m === 1 ? '#bbb' : '#eee');
      out.push(text(LEFT - 8, y(m * decade) + 4, (m * decade).toLocaleString('en'), 'text-anchor="end"'));
    }
  }
  out.push(text((LEFT + W - RIGHT) / 2, H - 15, 'recall@10', 'text-anchor="middle"'));
  out.push(text(0, 0, 'p50, us', `text-anchor="middle" transform="translate(18 ${(TOP + H - BOTTOM) / 2}) rotate(-90)"`));
  lines.forEach(({ engine, colour, points }, i) => {
    const shown = points.filter((p) => p.recall >= least);
    const width = engine === 'fluorite' ? 3 : 1.6;
    out.push(`<polyline points="${shown.map((p) => `${x(p.recall).toFixed(1)},${y(p.us).toFixed(1)}`).join(' ')}" fill="none" stroke="${colour}" stroke-width="${width}"/>`);
    for (const p of shown) out.push(`<circle cx="${x(p.recall).toFixed(1)}" cy="${y(p.us).toFixed(1)}" r="${width + 1}" fill="${colour}"><title>${engine} ${p.knob}: ${p.recall.toFixed(4)}, ${p.us} us</title></circle>`);
    const at = TOP + 12 + i * 22;
    line(W - RIGHT + 15, at, W - RIGHT + 45, at, colour);
    out.push(`<circle cx="${W - RIGHT + 30}" cy="${at}" r="4" fill="${colour}"/>`, text(W - RIGHT + 52, at + 4, engine));
  });
  return `${out.join('\n')}\n</svg>\n`;
}
