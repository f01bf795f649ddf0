import { prefixLines } from '../src/line-prefix.mjs';

async function prefix(...chunks: readonly (string | Buffer)[]): Promise<string> {
  const stream = prefixLines('a │ ');
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  let text = '';
  for await (const part of stream) text += String(part);
  return text;
}

describe('prefixed lines', () => {
  it('are whole, however they arrive', async () => {
    expect(await prefix('one\ntw', 'o\r\n', 'three')).toBe('a │ one\na │ two\na │ three\n');
  });

  it('keep a character whose bytes arrive apart', async () => {
    const bytes = Buffer.from('größer\n');
    expect(await prefix(bytes.subarray(0, 3), bytes.subarray(3))).toBe('a │ größer\n');
  });

  it('do not collect a line that never ends', () => {
    const stream = prefixLines('');
    stream.write('x'.repeat(70_000));
    expect(stream.readableLength).toBeGreaterThanOrEqual(70_000);
  });
});
