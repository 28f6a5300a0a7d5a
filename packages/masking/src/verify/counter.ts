import type { ListColumn } from '@mlm/arrow/columns';
import { KernelMemory } from '../random/kernel.js';
import { replacementOf } from '../replace/index.js';
import { BEGINS, CONTINUES, PROTECTED } from '../select/words.js';
import { type Expectation, type FoundColumns, tellsWords } from './laws.js';
import type { Tally } from './tally.js';

// Flags of settings and layout of counts, as in assembly/scan.ts.
const LABELS_ALL = 1;
const MAY_KEEP = 2;
const MAY_DRAW = 4;
const BY_WORDS = 8;
const MAY_DRAW_PROTECTED = 16;
/** The class of a protected id that may be masked all the same. */
const MAY_BE_MASKED = PROTECTED | 1;
const OUT_WORDS = 18;
const SCRATCH_BYTES = 160;
/** The kernel may read this many positions beyond a row's end. */
const SLACK = 32;
/** The kernel's counts are read as signed words of 32 bits. */
const MOST_TOKENS = 2 ** 31 - 1;

/** The counts of a row. The next row overwrites them. */
export interface RowCounts {
  isSound: boolean;
  /** Positions that are not padding. */
  tokens: number;
  masked: number;
  choices: number;
  chosen: number;
}

/**
 * Counts rows with the WebAssembly kernel, which also tells whether a row obeys the laws. Each counter has its own
 * memory.
 */
export class RowCounter {
  private readonly memory = new KernelMemory();
  private readonly settings: number;
  private readonly byWords: boolean;
  private readonly tableAt = 1024;
  private readonly byId: number;
  private readonly scratch: number;
  private readonly out: number;
  private readonly reach: number;
  private longest = 0;
  private room = 0;
  private uncollected = 0;
  /** Start of the loaded rows in each column. */
  private first = { input_ids: 0, labels: 0, attention_mask: 0 };
  private readonly counts: RowCounts = { isSound: true, tokens: 0, masked: 0, choices: 0, chosen: 0 };

  constructor(private readonly expectation: Expectation) {
    const { rule, isDeclared, mayMask = [] } = expectation;
    const { classes, settings } = rule;
    const { mask, random } = replacementOf(settings.replace);
    this.byWords = tellsWords(expectation);
    this.settings =
      (settings.labels === 'all' ? LABELS_ALL : 0) |
      (mask < 1 ? MAY_KEEP : 0) |
      (random > 0 ? MAY_DRAW : 0) |
      (this.byWords ? BY_WORDS : 0) |
      (isDeclared ? 0 : MAY_DRAW_PROTECTED);
    this.byId = aligned(this.tableAt + classes.length);
    this.scratch = aligned(this.byId + 12 * classes.length);
    this.out = this.scratch + SCRATCH_BYTES;
    this.reach = aligned(this.out + 4 * OUT_WORDS);
    this.memory.reserve(this.reach >>> 2);
    this.memory.bytes.set(classes, this.tableAt);
    for (const id of mayMask)
      if (classes[id] === PROTECTED) this.memory.bytes[this.tableAt + id] = MAY_BE_MASKED;
  }

  /** Copies rows into the kernel's memory. */
  load(found: FoundColumns, begin: number, end: number, longest: number, tally: Tally): void {
    const tokens = found.input_ids.offsets[end]! - found.input_ids.offsets[begin]!;
    if (longest > this.longest || this.uncollected > MOST_TOKENS - tokens) {
      this.collect(tally);
      this.longest = Math.max(longest, this.longest);
    }
    this.uncollected += tokens;
    this.room = tokens + SLACK;
    this.memory.reserve((this.attentionAt + this.room + 3) >>> 2);
    const { words, bytes } = this.memory;
    const { input_ids, labels, attention_mask } = found;
    words.set(input_ids.values.subarray(input_ids.offsets[begin], input_ids.offsets[end]), this.idsAt >>> 2);
    words.set(labels.values.subarray(labels.offsets[begin], labels.offsets[end]), this.labelsAt >>> 2);
    if (attention_mask) {
      const { values, offsets } = attention_mask;
      bytes.set(values.subarray(offsets[begin], offsets[end]), this.attentionAt);
    }
    const firstOf = (column: ListColumn | undefined) => column?.offsets[begin] ?? 0;
    this.first.input_ids = firstOf(input_ids);
    this.first.labels = firstOf(labels);
    this.first.attention_mask = firstOf(attention_mask);
  }

