import protobuf from 'protobufjs/light.js';

/**
 * The messages of TensorFlow's SavedModel that this package writes, with the field numbers of
 * tensorflow/core/protobuf/{saved_model,meta_graph}.proto and tensorflow/core/framework/*.proto.
 */
const messages = {
  nested: {
    Dim: { fields: { size: { type: 'int64', id: 1 }, name: { type: 'string', id: 2 } } },
    TensorShapeProto: {
      fields: { dim: { rule: 'repeated', type: 'Dim', id: 2 }, unknownRank: { type: 'bool', id: 3 } },
    },
    TensorProto: {
      fields: {
        dtype: { type: 'int32', id: 1 },
        tensorShape: { type: 'TensorShapeProto', id: 2 },
        tensorContent: { type: 'bytes', id: 4 },
      },
    },
    ListValue: {
      fields: {
        i: { rule: 'repeated', type: 'int64', id: 3, options: { packed: true } },
        type: { rule: 'repeated', type: 'int32', id: 6, options: { packed: true } },
        shape: { rule: 'repeated', type: 'TensorShapeProto', id: 7 },
      },
    },
    AttrValue: {
      oneofs: { value: { oneof: ['list', 's', 'i', 'f', 'b', 'type', 'shape', 'tensor'] } },
      fields: {
        list: { type: 'ListValue', id: 1 },
        s: { type: 'bytes', id: 2 },
        i: { type: 'int64', id: 3 },
        f: { type: 'float', id: 4 },
        b: { type: 'bool', id: 5 },
        type: { type: 'int32', id: 6 },
        shape: { type: 'TensorShapeProto', id: 7 },
        tensor: { type: 'TensorProto', id: 8 },
      },
    },
    NodeDef: {
      fields: {
        name: { type: 'string', id: 1 },
        op: { type: 'string', id: 2 },
        input: { rule: 'repeated', type: 'string', id: 3 },
        device: { type: 'string', id: 4 },
        attr: { keyType: 'string', type: 'AttrValue', id: 5 },
      },
    },
    VersionDef: { fields: { producer: { type: 'int32', id: 1 }, minConsumer: { type: 'int32', id: 2 } } },
    GraphDef: {
      fields: {
        node: { rule: 'repeated', type: 'NodeDef', id: 1 },
        versions: { type: 'VersionDef', id: 4 },
      },
    },
    TensorInfo: {
      fields: {
        name: { type: 'string', id: 1 },
        dtype: { type: 'int32', id: 2 },
        tensorShape: { type: 'TensorShapeProto', id: 3 },
      },
    },
    SignatureDef: {
      fields: {
        inputs: { keyType: 'string', type: 'TensorInfo', id: 1 },
        outputs: { keyType: 'string', type: 'TensorInfo', id: 2 },
        methodName: { type: 'string', id: 3 },
      },
    },
    MetaInfoDef: {
      fields: {
        tags: { rule: 'repeated', type: 'string', id: 4 },
        tensorflowVersion: { type: 'string', id: 5 },
      },
    },
    MetaGraphDef: {
      fields: {
        metaInfoDef: { type: 'MetaInfoDef', id: 1 },
        graphDef: { type: 'GraphDef', id: 2 },
        signatureDef: { keyType: 'string', type: 'SignatureDef', id: 5 },
      },
    },
    SavedModel: {
      fields: {
        savedModelSchemaVersion: { type: 'int64', id: 1 },
        metaGraphs: { rule: 'repeated', type: 'MetaGraphDef', id: 2 },
      },
    },
  },
};

const root = protobuf.Root.fromJSON(messages);
const savedModel = root.lookupType('SavedModel');

/** The bytes of a SavedModel message. */
export function encodeSavedModel(message: SavedModelMessage): Uint8Array {
  return savedModel.encode(savedModel.fromObject(message)).finish();
}

export interface ShapeMessage {
  dim: { size: number }[];
  unknownRank?: boolean;
}
export interface TensorMessage {
  dtype: number;
  tensorShape: ShapeMessage;
  tensorContent: Uint8Array;
}
export type AttributeMessage =
  | { s: Uint8Array }
  | { i: number }
  | { f: number }
  | { b: boolean }
  | { type: number }
  | { shape: ShapeMessage }
  | { tensor: TensorMessage }
  | { list: { i?: number[]; type?: number[]; shape?: ShapeMessage[] } };
export interface NodeMessage {
  name: string;
  op: string;
  input: string[];
  attr: Record<string, AttributeMessage>;
}
export interface TensorInfoMessage {
  name: string;
  dtype: number;
  tensorShape: ShapeMessage;
}
export interface SignatureMessage {
  inputs: Record<string, TensorInfoMessage>;
  outputs: Record<string, TensorInfoMessage>;
  methodName: string;
}
export interface SavedModelMessage {
  savedModelSchemaVersion: number;
  metaGraphs: {
    metaInfoDef: { tags: string[]; tensorflowVersion: string };
    graphDef: { node: NodeMessage[]; versions: { producer: number; minConsumer: number } };
    signatureDef: Record<string, SignatureMessage>;
  }[];
}
