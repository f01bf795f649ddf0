import { Script } from 'node:vm';
import { Validator } from '@seriousme/openapi-schema-validator';
import supertest from 'supertest';
import { bodyOf, start, type Running } from './fixture.ts';

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly required: boolean };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
  readonly security?: unknown;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

describe('the OpenAPI document', () => {
  let running: Running;
  let document: Document;
  beforeAll(async () => {
    running = await start({ tokens: [{ name: 'ci', token: '0123456789abcdef' }] });
    const response = await supertest(running.url).get('/openapi.json');
    document = response.body;
  });
  afterAll(() => running.server.stop());

  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const result = await validator.validate(JSON.stringify(document, null, 2));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
    expect(validator.version).toBe('3.1');
    const untitled = { ...document, info: {} };
    const refused = await new Validator().validate(JSON.stringify(untitled, null, 2));
    expect(refused.valid).toBe(false);
  });

  it('has every route, and not the parts of the page', () => {
    expect(Object.keys(document.paths).sort()).toEqual([
      '/cluster',
      '/cluster/transfer',
      '/docs',
      '/echo/held',
      '/echo/optional',
      '/echo/put',
      '/echo/{key}',
      '/health',
      '/metrics',
      '/openapi.json',
      '/ready',
      '/stats',
    ]);
  });

  it('says which bodies may be left out', () => {
    expect(document.paths['/echo/optional']!['post']!.requestBody!.required).toBe(false);
    expect(document.paths['/echo/put']!['post']!.requestBody!.required).toBe(true);
  });

  it('says what can go wrong, with the members that come along', () => {
    const { responses } = document.paths['/echo/put']!['post']!;
    expect(Object.keys(responses)).toEqual(['200', '400', '401', '409', '413', '415', '429']);
    expect(JSON.stringify(responses['409'])).toContain('"holders"');
  });

  it('asks for a token where one is needed and not on probes', () => {
    expect(document.paths['/stats']!['get']!.security).toEqual([{ bearer: [] }]);
    expect(document.paths['/health']!['get']!.security).toBeUndefined();
  });
});

describe('the page at /docs', () => {
  let running: Running;
  beforeAll(async () => {
    running = await start();
  });
  afterAll(() => running.server.stop());

  it('loads nothing from anywhere else', async () => {
    for (const path of ['/docs', '/docs/docs.css', '/docs/docs.js']) {
      const response = await fetch(running.url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await response.text()).not.toMatch(/(?:https?:)?\/\/[a-z]/i);
    }
  });

  it('has no script or style inside, so that the policy need not allow any', async () => {
    const html = await (await fetch(`${running.url}/docs`)).text();
    expect(html).not.toMatch(/<style|<script[^>]*>[^<]|\son\w+=|\sstyle=/);
    expect(html).toContain('test-cluster');
  });

  it('has a script that parses', async () => {
    const script = await (await fetch(`${running.url}/docs/docs.js`)).text();
    expect(() => new Script(script)).not.toThrow();
  });

  it('is not among the routes a client could mistake it for', async () => {
    const response = await supertest(running.url).get('/docs/other.js');
    expect(bodyOf(response).code).toBe('not_found');
  });
});