  /** Counts one of the loaded rows. */
  count(found: FoundColumns, row: number): RowCounts {
    const { counts, first, out } = this;
    const { kernel, words } = this.memory;
    const { input_ids, labels, attention_mask } = found;
    const { rule } = this.expectation;
    const start = input_ids.offsets[row]!;
    const sound = kernel.scanRow(
      this.idsAt + 4 * (start - first.input_ids),
      this.labelsAt + 4 * (labels.offsets[row]! - first.labels),
      attention_mask ? this.attentionAt + attention_mask.offsets[row]! - first.attention_mask : 0,
      input_ids.offsets[row + 1]! - start,
      this.tableAt,
      rule.vocabularySize,
      this.byId,
      this.reach,
      this.passedAt,
      this.chosenAt,
      this.scratch,
      out,
      this.settings,
      rule.maskId,
      rule.padId,
    );
    const at = out >>> 2;
    counts.isSound = sound !== 0;
    counts.choices = words[at + 11]!;
    counts.chosen = words[at + 12]!;
    counts.masked = words[at + 13]!;
    counts.tokens = words[at + 14]!;
    return counts;
  }

  /** Moves the counts from the kernel's memory to the tally, whose arrays by position must be long enough. */
  collect(tally: Tally): void {
    const { words } = this.memory;
    const { classes } = this.expectation.rule;
    const [tokensOf, cutOf, chosenOf] = [0, 1, 2].map(
      (column) => (this.byId >>> 2) + column * classes.length,
    );
    for (let id = 0; id < classes.length; id++) {
      const kind = classes[id]!;
      if (kind === BEGINS || (kind === CONTINUES && !this.byWords))
        tally.choicesOf[id]! += words[tokensOf! + id]!;
      else if (kind === CONTINUES) tally.choicesOf[id]! += words[cutOf! + id]!;
      tally.chosenOf[id]! += words[chosenOf! + id]!;
    }
    // A position's choices are the tokens there but those that are none.
    let tokens = 0;
    for (let i = this.longest - 1; i >= 0; i--) {
      tokens += words[(this.reach >>> 2) + i + 1]!;
      tally.choicesAt[i]! += tokens - words[(this.passedAt >>> 2) + i]!;
      tally.chosenAt[i]! += words[(this.chosenAt >>> 2) + i]!;
    }
    const [maskable, byMask, kept, byOther, byProtected, ...pairs] = words.subarray(
      this.out >>> 2,
      (this.out >>> 2) + 11,
    );
    tally.continued += words[(this.out >>> 2) + 15]!;
    tally.continuedAlike += words[(this.out >>> 2) + 16]!;
    tally.maskedProtected += words[(this.out >>> 2) + 17]!;
    tally.maskable += maskable!;
    tally.replacedByMask += byMask!;
    tally.kept += kept!;
    tally.replacedByOther += byOther!;
    tally.replacedByProtected += byProtected!;
    for (let i = 0; i < 3; i++) {
      tally.pairs[i]! += pairs[i]!;
      tally.bothChosen[i]! += pairs[3 + i]!;
    }
    words.fill(0, this.byId >>> 2);
    this.uncollected = 0;
  }

  private get passedAt(): number {
    return this.reach + 4 * (this.longest + 1);
  }

  private get chosenAt(): number {
    return this.passedAt + 4 * this.longest;
  }

  private get idsAt(): number {
    return aligned(this.chosenAt + 4 * this.longest);
  }

  private get labelsAt(): number {
    return this.idsAt + 4 * this.room;
  }

  private get attentionAt(): number {
    return this.labelsAt + 4 * this.room;
  }
}

function aligned(byte: number): number {
  return (byte + 15) & ~15;
}
