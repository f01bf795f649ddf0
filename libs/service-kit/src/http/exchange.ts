import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { problem, isProblem, type Problem } from '../errors/problem.ts';
import { describeIssues, summarise } from '../errors/schema-issues.ts';
import { invariant, isBrokenInvariant } from '../invariant.ts';
import type { Logger } from '../logging/logger.ts';
import type { Context, Outcome } from '../routes/answer.ts';
import { anonymous } from './auth.ts';
import {
  discardRest,
  hasBody,
  parseJson,
  readBody,
  refuseByHead,
  tooLarge,
  type BodyResult,
} from './body.ts';
import type { Host, MountedRoute } from './host.ts';
import { writeOutcome } from './write.ts';

/** nginx's number for "the client closed the connection"; only ever seen in metrics and logs. */
const clientGone = 499;

/** A refused client may send this many times the body limit before its connection is cut. */
const discardFactor = 4;

type Raw = Readonly<Record<string, unknown>>;

const refused = Symbol('refused');

/**
 * One request and its answer. This is the pipeline that the hot path and Express share: admission,
 * token, head of the body, body, schema, handler, answer. It is a class because there is one per
 * request: its methods are shared, and what a handler rarely asks for (a signal, a logger) is made only
 * then.
 */
export class Exchange implements Context {
  readonly requestId: string;
  readonly startMs: number;
  caller = anonymous;
  deadlineMs: number;
  readonly #host: Host;
  readonly #mounted: MountedRoute;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #counted: 'no' | 'in-flight' | 'parked' = 'no';
  #phase: 'receiving' | 'handling' | 'answered' = 'receiving';
  #reading = false;
  #gone = false;
  #abort: AbortController | undefined;
  #logger: Logger | undefined;

  constructor(
    host: Host,
    mounted: MountedRoute,
    wire: { readonly request: IncomingMessage; readonly response: ServerResponse },
  ) {
    this.#host = host;
    this.#mounted = mounted;
    this.#request = wire.request;
    this.#response = wire.response;
    this.requestId = host.requestId(wire.request.headers['x-request-id']);
    this.startMs = host.nowMs();
    this.deadlineMs = this.startMs + host.limits.requestTimeoutMs;
  }

  get headers(): IncomingHttpHeaders {
    return this.#request.headers;
  }

  get logger(): Logger {
    return (this.#logger ??= this.#host.logger.child({ request_id: this.requestId }));
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#gone || this.#phase === 'answered') this.#abort.abort();
    }
    return this.#abort.signal;
  }

  park(waitMs: number): Problem | undefined {
    if (this.#counted === 'in-flight') {
      if (!this.#host.gate.park()) {
        return problem('overloaded', 'too many requests are waiting on this node');
      }
      this.#counted = 'parked';
    }
    this.deadlineMs = this.#host.nowMs() + waitMs + this.#host.limits.requestTimeoutMs;
    return undefined;
  }

