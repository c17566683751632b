import type { IncomingMessage } from 'node:http';

/** The body as JSON, `undefined` when it is none; `'too large'` as soon as more than `limit` bytes have come. */
export async function readJson(req: IncomingMessage, limit: number): Promise<{ json: unknown } | 'too large' | undefined> {
  const parts: Buffer[] = [];
  let bytes = 0;
  // Leaving the loop must not destroy the request: the socket would go with it, and the answer too.
  for await (const part of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > limit) return 'too large';
    parts.push(part);
  }
  try {
    return { json: JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown };
  } catch {
    return undefined;
  }
}
