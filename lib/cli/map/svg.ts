import type { MapPoint } from '../../facade/types/index.js';
import { colourOf } from './colours.js';
import { legendOf } from './legend.js';

/** Above this many points none has a title: the file would be several times larger. */
const TITLED = 20_000;
const MARGIN = 20;
const LEGEND = 300;
const LINE = 20;

/** Text for XML: escaped, without the characters XML 1.0 does not allow. */
export function escaped(text: string): string {
  const allowed = text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd').replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd');
  return allowed.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** The map as SVG: a dot for each chunk with its id as title, coloured by cluster, and a legend. `size` is the longer side in pixels. */
export function svg(points: readonly MapPoint[], size: number): string {
  const height = MARGIN * 2 + size * points.reduce((most, p) => Math.max(most, p.y), 0.2); // not Math.max(...): there may be 200,000
  const radius = dotOf(points.length, size);
  const at = (n: number): string => n.toFixed(1);
  const groups = grouped(points);
  const titled = points.length <= TITLED;
  const legend = legendOf(points);
  const full = Math.max(height, MARGIN * 2 + LINE * legend.length);
  const dot = (p: MapPoint): string => {
    const place = `cx="${at(MARGIN + p.x * size)}" cy="${at(height - MARGIN - p.y * size)}"`;
    return titled ? `<circle ${place}><title>${escaped(p.id)}</title></circle>` : `<circle ${place}/>`;
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${at(size + MARGIN * 3 + LEGEND)}" height="${at(full)}" font-family="sans-serif" font-size="13">`,
    `<title>${points.length} chunks</title>`,
    '<style>circle{r:' + radius.toFixed(2) + 'px}.dots circle{fill-opacity:.75}</style>',
    '<rect width="100%" height="100%" fill="#fff"/>',
    '<g class="dots">',
    ...[...groups].sort(([a], [b]) => (a ?? -1) - (b ?? -1)).map(([cluster, list]) => `<g fill="${colourOf(cluster)}">${list.map(dot).join('\n')}</g>`),
    '</g>',
    ...legend.map(({ cluster, text }, i) => {
      const y = MARGIN + LINE * i + LINE / 2;
      const mark = cluster === undefined ? '' : `<rect x="${at(size + MARGIN * 2)}" y="${at(y - 6)}" width="12" height="12" fill="${colourOf(cluster)}"/>`;
      return `${mark}<text x="${at(size + MARGIN * 2 + 20)}" y="${at(y + 4)}">${escaped(text)}</text>`;
    }),
    '</svg>',
    '',
  ].join('\n');
}

/** Radius of a dot in pixels: smaller where there are many. */
export function dotOf(points: number, size: number): number {
  return Math.min(Math.max((size / 4) / Math.sqrt(Math.max(points, 1)), size / 1000), size / 200);
}

/** By cluster (Node 20 has no `Map.groupBy`). */
function grouped(points: readonly MapPoint[]): Map<number | null, MapPoint[]> {
  const groups = new Map<number | null, MapPoint[]>();
  for (const p of points) {
    const list = groups.get(p.cluster);
    if (list) list.push(p);
    else groups.set(p.cluster, [p]);
  }
  return groups;
}
