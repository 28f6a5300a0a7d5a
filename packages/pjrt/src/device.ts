import type { Native } from './native.js';

/** A device of a client. */
export interface Device {
  readonly id: number;
  /** The vendor's name of the device: `NVIDIA H200`, `cpu`. */
  readonly kind: string;
  /** @internal */
  readonly pointer: bigint;
  /** The device's memory and how much of it is in use, in bytes; undefined if the plugin does not say. */
  memory(): { used: number; limit: number } | undefined;
}

/** Reads the constant properties of a device. */
export function readDevice(native: Native, device: bigint): Device {
  const { description } = native.call('Device_GetDescription', { device });
  const { kind, kindSize } = native.call('DeviceDescription_Kind', { description });
  const { id } = native.call('DeviceDescription_Id', { description });
  return {
    id: Number(BigInt.asIntN(32, id)),
    kind: native.text(kind, kindSize),
    pointer: device,
    memory: () => memoryOf(native, device),
  };
}

function memoryOf(native: Native, device: bigint): ReturnType<Device['memory']> {
  try {
    const { bytesInUse, limit, limitIsSet } = native.call('Device_MemoryStats', { device });
    return limitIsSet & 1n ? { used: Number(bytesInUse), limit: Number(limit) } : undefined;
  } catch {
    return undefined;
  }
}
