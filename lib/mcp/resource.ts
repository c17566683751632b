import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SubscribeRequestSchema, UnsubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';

import type { Core } from './core.js';
import { Notices } from './notices.js';
import { tell } from './told.js';
import { pretty } from './tools/bounded.js';

/** Address of the whole graph; the reference server's. */
export const GRAPH_URI = 'memory://knowledge-graph';

/** Offers the graph as a resource, and tells a client that subscribed when anybody has changed it; quick changes are one notice. */
export function offerGraphResource(server: McpServer, core: Core): void {
  const metadata = { title: 'Knowledge graph', description: 'All entities and relations', mimeType: 'application/json' };
  server.registerResource('knowledge-graph', GRAPH_URI, metadata, async (uri, { signal }) => {
    const done = core.enter();
    try {
      const text = pretty(await core.graph.readGraph(signal));
      return { contents: [{ uri: uri.href, mimeType: 'application/json', text }] };
    } catch (e) {
      const { code, message } = tell(core, uri.href, e);
      throw new Error(`${message} (${code})`);
    } finally {
      done();
    }
  });
  let subscribed = false;
  server.server.registerCapabilities({ resources: { subscribe: true } });
  server.server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    subscribed ||= params.uri === GRAPH_URI;
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    subscribed &&= params.uri !== GRAPH_URI;
    return {};
  });
  const notices = new Notices(async () => {
    if (subscribed) await server.server.sendResourceUpdated({ uri: GRAPH_URI });
  });
  const forget = core.graph.onChange(() => {
    if (subscribed) notices.changed();
  });
  const { onclose } = server.server;
  server.server.onclose = () => {
    forget();
    notices.end();
    onclose?.();
  };
}
