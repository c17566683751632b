import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { ServerResponse } from 'node:http';

/** Node's own response; Fastify wraps it. */
export function rawResponse(context: ExecutionContext): ServerResponse {
  const reply = context.switchToHttp().getResponse<ServerResponse & { raw?: ServerResponse }>();
  return reply.raw ?? reply;
}

/** Injects {@link rawResponse}. */
export const RawResponse = createParamDecorator((_: unknown, context: ExecutionContext) => rawResponse(context));

/** A signal that is aborted when the client goes away before it has its answer: nobody needs the result of its search. */
export const RequestSignal = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal => {
  const response = rawResponse(context);
  const abort = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) abort.abort();
  });
  return abort.signal;
});
