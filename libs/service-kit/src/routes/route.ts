import type { z } from 'zod';
import { invariant } from '../invariant.ts';
import type { Context, Outcome } from './answer.ts';
import { assertStrict } from './strictness.ts';

export type Method = 'get' | 'post' | 'put' | 'delete' | 'patch';

export interface ResponseSpec {
  readonly description: string;
  readonly body?: z.ZodType;
  /** For answers that are not JSON. */
  readonly mediaType?: string;
}

export interface RequestSpec<B, Q, P> {
  /** The JSON body. An absent body is read as `{}`: the schema says what is missing. */
  readonly body?: z.ZodType<B>;
  /** Instead of `body`: the bytes as they are, of any content type. */
  readonly rawBody?: { readonly description: string };
  readonly query?: z.ZodType<Q>;
  readonly params?: z.ZodType<P>;
}

export interface Input<B, Q, P> {
  readonly body: B;
  readonly query: Q;
  readonly params: P;
}

export interface RouteSpec<B, Q, P> {
  readonly method: Method;
  /** As OpenAPI writes it: `/queue/{queue}`. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tag?: string;
  readonly request?: RequestSpec<B, Q, P>;
  readonly responses: Readonly<Record<number, ResponseSpec>>;
  /** Codes of the problems this route answers, beside those that any route may. */
  readonly problems?: readonly string[];
  /** Needs no token, for probes and the documentation. */
  readonly open?: boolean;
  /** Answered even when the node is overloaded or the process is stopping. */
  readonly unbounded?: boolean;
  /** Changes nothing, so that an answer that is late leaves nothing unknown. GET routes are. */
  readonly readOnly?: boolean;
  /** Answered in front of Express; POST with an exact path only. */
  readonly hot?: boolean;
  /** Left out of the OpenAPI document. */
  readonly hidden?: boolean;
  readonly handler: (input: Input<B, Q, P>, context: Context) => Outcome | Promise<Outcome>;
}

/** A route whose types have done their work: the pipeline checks what they promised. */
export interface Route extends Omit<RouteSpec<never, never, never>, 'handler' | 'request'> {
  readonly request: {
    readonly body: z.ZodType | undefined;
    readonly rawBody: { readonly description: string } | undefined;
    readonly query: z.ZodType | undefined;
    readonly params: z.ZodType | undefined;
  };
  readonly hot: boolean;
  readonly open: boolean;
  readonly unbounded: boolean;
  readonly readOnly: boolean;
  readonly hidden: boolean;
  readonly handler: (
    input: Input<unknown, unknown, unknown>,
    context: Context,
  ) => Outcome | Promise<Outcome>;
}

/**
 * One definition from which follow the Express route, the hot path, the checks of the request and the
 * OpenAPI operation. Whatever can be wrong with it is wrong at the start, not at the first request.
 */
export function defineRoute<B = undefined, Q = undefined, P = undefined>(
  spec: RouteSpec<B, Q, P>,
): Route {
  const name = `${spec.method.toUpperCase()} ${spec.path}`;
  const { body, rawBody, query, params } = spec.request ?? {};
  invariant(/^(?:\/(?:[\w.-]+|\{\w+\}))+$/.test(spec.path), `${name}: the path is malformed`);
  invariant(body === undefined || rawBody === undefined, `${name}: one kind of body, not two`);
  invariant(
    spec.hot !== true || (spec.method === 'post' && !spec.path.includes('{')),
    `${name}: only a POST with an exact path can be hot`,
  );
  invariant(
    spec.method !== 'get' || (body ?? rawBody) === undefined,
    `${name}: a GET takes no body`,
  );
  invariant(
    spec.path.includes('{') === (params !== undefined),
    `${name}: the parameters of the path and those of the schema differ`,
  );
  if (body !== undefined) assertStrict(body, `${name}: body`);
  if (query !== undefined) assertStrict(query, `${name}: query`);
  return {
    ...(spec as unknown as Route),
    request: { body, rawBody, query, params },
    hot: spec.hot ?? false,
    open: spec.open ?? false,
    unbounded: spec.unbounded ?? false,
    readOnly: spec.readOnly ?? spec.method === 'get',
    hidden: spec.hidden ?? false,
  };
}
