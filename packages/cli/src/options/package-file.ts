/** A file of this package. The bundle and the folders of modules are equally deep, but not all modules are in a folder. */
export const packageFile = (path: string): URL => new URL(`../../${path}`, import.meta.url);
