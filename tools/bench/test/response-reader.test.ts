import { ResponseReader, type Response } from '../src/response-reader.ts';

function readAll(text: string, stepBytes: number): Response[] {
  const responses: Response[] = [];
  const reader = new ResponseReader((response) => responses.push(response));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += stepBytes)
    reader.push(bytes.subarray(at, at + stepBytes));
  return responses;
}

const said = (responses: readonly Response[]): readonly string[] =>
  responses.map(({ status, body }) => `${status} ${body.toString()}`);

describe('the reader of responses', () => {
  const text =
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello' +
    'HTTP/1.1 409 Conflict\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n' +
    'HTTP/1.1 204 No Content\r\nx: y\r\n\r\n';

  it.each([1, 7, 1_000])('reads one after another, in pieces of %d bytes', (stepBytes) => {
    expect(said(readAll(text, stepBytes))).toEqual(['200 hello', '409 abcde', '204 ']);
  });
});
