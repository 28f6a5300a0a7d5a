// A process that reads mutants: told { format, seed, from, to }, it says which one it begins and what became of each.
import { folder, formats } from './formats.js';
import { randomOf } from './mutate.js';

/** Errors that are a line for the user. */
const isLine = (error) =>
  error instanceof Error &&
  (error.code === 'MLM_INPUT' || error.name === 'UsageError' || String(error.code).startsWith('commander.'));

let ready = Promise.resolve();
process.on('message', (task) => {
  ready = ready.then(() => ('bytes' in task ? replay(task) : work(task)));
});

async function work({ format, seed, from, to }) {
  const { mutate } = formats[format];
  const seeds = await formats[format].seeds();
  if (from === 0) await refuseUnread(format, seeds);
  for (let index = from; index < to; index++) {
    const draw = randomOf(seed, format, index);
    const whole = seeds[draw(seeds.length)];
    const bytes = mutate(whole, draw, seeds);
    process.send({ begun: index });
    const outcome = await outcomeOf(format, bytes, whole);
    if (outcome.isBad)
      process.send({ failed: index, reason: outcome.reason, bytes: bytes.toString('base64') });
    else process.send({ passed: index, isRead: outcome.isRead });
  }
  process.send({ done: true });
}

/** Whole inputs that are not read would make all mutants of them refused, and show nothing. */
async function refuseUnread(format, seeds) {
  for (const [i, whole] of seeds.entries()) {
    process.send({ begun: 0 });
    const { isBad, isRead, reason } = await outcomeOf(format, whole, whole);
    if (isBad || !isRead)
      process.send({ failed: 0, reason: `whole input ${i}: ${reason}`, bytes: whole.toString('base64') });
  }
}

async function replay({ format, bytes }) {
  process.send({ begun: 0 });
  const { isBad, reason } = await outcomeOf(format, Buffer.from(bytes, 'base64'), undefined);
  process.send(isBad ? { failed: 0, reason, bytes } : { passed: 0, isRead: true });
  process.send({ done: true });
}

async function outcomeOf(format, bytes, whole) {
  try {
    await formats[format].read(bytes, whole);
    return { isBad: false, isRead: true };
  } catch (error) {
    if (!isLine(error)) return { isBad: true, reason: `raw ${error?.stack ?? error}` };
    const isOneLine = !error.message.includes('\n') && error.message.length < 2000;
    return isOneLine
      ? { isBad: false, isRead: false, reason: error.message }
      : { isBad: true, reason: `not one line: ${error.message.slice(0, 300)}` };
  }
}

process.send({ ready: true, folder });
