export type { DeviceBuffer } from './buffer.js';
export type { Client, UploadOptions } from './client.js';
export type { Device } from './device.js';
export type { ElementType, HostArray } from './element-type.js';
export { PjrtError, type PjrtErrorCode } from './error.js';
export type { Executable, LoadedExecutable, ProgramMemory } from './executable.js';
export { type CompileOptions, encodeCompileOptions, type OptionValue } from './options.js';
export { Plugin } from './plugin.js';
export type { Topology } from './topology.js';
