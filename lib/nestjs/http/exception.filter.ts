import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { throwError } from 'rxjs';
import { FluoriteError } from '../../index.js';
import { meaningOf, problemOf } from './problem.js';

/** What Express and Fastify have in common. */
interface Reply {
  headersSent?: boolean;
  sent?: boolean;
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  send(body: unknown): unknown;
  end?(): void;
}

/**
 * Answers a {@link FluoriteError} with the HTTP status of its code and a problem body (RFC 9457); see `docs/nestjs.md` for the table.
 * The module's own controllers use it; for yours `app.useGlobalFilters(new FluoriteExceptionFilter())`. Express and Fastify.
 * Failures of the server are logged in full through Nest's `Logger`; that it is busy or closed is not one. Outside HTTP the error goes
 * on as it is.
 */
@Catch(FluoriteError)
export class FluoriteExceptionFilter implements ExceptionFilter<FluoriteError> {
  readonly #logger = new Logger('Fluorite');

  /** Called by Nest. */
  catch(error: FluoriteError, host: ArgumentsHost): unknown {
    if (host.getType() === 'rpc') return throwError(() => error); // a microservice wants a stream
    if (host.getType() !== 'http') throw error;
    const reply = host.switchToHttp().getResponse<Reply>();
    const { status, retry_after } = meaningOf(error);
    if (status >= 500 && retry_after === undefined) this.#logger.error(`${error.code}: ${error.message}`, error.stack);
    if (reply.headersSent === true || reply.sent === true) {
      return reply.end?.();
    }
    reply.status(status).header('content-type', 'application/problem+json');
    if (retry_after !== undefined) reply.header('retry-after', String(retry_after));
    return reply.send(problemOf(error));
  }
}
