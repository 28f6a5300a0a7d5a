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
const OUT_WORDS = 14;
/** Words that the kernel writes of each row. */
const ROW_WORDS = 5;
/** Room for the classes of 32 ids. */
const CLASS_BYTES = 32;
/** The kernel may read and write this many positions beyond the last row's end. */
const SLACK = 32;
/** The kernel's counts are read as signed words of 32 bits. */
const MOST_TOKENS = 2 ** 31 - 1;

/** What is known of rows that were scanned. The next scan overwrites it. */
export interface ScannedRows {
  readonly count: number;
  /** What row `i` of them comes to. */
  of(i: number): RowCounts;
  /** The rows' ids, one after the other. */
  readonly ids: Int32Array;
  /** Those before masking. Where a row is not sound, they are not. */
  readonly originals: Int32Array;
  /** Tokens that can be masked and those that are: one bit a position in the layout of `Draws.select`. */
  readonly maskable: Int32Array;
  readonly masked: Int32Array;
}

/** The counts of a row, which are useless if it is not sound, but for its tokens. The next row overwrites them. */
export interface RowCounts {
  isSound: boolean;
  /** Positions that are not padding. */
  tokens: number;
  choices: number;
  chosen: number;
  masked: number;
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
  private readonly classesAt: number;
  private readonly out: number;
  private readonly reach: number;
  private longest = 0;
  private uncollected = 0;
  private readonly counts: RowCounts = { isSound: true, tokens: 0, choices: 0, chosen: 0, masked: 0 };

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
    this.classesAt = aligned(this.byId + 12 * classes.length);
    this.out = this.classesAt + CLASS_BYTES;
    this.reach = aligned(this.out + 4 * OUT_WORDS);
    this.memory.reserve(this.reach >>> 2);
    this.memory.bytes.set(classes, this.tableAt);
    for (const id of mayMask)
      if (classes[id] === PROTECTED) this.memory.bytes[this.tableAt + id] = MAY_BE_MASKED;
  }

  /**
   * Counts rows of equal lengths in all columns.
   * @param longest length of the batch's longest row
   * @param tally gets the counts so far, if the kernel's memory has no room for more
   */
  scan(found: FoundColumns, begin: number, end: number, longest: number, tally: Tally): ScannedRows {
    const { input_ids, labels, attention_mask } = found;
    const count = end - begin;
    const tokens = input_ids.offsets[end]! - input_ids.offsets[begin]!;
    if (longest > this.longest || this.uncollected > MOST_TOKENS - tokens) {
      this.collect(tally);
      this.longest = Math.max(longest, this.longest);
    }
    this.uncollected += tokens;
    let bitWords = 0;
    for (let row = begin; row < end; row++)
      bitWords += (input_ids.offsets[row + 1]! - input_ids.offsets[row]! + 31) >>> 5;
    const room = tokens + SLACK;
    const idsAt = aligned(this.countsEnd);
    const labelsAt = idsAt + 4 * room;
    const originalsAt = labelsAt + 4 * room;
    const lengthsAt = originalsAt + 4 * room;
    const rowsAt = lengthsAt + 4 * count;
    const maskableAt = rowsAt + 4 * ROW_WORDS * count;
    const maskedAt = maskableAt + 4 * bitWords;
    const attentionAt = maskedAt + 4 * bitWords;
    this.memory.reserve((attentionAt + room + 3) >>> 2);
    const { kernel, words, bytes } = this.memory;
    words.set(rowsOf(input_ids, begin, end), idsAt >>> 2);
    words.set(rowsOf(labels, begin, end), labelsAt >>> 2);
    if (attention_mask) bytes.set(rowsOf(attention_mask, begin, end), attentionAt);
    for (let i = 0, at = lengthsAt >>> 2; i < count; i++)
      words[at + i] = input_ids.offsets[begin + i + 1]! - input_ids.offsets[begin + i]!;
    const { rule } = this.expectation;
    kernel.scanRows(
      count,
      lengthsAt,
      idsAt,
      labelsAt,
      attention_mask ? attentionAt : 0,
      this.tableAt,
      rule.vocabularySize,
      this.byId,
      this.reach,
      this.passedAt,
      this.chosenAt,
      this.classesAt,
      this.out,
      this.settings,
      rule.maskId,
      rule.padId,
      rowsAt,
      originalsAt,
      maskableAt,
      maskedAt,
    );
    const { counts } = this;
    return {
      count,
      of(i) {
        const at = (rowsAt >>> 2) + ROW_WORDS * i;
        counts.isSound = words[at] !== 0;
        counts.tokens = words[at + 1]!;
        counts.choices = words[at + 2]!;
        counts.chosen = words[at + 3]!;
        counts.masked = words[at + 4]!;
        return counts;
      },
      ids: words.subarray(idsAt >>> 2, (idsAt >>> 2) + tokens),
      originals: words.subarray(originalsAt >>> 2, (originalsAt >>> 2) + tokens),
      maskable: words.subarray(maskableAt >>> 2, maskedAt >>> 2),
      masked: words.subarray(maskedAt >>> 2, attentionAt >>> 2),
    };
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
    const counted = [...words.subarray(this.out >>> 2, (this.out >>> 2) + OUT_WORDS)];
    const [maskable, byMask, kept, byOther, byProtected, ...others] = counted;
    tally.maskable += maskable!;
    tally.replacedByMask += byMask!;
    tally.kept += kept!;
    tally.replacedByOther += byOther!;
    tally.replacedByProtected += byProtected!;
    for (let i = 0; i < 3; i++) {
      tally.pairs[i]! += others[i]!;
      tally.bothChosen[i]! += others[3 + i]!;
    }
    tally.continued += others[6]!;
    tally.continuedAlike += others[7]!;
    tally.maskedProtected += others[8]!;
    words.fill(0, this.byId >>> 2);
    this.uncollected = 0;
  }

  private get passedAt(): number {
    return this.reach + 4 * (this.longest + 1);
  }

  private get chosenAt(): number {
    return this.passedAt + 4 * this.longest;
  }

  private get countsEnd(): number {
    return this.chosenAt + 4 * this.longest;
  }
}

function rowsOf<T extends Int32Array | Int8Array>(
  { values, offsets }: ListColumn<T>,
  begin: number,
  end: number,
): T {
  return values.subarray(offsets[begin], offsets[end]) as T;
}

function aligned(byte: number): number {
  return (byte + 15) & ~15;
}
