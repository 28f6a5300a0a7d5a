/**
 * Makes the page cross-origin isolated by its service worker, so that WebAssembly may use threads. The first visit reloads
 * once; where service workers are not to be had (a page from the file system), the page stays as it is: one thread.
 */
export async function isolate(): Promise<void> {
  if (crossOriginIsolated || !('serviceWorker' in navigator)) return;
  const reloaded = 'mlm-isolated';
  if (sessionStorage.getItem(reloaded) !== null) return;
  try {
    const patience = new Promise<never>((_, reject) => setTimeout(reject, 3000));
    const ready = navigator.serviceWorker.register('isolation.js').then(() => navigator.serviceWorker.ready);
    await Promise.race([ready, patience]);
  } catch {
    return;
  }
  sessionStorage.setItem(reloaded, 'yes');
  location.reload();
}
