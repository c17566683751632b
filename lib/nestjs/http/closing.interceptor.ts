import { Inject, Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { tap, type Observable } from 'rxjs';
import { FluoriteLifecycle } from '../lifecycle.js';
import { rawResponse } from './response.decorator.js';

/**
 * Answers given while the application closes end their connection. A kept-alive connection would hold the HTTP server, and with it the
 * close, until it times out.
 */
@Injectable()
export class ClosingInterceptor implements NestInterceptor {
  constructor(@Inject(FluoriteLifecycle) private readonly lifecycle: FluoriteLifecycle) {}

  /** Called by Nest. */
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const response = rawResponse(context);
    const mark = (): void => {
      if (this.lifecycle.closing.aborted && !response.headersSent) response.setHeader('connection', 'close');
    };
    return next.handle().pipe(tap({ next: mark, error: mark }));
  }
}
