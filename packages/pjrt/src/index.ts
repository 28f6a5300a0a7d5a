// Plugins and their devices

export type { Client, UploadOptions } from './client.js';
export type { Device } from './device.js';
export { Plugin } from './plugin.js';
export type { Topology } from './topology.js';

// Arrays on a device

export type { DeviceBuffer } from './buffer.js';
export type { ElementType, HostArray } from './element-type.js';

// Compiled programs

export type { Executable, LoadedExecutable, ProgramMemory } from './executable.js';
export type { CompileOptions, OptionValue } from './options.js';

// Errors

export { PjrtError, type PjrtErrorCode } from './error.js';
