/**
 * The bytes of one computed value. They live in an ArrayBuffer, or on a device that keeps them resident, or in both;
 * the garbage collector frees what nobody holds. A device that runs short of room moves contents back into an
 * ArrayBuffer (`evict`), so a Storage never loses its value.
 */
import { byteSize, type DType, type TypedArray, viewAs } from './dtype.js'
import { InternalError } from './errors.js'
import { firstLine, type Locate, lineBytes, takeLine } from './take-line.js'

/** A device's copy of a Storage. The device reads it back with `download` when the host asks. */
export interface Resident {
  /** The device that holds the bytes. */
  readonly owner: object
  /** Copies the bytes to the host. */
  download(into: Uint8Array): void
  /** The host is about to change the bytes: the device forgets its copy. */
  release(): void
}

/** How often bytes that lay somewhere have moved so far: while it stays, host bytes are where they were. */
export let residencyChanges = 0

/** What a device writes begins at a cache line from so many bytes on: vectors then lie in one line each. */
export const alignedFrom = 2 ** 16

export class Storage {
  readonly dtype: DType
  /** Number of elements. */
  readonly size: number
  /** Host bytes; null while only the device has them. */
  private host: ArrayBuffer | null
  /** Where they begin in `host`. */
  private hostOffset = 0
  resident: Resident | null = null
  /** Where the host bytes lie in the process's memory, once a device has asked; 0: not known. */
  private hostAddress = 0

  constructor(dtype: DType, size: number, host: ArrayBuffer | null = null) {
    this.dtype = dtype
    this.size = size
    this.host = host
  }

  get byteLength(): number {
    return this.size * byteSize(this.dtype)
  }

  /** True while the host has the current bytes. */
  get onHost(): boolean {
    return this.host !== null
  }

  /** The current bytes on the host, downloaded if need be. Read only: use `write` to change them. */
  bytes(): Uint8Array {
    if (this.host === null) {
      if (this.resident === null) throw new InternalError('A storage was read before it was computed.')
      this.host = new ArrayBuffer(this.byteLength)
      this.resident.download(new Uint8Array(this.host))
    }
    return new Uint8Array(this.host, this.hostOffset, this.byteLength)
  }

  /** The current values on the host as a typed array that shares the bytes. Read only. */
  array(): TypedArray {
    this.bytes()
    return viewAs(this.dtype, this.host!, this.hostOffset, this.size)
  }

  /** A writable host array whose present content is undefined; the device's copy is dropped. */
  write(): TypedArray {
    this.resident?.release()
    this.resident = null
    this.host ??= new ArrayBuffer(this.byteLength)
    return viewAs(this.dtype, this.host, this.hostOffset, this.size)
  }

  /** The address of the current host bytes (downloaded if need be), as `locate` finds it. */
  addressToRead(locate: Locate): number {
    if (this.hostAddress !== 0) return this.hostAddress
    if (this.host === null) this.bytes()
    this.hostAddress = locate(this.host!) + this.hostOffset
    return this.hostAddress
  }

  /** The address of the current host bytes, which are about to be changed where they lie; the device's copy is dropped. */
  addressToUpdate(locate: Locate): number {
    const address = this.addressToRead(locate)
    if (this.resident !== null) this.write()
    return address
  }

  /**
   * The address of host bytes that are about to be written, at a cache line from `alignedFrom` bytes on. Their present
   * content is undefined, the device's copy is dropped.
   */
  addressToWrite(locate: Locate): number {
    if (this.resident !== null) this.write()
    const { byteLength } = this
    if (byteLength < alignedFrom) {
      if (this.host === null && byteLength <= lineBytes && byteLength > 0) {
        const line = takeLine(locate)
        this.host = line.host
        this.hostOffset = line.offset
        this.hostAddress = line.address
      }
      if (this.host === null) this.write()
      return this.addressToRead(locate)
    }
    if (this.host === null || this.addressToRead(locate) % lineBytes !== 0) this.allocateAtLine(locate)
    return this.hostAddress
  }

  private allocateAtLine(locate: Locate): void {
    if (this.host !== null) residencyChanges++
    this.host = new ArrayBuffer(this.byteLength + lineBytes)
    const start = locate(this.host)
    this.hostOffset = firstLine(start)
    this.hostAddress = start + this.hostOffset
  }

  /** The device has written a newer value: the host's copy no longer counts. */
  writtenOnDevice(resident: Resident): void {
    residencyChanges++
    if (this.resident !== resident) this.resident?.release()
    this.resident = resident
    this.host = null
    this.hostOffset = 0
    this.hostAddress = 0
  }

  /** The device gives up its copy; the bytes move to the host first. */
  evict(): void {
    this.bytes()
    this.resident = null
  }
}
