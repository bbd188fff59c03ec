/**
 * Pictures to and from files. Node only; `decodeImage` and `encodePng` work on bytes everywhere.
 */
import { DataError } from '../core/errors.js'
import { atomicWrite } from './atomic-write.js'
import { decodeImage, type Image } from './image.js'
import { encodePng } from './png.js'
import { readFile } from './read-file.js'

/** Reads a PNG or JPEG file. Throws `DataError` naming the path. */
export function loadImage(path: string, options: { maxPixels?: number } = {}): Image {
  const bytes = readFile(path)
  try {
    return decodeImage(bytes, options)
  } catch (error) {
    if (error instanceof DataError) throw new DataError(`'${path}': ${error.message}`, { cause: error })
    throw error
  }
}

/** Writes a PNG file. */
export const savePng = (path: string, image: Image): void => atomicWrite(path, encodePng(image))
