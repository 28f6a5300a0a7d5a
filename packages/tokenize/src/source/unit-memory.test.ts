import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { streamBytes } from './bytes.js';
import { textRanges } from './ranges.js';
import { giveBackUnit } from './unit-memory.js';

/** Lines of a text of 25 MB that does not repeat itself within a unit. */
function* lines(): Generator<Buffer> {
  for (let line = 0; line < 100_000; line++) yield Buffer.from(`${line} ${'words '.repeat(line % 80)}\n`);
}

test('units whose memory is given back at once share a little of it, whatever the sizes of chunks', async () => {
  const text = Buffer.concat([...lines()]);
  const whole = createHash('sha256').update(text).digest('hex');
  const sizes = fc.array(fc.integer({ min: 1 << 10, max: 6 << 20 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(sizes, async (chunks) => {
      const memory = new Set<ArrayBufferLike>();
      const hash = createHash('sha256');
      const source = streamBytes(
        (async function* () {
          for (let at = 0, i = 0; at < text.length; i++) {
            const size = chunks[i % chunks.length]!;
            yield text.subarray(at, at + size);
            at += size;
          }
        })(),
      );
      for await (const { data, start, end, documentStart } of textRanges(
        source,
        { cut: 'between words' },
        'line',
      )) {
        hash.update(data!);
        if (data!.buffer instanceof SharedArrayBuffer) memory.add(data!.buffer);
        const part = {
          file: 0,
          path: '',
          format: 'text',
          document: 'line',
          start,
          end,
          documentStart,
        } as const;
        giveBackUnit({ number: 0, parts: [{ ...part, data: data! }], inputBytes: end - start });
      }
      source.close();
      expect(hash.digest('hex')).toBe(whole);
      expect(memory.size).toBeGreaterThan(0);
      expect(memory.size).toBeLessThan(4);
    }),
    { numRuns: 10 },
  );
});
