import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { ServerResponse } from 'node:http';

/** A signal that is aborted when the client goes away before it has its answer: nobody needs the result of its search. */
export const RequestSignal = createParamDecorator((_: unknown, context: ExecutionContext): AbortSignal => {
  const reply = context.switchToHttp().getResponse<ServerResponse & { raw?: ServerResponse }>();
  const response = reply.raw ?? reply; // Fastify wraps it
  const abort = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) abort.abort();
  });
  return abort.signal;
});
