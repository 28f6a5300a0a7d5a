import { InputError as CompileInputError, InputError } from '@mlm/base';
import { compile } from '@mlm/compile';
import { expect, it } from 'vitest';

it('is the same class for instanceof, whichever package throws it', async () => {
  const thrown: unknown = await compile(() => ({}), { engine: 'eager', device: 'cuda' }).catch(
    (error) => error,
  );
  expect(thrown).toBeInstanceOf(InputError);
  expect(thrown).toBeInstanceOf(CompileInputError);
  expect(new InputError('a line')).toBeInstanceOf(CompileInputError);
});

it.each([
  new Error('other'),
  Object.assign(new Error('no file'), { code: 'ENOENT' }),
  { code: 'MLM_INPUT' },
  null,
])('is not %s', (value) => {
  expect(value instanceof InputError).toBe(false);
  expect(value instanceof CompileInputError).toBe(false);
});
