// Compiled, never run: the MCP server.
import { expectTypeOf } from 'expect-type';
import type { FluoriteBridge } from 'fluorite-bridge';
import { importGraph, KnowledgeGraph, runMcpServer, startMcpServer, type Graph, type ImportReport, type McpServerHandle } from 'fluorite-bridge/mcp';

declare const bridge: FluoriteBridge;

expectTypeOf(await startMcpServer({ config: { memory_path: './memory' }, port: 0, token: 'secret', max_body_bytes: 1 })).toEqualTypeOf<McpServerHandle>();
expectTypeOf(startMcpServer({ bridge, maxOutputTokens: 2_000, spikePaths: ['./spikes'] })).resolves.toHaveProperty('url').toEqualTypeOf<string | null>();
expectTypeOf(runMcpServer({ bridge })).resolves.toEqualTypeOf<void>();
// @ts-expect-error not an option
void startMcpServer({ bridge, ports: 1 });
// @ts-expect-error a number
void startMcpServer({ bridge, port: '1' });

const graph = new KnowledgeGraph(bridge);
expectTypeOf(graph.readGraph()).resolves.toEqualTypeOf<Graph>();
expectTypeOf(importGraph(graph, 'memory.jsonl', { on_progress: ({ done }) => void done })).resolves.toEqualTypeOf<ImportReport>();