  /** Takes the request through the pipeline. `params` and `query` are as the router found them. */
  start(params: Raw | undefined, query: Raw | undefined): void {
    const { route } = this.#mounted;
    const host = this.#host;
    if (!route.unbounded) {
      if (!host.gate.enter()) {
        this.settle(problem('overloaded', 'too many requests are at work on this node'));
        return;
      }
      this.#counted = 'in-flight';
    }
    if (!route.open) {
      const { authorization } = this.#request.headers;
      const caller = host.authenticator.callerOf(authorization, this.#request.socket);
      if (caller === undefined) {
        this.settle(unauthenticated(authorization));
        return;
      }
      this.caller = caller;
    }
    host.open.add(this);
    this.#response.once('close', () => this.#closed());
    const { body, rawBody } = route.request;
    if (body === undefined && rawBody === undefined) this.#handle(undefined, params, query);
    else this.#receive(params, query);
  }

  #receive(params: Raw | undefined, query: Raw | undefined): void {
    const request = this.#request;
    const { headers } = request;
    const json = this.#mounted.route.request.rawBody === undefined;
    const limitBytes = this.#host.limits.bodyLimitBytes;
    if (!hasBody(headers)) {
      this.#received({ kind: 'bytes', bytes: Buffer.alloc(0) }, params, query);
      return;
    }
    const objection = refuseByHead(headers, { limitBytes, json });
    if (objection !== undefined) {
      this.settle(objection);
      return;
    }
    if (headers.expect !== undefined) this.#response.writeContinue();
    this.#reading = true;
    readBody(request, limitBytes, (result) => this.#received(result, params, query));
  }

  #received(result: BodyResult, params: Raw | undefined, query: Raw | undefined): void {
    if (this.#phase !== 'receiving') return;
    if (result.kind === 'too-large') {
      this.settle(tooLarge(this.#host.limits.bodyLimitBytes));
    } else if (this.#mounted.route.request.rawBody !== undefined) {
      this.#handle(result.bytes, params, query);
    } else {
      const parsed = parseJson(result.bytes);
      if ('kind' in parsed) this.settle(parsed);
      else this.#handle(parsed.value, params, query);
    }
  }

  #handle(rawBody: unknown, rawParams: Raw | undefined, rawQuery: Raw | undefined): void {
    const { route } = this.#mounted;
    const { request } = route;
    const body = this.#checked(request.body, rawBody, '');
    if (body === refused) return;
    const params = this.#checked(request.params, { ...rawParams }, 'path parameter ');
    if (params === refused) return;
    const query = this.#checked(request.query, { ...rawQuery }, 'query parameter ');
    if (query === refused) return;
    this.#phase = 'handling';
    try {
      const outcome = route.handler({ body, query, params }, this);
      if (outcome instanceof Promise) {
        outcome.then(
          (late) => this.#settleOrFail(late),
          (error: unknown) => this.#fail(error),
        );
      } else this.settle(outcome);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The value as the schema has it, or `refused` once the request has been answered with why not. */
  #checked(schema: z.ZodType | undefined, value: unknown, where: string): unknown {
    if (schema === undefined) return value;
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    this.settle(invalid(where, result.error.issues));
    return refused;
  }

  #settleOrFail(outcome: Outcome): void {
    try {
      this.settle(outcome);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Answers, once: whoever comes later (a handler after its deadline) has nobody left to tell. */
  settle(outcome: Outcome): void {
    if (this.#phase === 'answered') return;
    const status = this.#gone ? clientGone : outcome.status;
    if (!this.#gone) this.#write(outcome);
    this.#phase = 'answered';
    this.#leave();
    this.#mounted.recorder.record(status, this.#host.nowMs() - this.startMs);
    if (this.#host.logsRequests) this.#log(status, outcome);
  }

  #write(outcome: Outcome): void {
    const request = this.#request;
    const response = this.#response;
    const unread = !request.complete && hasBody(request.headers);
    if (this.#host.stopping || (unread && !this.#reading && request.headers.expect !== undefined)) {
      response.shouldKeepAlive = false;
    }
    writeOutcome(response, this.requestId, outcome);
    if (unread) discardRest(request, discardFactor * this.#host.limits.bodyLimitBytes);
  }

  #fail(error: unknown): void {
    this.logger.error('a handler failed', { route: this.#mounted.route.path, error });
    this.settle(problem('internal', 'the request could not be worked on; its id is in the logs'));
    if (isBrokenInvariant(error)) this.#host.onBrokenInvariant(error);
  }

  /** The backstop behind handlers that keep their own deadline: nobody is left without an answer. */
  expire(): void {
    if (this.#phase === 'receiving') {
      this.settle(problem('request_timeout', 'the request body did not arrive in time'));
    } else {
      this.settle(
        this.#mounted.route.readOnly
          ? problem('deadline_exceeded', 'the answer was not ready in time')
          : problem('outcome_unknown', 'the request was not finished in time'),
      );
    }
    this.#abort?.abort();
  }

  /** The service stops: whoever waits is told, and what does not answer is answered by `expire`. */
  cancel(): void {
    if (this.#phase === 'receiving') {
      this.settle(problem('stopping', 'this node is stopping'));
    } else this.#abort?.abort();
  }

  #closed(): void {
    if (this.#phase === 'answered') return;
    this.#gone = true;
    this.#abort?.abort();
    // A handler that is at work is still at work; only a body that will never come is given up here.
    if (this.#phase === 'receiving') this.settle(goneBeforeBody);
  }

  #leave(): void {
    const { gate, open } = this.#host;
    if (this.#counted === 'in-flight') gate.inFlight -= 1;
    else if (this.#counted === 'parked') gate.parked -= 1;
    this.#counted = 'no';
    open.delete(this);
  }

  /** Debug for all of it: what a client does wrong is no news, and what we do wrong is logged as that. */
  #log(status: number, outcome: Outcome): void {
    this.#host.logger.debug('request', {
      request_id: this.requestId,
      method: this.#request.method,
      route: this.#mounted.route.path,
      status,
      ...(isProblem(outcome) ? { code: outcome.code, detail: outcome.detail } : {}),
      caller: this.caller,
      duration_ms: Math.round((this.#host.nowMs() - this.startMs) * 1_000) / 1_000,
    });
  }
}

const goneBeforeBody = problem(
  'request_timeout',
  'the client left before its request was complete',
);

function unauthenticated(authorization: string | undefined): Problem {
  const detail =
    authorization === undefined
      ? 'send a token: "authorization: Bearer <token>"'
      : 'the token in the authorization header is not known';
  return { ...problem('unauthenticated', detail), headers: { 'www-authenticate': 'Bearer' } };
}

function invalid(where: string, issues: Parameters<typeof describeIssues>[0]): Problem {
  const errors = describeIssues(issues);
  invariant(errors.length > 0, 'a schema refused a request without saying why');
  return problem('invalid_request', where + summarise(errors), { errors });
}
