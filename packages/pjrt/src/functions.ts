/**
 * The functions of the PJRT C API in the order of its table PJRT_Api, to which later versions only append
 * (xla/pjrt/c/pjrt_c_api.h in openxla/xla). The list includes those that this client does not call, for the offsets.
 */
export const tableOrder = `
  Error_Destroy Error_Message Error_GetCode Plugin_Initialize Plugin_Attributes
  Event_Destroy Event_IsReady Event_Error Event_Await Event_OnReady
  Client_Create Client_Destroy Client_PlatformName Client_ProcessIndex Client_PlatformVersion Client_Devices
  Client_AddressableDevices Client_LookupDevice Client_LookupAddressableDevice Client_AddressableMemories
  Client_Compile Client_DefaultDeviceAssignment Client_BufferFromHostBuffer
  DeviceDescription_Id DeviceDescription_ProcessIndex DeviceDescription_Attributes DeviceDescription_Kind
  DeviceDescription_DebugString DeviceDescription_ToString
  Device_GetDescription Device_IsAddressable Device_LocalHardwareId Device_AddressableMemories Device_DefaultMemory
  Device_MemoryStats
  Memory_Id Memory_Kind Memory_DebugString Memory_ToString Memory_AddressableByDevices
  Executable_Destroy Executable_Name Executable_NumReplicas Executable_NumPartitions Executable_NumOutputs
  Executable_SizeOfGeneratedCodeInBytes Executable_GetCostAnalysis Executable_OutputMemoryKinds
  Executable_OptimizedProgram Executable_Serialize
  LoadedExecutable_Destroy LoadedExecutable_GetExecutable LoadedExecutable_AddressableDevices LoadedExecutable_Delete
  LoadedExecutable_IsDeleted LoadedExecutable_Execute Executable_DeserializeAndLoad LoadedExecutable_Fingerprint
  Buffer_Destroy Buffer_ElementType Buffer_Dimensions Buffer_UnpaddedDimensions Buffer_DynamicDimensionIndices
  Buffer_GetMemoryLayout Buffer_OnDeviceSizeInBytes Buffer_Device Buffer_Memory Buffer_Delete Buffer_IsDeleted
  Buffer_CopyToDevice Buffer_ToHostBuffer Buffer_IsOnCpu Buffer_ReadyEvent Buffer_UnsafePointer
  Buffer_IncreaseExternalReferenceCount Buffer_DecreaseExternalReferenceCount
  Buffer_OpaqueDeviceMemoryDataPointer
  CopyToDeviceStream_Destroy CopyToDeviceStream_AddChunk CopyToDeviceStream_TotalBytes
  CopyToDeviceStream_GranuleSize CopyToDeviceStream_CurrentBytes
  TopologyDescription_Create TopologyDescription_Destroy TopologyDescription_PlatformName
  TopologyDescription_PlatformVersion TopologyDescription_GetDeviceDescriptions TopologyDescription_Serialize
  TopologyDescription_Attributes
  Compile Executable_OutputElementTypes Executable_OutputDimensions Buffer_CopyToMemory
  Client_CreateViewOfDeviceBuffer Executable_Fingerprint Client_TopologyDescription
  Executable_GetCompiledMemoryStats`
  .trim()
  .split(/\s+/);

/**
 * The fields of the argument struct of each function that this client calls, after the struct's size and the chain of
 * extensions. Every field, even an enum or a flag, takes a slot of 8 bytes.
 */
export const fields = {
  Error_Destroy: ['error'],
  Error_Message: ['error', 'message', 'messageSize'],
  Error_GetCode: ['error', 'code'],
  Plugin_Initialize: [],
  Event_Destroy: ['event'],
  Event_Await: ['event'],
  Client_Create: [
    'options',
    'optionCount',
    'getCallback',
    'getUser',
    'putCallback',
    'putUser',
    'client',
    'tryGetCallback',
    'tryGetUser',
  ],
  Client_Destroy: ['client'],
  Client_PlatformName: ['client', 'name', 'nameSize'],
  Client_PlatformVersion: ['client', 'version', 'versionSize'],
  Client_AddressableDevices: ['client', 'devices', 'deviceCount'],
  Client_Compile: ['client', 'program', 'options', 'optionsSize', 'executable'],
  Client_BufferFromHostBuffer: [
    'client',
    'data',
    'type',
    'dimensions',
    'dimensionCount',
    'strides',
    'strideCount',
    'semantics',
    'device',
    'memory',
    'layout',
    'done',
    'buffer',
  ],
  DeviceDescription_Id: ['description', 'id'],
  DeviceDescription_Kind: ['description', 'kind', 'kindSize'],
  Device_GetDescription: ['device', 'description'],
  Device_MemoryStats: [
    'device',
    'bytesInUse',
    'peak',
    'peakIsSet',
    'allocations',
    'allocationsIsSet',
    'largest',
    'largestIsSet',
    'limit',
    'limitIsSet',
  ],
  Executable_Destroy: ['executable'],
  Executable_NumOutputs: ['executable', 'count'],
  Executable_OutputElementTypes: ['executable', 'types', 'count'],
  Executable_OutputDimensions: ['executable', 'count', 'dimensions', 'ranks'],
  Executable_OptimizedProgram: ['executable', 'program'],
  Executable_Serialize: ['executable', 'bytes', 'size', 'serialized', 'deleter'],
  Executable_DeserializeAndLoad: ['client', 'bytes', 'size', 'executable', 'options', 'optionsSize'],
  Executable_GetCompiledMemoryStats: [
    'executable',
    'code',
    'arguments',
    'outputs',
    'aliased',
    'temporary',
    'hostCode',
    'hostArguments',
    'hostOutputs',
    'hostAliased',
    'hostTemporary',
    'peak',
  ],
  LoadedExecutable_Destroy: ['executable'],
  LoadedExecutable_GetExecutable: ['loaded', 'executable'],
  LoadedExecutable_Execute: [
    'executable',
    'options',
    'arguments',
    'deviceCount',
    'argumentCount',
    'outputs',
    'events',
    'device',
  ],
  Buffer_Destroy: ['buffer'],
  Buffer_ToHostBuffer: ['buffer', 'layout', 'target', 'targetSize', 'event'],
  TopologyDescription_Create: ['name', 'nameSize', 'options', 'optionCount', 'topology'],
  TopologyDescription_Destroy: ['topology'],
  Compile: ['topology', 'program', 'options', 'optionsSize', 'client', 'executable'],
} as const;

export type FunctionName = keyof typeof fields;

/** The name of a field in a function's argument struct. */
export type FieldName<F extends FunctionName> = (typeof fields)[F][number];
