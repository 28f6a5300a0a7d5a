import { InputError } from '@mlm/base/errors';
import type { FileState, Format, RowDivision } from './format.js';

/**
 * A format whose files libraries decode. Whatever they throw at a damaged file, wherever it is read, becomes an
 * InputError that names the file.
 * @param title - the format's name in messages
 */
export function decoded<F extends Format>(title: string, format: F): F {
  const { open, rows } = format;
  return {
    ...format,
    ...(open && {
      open: (input, field) => namingDamage(title, input.file, () => open(input, field)),
    }),
    ...(rows && { rows: decodedRows(title, rows) }),
  } satisfies Format;
}

function decodedRows(title: string, { divide, reader }: RowDivision): RowDivision {
  return {
    async *divide(input, field) {
      for await (const section of namingDamage(title, input.file, () => divide(input, field)))
        yield 'chunks' in section
          ? { ...section, chunks: namingDamage(title, input.file, () => section.chunks) }
          : section;
    },
    reader() {
      const rows = reader();
      return {
        read: (source, plan, room) =>
          rows.read(source, plan, room).catch((error: unknown) => {
            throw notWhole(title, source.file, error);
          }),
        close: () => rows.close(),
      };
    },
  };
}

async function* namingDamage<T>(
  title: string,
  file: Pick<FileState, 'path'>,
  read: () => AsyncIterable<T>,
): AsyncGenerator<T> {
  try {
    yield* read();
  } catch (error) {
    throw notWhole(title, file, error);
  }
}

function notWhole(title: string, { path }: Pick<FileState, 'path'>, error: unknown): unknown {
  return damage(
    error,
    (reason) => `${path}: not a whole ${title} file (${reason}); restore it or leave it out`,
  );
}

/**
 * Turns what a decoder of foreign bytes throws into an InputError. Those already told to the user and those of the
 * system (a disk that fails) are returned unchanged.
 * @param tell - the message, given why the decoder refuses the bytes
 */
export function damage(error: unknown, tell: (reason: string) => string): unknown {
  const isFromSystem = error instanceof Error && ('syscall' in error || error.name === 'AbortError');
  return error instanceof InputError || isFromSystem ? error : new InputError(tell(reasonOf(error)));
}

/** What a decoder stumbles into when nothing has refused the bytes before; it means nothing to a user. */
const STUMBLES = new Set(['TypeError', 'RangeError', 'SyntaxError', 'RuntimeError']);

function reasonOf(error: unknown): string {
  const hasReason = error instanceof Error && !STUMBLES.has(error.name) && error.message !== '';
  return hasReason ? error.message : 'it is cut off or damaged';
}
