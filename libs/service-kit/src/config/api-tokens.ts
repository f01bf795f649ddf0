import { kindOf, type Kind } from './field.ts';
import { namePattern } from './kinds.ts';

/** A bearer token and the name under which its holder appears in logs and owns its request ids. */
export interface ApiToken {
  readonly name: string;
  readonly token: string;
}

const tokenLengthMin = 16;

/** RFC 6750 §2.1 `b64token`: what can stand in an Authorization header without quoting. */
const bearerToken = /^[A-Za-z0-9\-._~+/]+=*$/;

export const apiTokens = (): Kind<readonly ApiToken[]> =>
  kindOf(
    `a comma list of name:token, each name and token once, tokens of at least ${tokenLengthMin} letters, digits or -._~+/`,
    (text) => {
      const tokens: ApiToken[] = [];
      for (const part of text.split(',').map((item) => item.trim())) {
        if (part === '') continue;
        const colon = part.indexOf(':');
        const name = part.slice(0, colon);
        const token = part.slice(colon + 1);
        const known = tokens.some((other) => other.name === name || other.token === token);
        if (colon < 1 || !namePattern.test(name) || known) return undefined;
        if (token.length < tokenLengthMin || !bearerToken.test(token)) return undefined;
        tokens.push({ name, token });
      }
      return tokens;
    },
  );
