/** File formats: safetensors, NumPy's npy and npz, pictures, zip and gzip. */
export type { ArrayData } from './array-data.js'
export { atomicWrite } from './atomic-write.js'
export { gunzip, gzip } from './gzip.js'
export { decodeImage, type Image, toChannelsFirst, toGray, toRgb } from './image.js'
export { encodeNpy, readNpy } from './npy.js'
export { loadNpy, loadNpz, saveNpy, saveNpz } from './npy-file.js'
export { encodeNpz, iterateNpz, readNpz } from './npz.js'
export { encodePng } from './png.js'
export { readFile } from './read-file.js'
export { resizeImage } from './resize-image.js'
export {
  encodeSafetensors,
  iterateSafetensors,
  readSafetensors,
  type SafetensorsEntry,
  type SafetensorsHeader,
  type SafetensorsInfo,
} from './safetensors.js'
export { openSafetensors, SafetensorsFile, writeSafetensorsFile } from './safetensors-file.js'
export {
  loadSafetensors,
  saveSafetensors,
  stateDictFromBytes,
  stateDictToBytes,
} from './state-dict-file.js'
export { encodeZip, readZip } from './zip.js'
