import { STATUS_CODES } from 'node:http';
import { answerOf } from '../../facade/answers.js';
import type { FluoriteError } from '../../index.js';
import { ForeignNamespace } from '../confine.js';
import { HTTP_MEANINGS, type HttpMeaning } from './status.js';

/** A member of a body that was refused. */
export interface InvalidField {
  /** Path to it: `filter.tags`; empty for the body itself. */
  field: string;
  /** What is wrong with it. */
  message: string;
}

/** The body of an error answer, `application/problem+json` (RFC 9457). */
export interface Problem {
  /** `about:blank`: `code` says which kind it is. */
  type: string;
  /** The status in words. */
  title: string;
  /** The status. */
  status: number;
  /** What happened and what to do; no path of the machine stands in it. */
  detail: string;
  /** The code of the {@link FluoriteError}. */
  code: string;
  /** What was refused, where a body was. */
  errors?: InvalidField[];
}

/** The `cause` of an error about a body. */
export class InvalidFields {
  constructor(readonly errors: InvalidField[]) {}
}

/** How a code is told; a code this version does not know is a failure of the server. */
export function meaningOf(error: FluoriteError): HttpMeaning {
  return Object.hasOwn(HTTP_MEANINGS, error.code) ? HTTP_MEANINGS[error.code] : HTTP_MEANINGS.INTERNAL;
}

/** The body for an error. */
export function problemOf(error: FluoriteError): Problem {
  const { status } = meaningOf(error);
  const title = STATUS_CODES[status] ?? 'Client Closed Request';
  const problem: Problem = { type: 'about:blank', title, status, detail: worded(error), code: error.code };
  if (error.cause instanceof InvalidFields) problem.errors = error.cause.errors;
  return problem;
}

/** What a client is told: of a namespace it may not name no more than that. */
function worded(error: FluoriteError): string {
  const { cause } = error;
  return cause instanceof ForeignNamespace ? `${cause.what}: these routes are confined to another namespace: leave namespace out` : answerOf(error);
}
