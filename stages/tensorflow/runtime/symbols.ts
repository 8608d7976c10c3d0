/**
 * The functions of TensorFlow's C library that we call, one row each: C types in the row, C parameter
 * names in its comment. Sources: tensorflow/c/c_api.h, tensorflow/c/env.h, tensorflow/c/eager/c_api.h
 * of 2.21.
 */

/** `TF_Output`, an output of a graph operation, passed by value: {TF_Operation* oper; int index}. */
export const outputStruct = { struct: ["pointer", "i32"] } as const;

// deno-fmt-ignore
export const symbols = {
  // library
  TF_Version: { parameters: [], result: "pointer" },
  // status
  TF_NewStatus: { parameters: [], result: "pointer" },
  TF_DeleteStatus: { parameters: ["pointer"], result: "void" }, // status
  TF_GetCode: { parameters: ["pointer"], result: "i32" }, // status
  TF_Message: { parameters: ["pointer"], result: "pointer" }, // status
  // TensorFlow's file systems
  TF_CreateDir: { parameters: ["buffer", "pointer"], result: "void" }, // dirname, status
  TF_GetChildren: { parameters: ["buffer", "pointer"], result: "pointer" }, // filename, status
  TF_StringStreamNext: { parameters: ["pointer", "buffer"], result: "bool" }, // list, result
  TF_StringStreamDone: { parameters: ["pointer"], result: "void" }, // list
  TF_NewWritableFile: { parameters: ["buffer", "buffer", "pointer"], result: "void" }, // filename, handle, status
  TF_AppendWritableFile: { parameters: ["pointer", "buffer", "usize", "pointer"], result: "void" }, // handle, data, length, status
  TF_CloseWritableFile: { parameters: ["pointer", "pointer"], result: "void" }, // handle, status
  TF_DeleteFile: { parameters: ["buffer", "pointer"], result: "void" }, // filename, status
  // buffers, for serialised protos
  TF_NewBuffer: { parameters: [], result: "pointer" },
  TF_DeleteBuffer: { parameters: ["pointer"], result: "void" }, // buffer
  // host tensors
  TF_AllocateTensor: { parameters: ["i32", "buffer", "i32", "usize"], result: "pointer" }, // dtype, dims, num_dims, len
  TF_TensorData: { parameters: ["pointer"], result: "pointer" }, // tensor
  TF_TensorByteSize: { parameters: ["pointer"], result: "usize" }, // tensor
  TF_DeleteTensor: { parameters: ["pointer"], result: "void" }, // tensor
  TF_StringInit: { parameters: ["buffer"], result: "void" }, // t
  TF_StringCopy: { parameters: ["buffer", "buffer", "usize"], result: "void" }, // dst, src, size
  // eager context
  TFE_NewContextOptions: { parameters: [], result: "pointer" },
  TFE_ContextOptionsSetConfig: { parameters: ["pointer", "buffer", "usize", "pointer"], result: "void" }, // options, proto, proto_len, status
  TFE_DeleteContextOptions: { parameters: ["pointer"], result: "void" }, // options
  TFE_NewContext: { parameters: ["pointer", "pointer"], result: "pointer" }, // options, status
  TFE_DeleteContext: { parameters: ["pointer"], result: "void" }, // context
  TFE_ContextListDevices: { parameters: ["pointer", "pointer"], result: "pointer" }, // context, status
  TFE_ContextAddFunction: { parameters: ["pointer", "pointer", "pointer"], result: "void" }, // context, function, status
  TFE_ContextRemoveFunction: { parameters: ["pointer", "buffer", "pointer"], result: "void" }, // context, name, status
  TF_DeviceListCount: { parameters: ["pointer"], result: "i32" }, // list
  TF_DeviceListName: { parameters: ["pointer", "i32", "pointer"], result: "pointer" }, // list, index, status
  TF_DeviceListType: { parameters: ["pointer", "i32", "pointer"], result: "pointer" }, // list, index, status
  TF_DeviceListMemoryBytes: { parameters: ["pointer", "i32", "pointer"], result: "i64" }, // list, index, status
  TF_DeleteDeviceList: { parameters: ["pointer"], result: "void" }, // list
  // eager tensors
  TFE_NewTensorHandle: { parameters: ["pointer", "pointer"], result: "pointer" }, // tensor, status
  TFE_DeleteTensorHandle: { parameters: ["pointer"], result: "void" }, // handle
  TFE_TensorHandleDataType: { parameters: ["pointer"], result: "i32" }, // handle
  TFE_TensorHandleNumDims: { parameters: ["pointer", "pointer"], result: "i32" }, // handle, status
  TFE_TensorHandleDim: { parameters: ["pointer", "i32", "pointer"], result: "i64" }, // handle, dim_index, status
  TFE_TensorHandleResolve: { parameters: ["pointer", "pointer"], result: "pointer" }, // handle, status
  TFE_TensorHandleCopyToDevice: { parameters: ["pointer", "pointer", "buffer", "pointer"], result: "pointer" }, // handle, context, device_name, status
  // eager operations
  TFE_NewOp: { parameters: ["pointer", "buffer", "pointer"], result: "pointer" }, // context, op_or_function_name, status
  TFE_DeleteOp: { parameters: ["pointer"], result: "void" }, // op
  TFE_OpSetDevice: { parameters: ["pointer", "buffer", "pointer"], result: "void" }, // op, device_name, status
  TFE_OpAddInput: { parameters: ["pointer", "pointer", "pointer"], result: "void" }, // op, input, status
  TFE_OpSetAttrType: { parameters: ["pointer", "buffer", "i32"], result: "void" }, // op, attr_name, value
  TFE_OpSetAttrTypeList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" }, // op, attr_name, values, num_values
  TFE_OpSetAttrBool: { parameters: ["pointer", "buffer", "u8"], result: "void" }, // op, attr_name, value
  TFE_OpSetAttrInt: { parameters: ["pointer", "buffer", "i64"], result: "void" }, // op, attr_name, value
  TFE_OpSetAttrIntList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" }, // op, attr_name, values, num_values
  TFE_OpSetAttrFloat: { parameters: ["pointer", "buffer", "f32"], result: "void" }, // op, attr_name, value
  TFE_OpSetAttrString: { parameters: ["pointer", "buffer", "buffer", "usize"], result: "void" }, // op, attr_name, value, length
  TFE_OpSetAttrShape: { parameters: ["pointer", "buffer", "buffer", "i32", "pointer"], result: "void" }, // op, attr_name, dims, num_dims, status
  TFE_OpSetAttrFunctionName: { parameters: ["pointer", "buffer", "buffer", "usize"], result: "void" }, // op, attr_name, value, length
  TFE_Execute: { parameters: ["pointer", "buffer", "buffer", "pointer"], result: "void" }, // op, retvals, num_retvals, status
  /** `TFE_Execute` on a thread of its own. */
  executeElsewhere: { name: "TFE_Execute", parameters: ["pointer", "buffer", "buffer", "pointer"], result: "void", nonblocking: true }, // op, retvals, num_retvals, status
  // graphs, for recording
  TF_NewGraph: { parameters: [], result: "pointer" },
  TF_DeleteGraph: { parameters: ["pointer"], result: "void" }, // graph
  TF_GraphGetOpDef: { parameters: ["pointer", "buffer", "pointer", "pointer"], result: "void" }, // graph, op_name, output_op_def, status
  TF_NewOperation: { parameters: ["pointer", "buffer", "buffer"], result: "pointer" }, // graph, op_type, oper_name
  TF_FinishOperation: { parameters: ["pointer", "pointer"], result: "pointer" }, // desc, status
  TF_AddInput: { parameters: ["pointer", outputStruct], result: "void" }, // desc, input
  TF_AddInputList: { parameters: ["pointer", "buffer", "i32"], result: "void" }, // desc, inputs, num_inputs
  TF_SetAttrType: { parameters: ["pointer", "buffer", "i32"], result: "void" }, // desc, attr_name, value
  TF_SetAttrBool: { parameters: ["pointer", "buffer", "u8"], result: "void" }, // desc, attr_name, value
  TF_SetAttrInt: { parameters: ["pointer", "buffer", "i64"], result: "void" }, // desc, attr_name, value
  TF_SetAttrIntList: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" }, // desc, attr_name, values, num_values
  TF_SetAttrFloat: { parameters: ["pointer", "buffer", "f32"], result: "void" }, // desc, attr_name, value
  TF_SetAttrString: { parameters: ["pointer", "buffer", "buffer", "usize"], result: "void" }, // desc, attr_name, value, length
  TF_SetAttrShape: { parameters: ["pointer", "buffer", "buffer", "i32"], result: "void" }, // desc, attr_name, dims, num_dims
  TF_SetAttrTensor: { parameters: ["pointer", "buffer", "pointer", "pointer"], result: "void" }, // desc, attr_name, value, status
  TF_OperationOutputType: { parameters: [outputStruct], result: "i32" }, // oper_out
  TF_GraphGetTensorNumDims: { parameters: ["pointer", outputStruct, "pointer"], result: "i32" }, // graph, output, status
  TF_GraphGetTensorShape: { parameters: ["pointer", outputStruct, "buffer", "i32", "pointer"], result: "void" }, // graph, output, dims, num_dims, status
  TF_GraphToFunction: { // fn_body, fn_name, append_hash, num_opers, opers, ninputs, inputs, noutputs, outputs, output_names, opts, description, status
    parameters: ["pointer", "buffer", "u8", "i32", "pointer", "i32", "buffer", "i32", "buffer", "pointer", "pointer", "pointer", "pointer"],
    result: "pointer",
  },
  TF_GraphCopyFunction: { parameters: ["pointer", "pointer", "pointer", "pointer"], result: "void" }, // graph, func, grad, status
  TF_DeleteFunction: { parameters: ["pointer"], result: "void" }, // func
  // The logging library, in C++: absl::MinLogLevel, absl::SetMinLogLevel. Another build may not have them.
  minLogLevel: { name: "_ZN4absl12lts_2025081411MinLogLevelEv", parameters: [], result: "i32", optional: true },
  setMinLogLevel: { name: "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE", parameters: ["i32"], result: "void", optional: true }, // severity
} as const satisfies Deno.ForeignLibraryInterface;

export type Symbols = Deno.DynamicLibrary<typeof symbols>["symbols"];
