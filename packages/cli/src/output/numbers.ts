/** Numbers for people to read. Units are decimal (1 MB = 10⁶ bytes), as for disks and networks. */

/** 12345678 → `12,345,678`. Avoids Intl, whose data takes tens of milliseconds to load. */
export function formatCount(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A count and its noun: `1 row`, `2 rows`. */
export function formatNoun(value: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(value)} ${value === 1 ? singular : plural}`;
}

/** 12345678 → `12.3 M` */
export function formatShortCount(value: number): string {
  return scale(value, ['', ' K', ' M', ' G', ' T']);
}

/** 12345678 → `12.3 MB` */
export function formatBytes(bytes: number): string {
  return scale(bytes, [' bytes', ' kB', ' MB', ' GB', ' TB', ' PB']);
}

/** 12345678 bytes a second → `12.3 MB/s` */
export function formatByteRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A rate in GFLOP/s: 105.3 → `105 GFLOP/s`, 0.25 → `250 MFLOP/s` */
export function formatFlopRate(gigaflops: number): string {
  return `${scale(gigaflops * 1e9, [' ', ' k', ' M', ' G', ' T'])}FLOP/s`;
}

/** 0.1498 → `14.98 %` */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

/** 3725 → `1 h 02 min`, 205 → `3 min 25 s`, 4.21 → `4.2 s` */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown time';
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
  return `${Math.round(minutes / 60 / 24)} days`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function scale(value: number, units: readonly string[]): string {
  let scaled = value;
  let unit = 0;
  while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const digits = unit === 0 ? 0 : scaled < 9.995 ? 2 : scaled < 99.95 ? 1 : 0;
  return scaled.toFixed(digits) + units[unit];
}
