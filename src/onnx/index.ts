/** ONNX models: reading them as modules that run, train and compile, and writing modules as models. */
export type { ElementType } from './element-type.js'
export { type ExportOnnxOptions, exportOnnx } from './export-onnx.js'
export { type OnnxData, type OnnxInput, OnnxModel, type OnnxPort } from './onnx-model.js'
export { newestOpset, openOnnx, type ReadOnnxOptions, readOnnx } from './read-onnx.js'
