/**
 * Where results of at most one cache line lie: many share an ArrayBuffer, because to make one and to ask where it lies
 * costs more than to compute a loss.
 */

/** Bytes of a cache line. */
export const lineBytes = 64

/** Lines of one ArrayBuffer. It lives as long as one of its results does. */
const linesOfShelf = 64

/** Tells where a buffer lies in the memory of the process. */
export type Locate = (buffer: ArrayBuffer) => number

/** Room that is a cache line of its own: `address` is where `offset` of `host` lies. */
export interface Line {
  readonly host: ArrayBuffer
  readonly offset: number
  readonly address: number
}

/** The offset in a buffer that lies at `start` from which on it is cut as cache lines are. */
export const firstLine = (start: number): number => (lineBytes - (start % lineBytes)) % lineBytes

let host = new ArrayBuffer(0)
let locatedBy: Locate | null = null
/** Where the next free line begins in `host`, and in memory. */
let offset = 0
let address = 0

/** A line that nobody has, of undefined content. */
export function takeLine(locate: Locate): Line {
  if (locatedBy !== locate || offset + lineBytes > host.byteLength) {
    host = new ArrayBuffer((linesOfShelf + 1) * lineBytes)
    locatedBy = locate
    const start = locate(host)
    offset = firstLine(start)
    address = start + offset
  }
  const line = { host, offset, address }
  offset += lineBytes
  address += lineBytes
  return line
}
