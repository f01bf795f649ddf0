import { docsPage } from './page.ts';
import { docsScript } from './script.ts';
import { docsStyle } from './style.ts';

export interface DocsAsset {
  readonly path: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** Nothing but what this node serves itself may load, run or be talked to. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The page, its style and its script are strings of the bundle, so that one file is the whole service. */
export function docsAssets(title: string): readonly DocsAsset[] {
  return [
    asset('/docs', 'text/html', docsPage(title)),
    asset('/docs/docs.css', 'text/css', docsStyle),
    asset('/docs/docs.js', 'text/javascript', docsScript),
  ];
}

function asset(path: string, mediaType: string, text: string): DocsAsset {
  return {
    path,
    body: Buffer.from(text),
    headers: {
      'content-type': `${mediaType}; charset=utf-8`,
      'content-security-policy': policy,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-cache',
    },
  };
}
