import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { CallToolResult, ServerNotification, ServerRequest, ToolAnnotations } from '@modelcontextprotocol/sdk/types.js';
import type { z, ZodRawShape, ZodTypeAny } from 'zod';

import type { Progress } from '../index.js';
import type { Core } from './core.js';
import { tell } from './told.js';

/** What a tool gets beside its arguments. */
export interface ToolCall {
  /** Aborted when the client cancels the request or goes away. */
  signal: AbortSignal;
  /** Passes progress on when the client asked for it. */
  progress: ((p: Progress) => void) | undefined;
}

/** A tool: what clients are told of it, and what it does. */
export interface Tool<I extends ZodTypeAny, O extends ZodRawShape> {
  name: string;
  title: string;
  description: string;
  input: I;
  output: O;
  annotations: ToolAnnotations;
  /** The text block for what `run` returned: its JSON when absent. */
  text?: (result: z.output<z.ZodObject<O>>) => string;
  run(args: z.output<I>, call: ToolCall): Promise<z.output<z.ZodObject<O>>>;
}

/** Offers a tool to clients of a server. */
export function offer<I extends ZodTypeAny, O extends ZodRawShape>(server: McpServer, core: Core, tool: Tool<I, O>): void {
  const { name, title, description, annotations, input, output } = tool;
  const handler = async (args: unknown, extra: Extra): Promise<CallToolResult> => {
    const done = core.enter();
    try {
      const result = await tool.run(args as z.output<I>, { signal: extra.signal, progress: progressOf(extra) });
      const text = tool.text?.(result) ?? JSON.stringify(result);
      return { content: [{ type: 'text', text }], structuredContent: result as Record<string, unknown> };
    } catch (e) {
      return failure(core, name, e);
    } finally {
      done();
    }
  };
  // The SDK's overloads infer the handler from the schemas, which generic schemas are too deep for; `Tool` has checked it.
  const register = server.registerTool.bind(server) as (name: string, config: object, handler: unknown) => void;
  register(name, { title, description, annotations, inputSchema: input, outputSchema: output }, handler);
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

function progressOf(extra: Extra): ((p: Progress) => void) | undefined {
  const progressToken = extra._meta?.progressToken;
  if (progressToken === undefined) return undefined;
  return ({ phase, done, total }) => {
    const params = { progressToken, progress: done, message: phase, ...(total === null ? {} : { total }) };
    extra.sendNotification({ method: 'notifications/progress', params }).catch(() => undefined); // the client is gone
  };
}

/** The answer for an error: its message and code. */
function failure(core: Core, name: string, e: unknown): CallToolResult {
  const { code, message } = tell(core, name, e);
  return { content: [{ type: 'text', text: `${message} (${code})` }], isError: true, _meta: { 'fluorite/code': code } };
}
