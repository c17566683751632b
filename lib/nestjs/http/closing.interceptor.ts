import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { tap, type Observable } from 'rxjs';
import { FluoriteLifecycle } from '../lifecycle.js';

/**
 * Answers given while the application closes end their connection. A kept-alive connection would hold the HTTP server, and with it the
 * close, until it times out.
 */
@Injectable()
export class ClosingInterceptor implements NestInterceptor {
  constructor(@Inject(FluoriteLifecycle) private readonly lifecycle: FluoriteLifecycle) {}

  /** Called by Nest. */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const reply = context.switchToHttp().getResponse<ServerResponse & { raw?: ServerResponse }>();
    const response = reply.raw ?? reply;
    const mark = (): void => {
      if (this.lifecycle.closing.aborted && !response.headersSent) response.setHeader('connection', 'close');
    };
    return next.handle().pipe(tap({ next: mark, error: mark }));
  }
}
