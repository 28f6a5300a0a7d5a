import type { Native } from './native.js';

/** One device of a client. */
export interface Device {
  readonly id: number;
  /** As the vendor calls it: `NVIDIA H200`, `cpu`. */
  readonly kind: string;
  /** @internal */
  readonly pointer: bigint;
  /**
   * Bytes of the device's memory, and how many are in use; undefined where the plugin does not tell.
   */
  memory(): { used: number; limit: number } | undefined;
}

/** Reads what does not change about a device. */
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
