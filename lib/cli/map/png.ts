import { crc32, deflateSync } from 'node:zlib';

import type { MapPoint } from '../../facade/types/index.js';
import { colourOf } from './colours.js';
import { dotOf } from './svg.js';

const MARGIN = 10;

/** The dots of a map as PNG (8-bit RGB); no legend, which would need a font. `size` is the longer side in pixels, without the margin. */
export function png(points: readonly MapPoint[], size: number): Buffer {
  const width = size + 2 * MARGIN;
  const height = Math.round(size * points.reduce((most, p) => Math.max(most, p.y), 0.2)) + 2 * MARGIN;
  const stride = width * 3 + 1; // each line begins with its filter: none
  const lines = Buffer.alloc(stride * height, 0xff);
  for (let y = 0; y < height; y++) lines[y * stride] = 0;
  const radius = Math.max(dotOf(points.length, size), 0.8);
  for (const p of points) {
    const [cx, cy] = [MARGIN + p.x * size, height - MARGIN - p.y * size];
    const colour = Number.parseInt(colourOf(p.cluster).slice(1), 16);
    for (let y = Math.max(Math.floor(cy - radius), 0); y <= Math.min(Math.ceil(cy + radius), height - 1); y++) {
      for (let x = Math.max(Math.floor(cx - radius), 0); x <= Math.min(Math.ceil(cx + radius), width - 1); x++) {
        if ((x - cx) ** 2 + (y - cy) ** 2 <= radius * radius) lines.writeUIntBE(colour, y * stride + 1 + x * 3, 3);
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, filters by line, not interlaced
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, piece('IHDR', header), piece('IDAT', deflateSync(lines)), piece('IEND', Buffer.alloc(0))]);
}

/** Length, name, data, checksum. */
function piece(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const all = Buffer.alloc(body.length + 8);
  all.writeUInt32BE(data.length, 0);
  body.copy(all, 4);
  all.writeUInt32BE(crc32(body), body.length + 4);
  return all;
}
