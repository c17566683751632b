import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { HttpSettings } from '../options.js';

/** Why a request is refused. */
export interface Refusal {
  status: number;
  message: string;
  headers?: Record<string, string>;
}

/**
 * Looks at a request's head: `Host` and `Origin` (403; pages in a browser that resolve their name to this machine fail here), the
 * token (401), the announced size (413). Nothing of the body is read for a request that fails.
 */
export function gate(settings: HttpSettings, port: number): (req: IncomingMessage) => Refusal | undefined {
  const hosts = new Set([...['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`), ...settings.allowed_hosts.map((h) => h.toLowerCase())]);
  const origins = new Set(settings.allowed_origins.map((o) => o.toLowerCase()));
  const token = digest(settings.token);
  return ({ headers }) => {
    if (!hosts.has(headers.host?.toLowerCase() ?? '')) return { status: 403, message: 'this Host is not served here; the operator can allow it with allowed_hosts' };
    if (headers.origin !== undefined && !origins.has(headers.origin.toLowerCase())) {
      return { status: 403, message: 'this Origin may not call; the operator can allow it with allowed_origins' };
    }
    const [, sent] = /^bearer +(\S+)$/i.exec(headers.authorization ?? '') ?? [];
    if (sent === undefined || !timingSafeEqual(digest(sent), token)) {
      return { status: 401, message: 'send the server\'s token as Authorization: Bearer', headers: { 'WWW-Authenticate': 'Bearer' } };
    }
    if (Number(headers['content-length'] ?? 0) > settings.max_body_bytes) return tooLarge(settings);
    return undefined;
  };
}

/** The refusal of a body over the limit. */
export function tooLarge(settings: HttpSettings): Refusal {
  return { status: 413, message: `the request is larger than ${settings.max_body_bytes} bytes` };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest(); // equal lengths, so that the comparison takes the same time for every token
}
