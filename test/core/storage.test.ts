/** Where the bytes of a value lie: results begin at cache lines, and what is changed in place stays. */
import { expect, it } from 'vitest'
import { alignedFrom, lineBytes, residencyChanges, Storage } from '../../src/core/storage.js'

/** Memory whose arrays begin 16 bytes after a line, as those of a C library do. */
function memory() {
  const addresses = new Map<ArrayBuffer, number>()
  let next = 2 ** 40 + 16
  return (buffer: ArrayBuffer): number => {
    if (!addresses.has(buffer)) {
      addresses.set(buffer, next)
      next += Math.ceil((buffer.byteLength + 64) / 64) * 64
    }
    return addresses.get(buffer)!
  }
}

const large = alignedFrom / 4

it('a large result begins at a line, and is read where it was written', () => {
  const locate = memory()
  const s = new Storage('f32', large)
  const address = s.addressToWrite(locate)
  expect(address % lineBytes).toBe(0)
  expect(s.addressToRead(locate)).toBe(address)
  expect(s.addressToWrite(locate)).toBe(address)
  const array = s.write() as Float32Array
  expect(array.length).toBe(large)
  expect(locate(array.buffer as ArrayBuffer) + array.byteOffset).toBe(address)
})

it('what is changed where it lies stays there, with its content', () => {
  const locate = memory()
  const values = Float32Array.from({ length: large }, (_, i) => i)
  const s = new Storage('f32', large, values.buffer)
  expect(s.addressToUpdate(locate)).toBe(locate(values.buffer))
  expect(s.array()).toEqual(values)
})

it('what is written anew leaves a place that is no line, and says so', () => {
  const locate = memory()
  const s = new Storage('f32', large, new ArrayBuffer(4 * large))
  const old = s.addressToRead(locate)
  expect(old % lineBytes).toBe(16)
  const before = residencyChanges
  const address = s.addressToWrite(locate)
  expect(address).not.toBe(old)
  expect(address % lineBytes).toBe(0)
  expect(residencyChanges).toBe(before + 1)
  expect(s.addressToRead(locate)).toBe(address)
  expect(s.addressToWrite(locate)).toBe(address)
  expect(residencyChanges).toBe(before + 1)
})

it('a small result stays where it is', () => {
  const locate = memory()
  const values = Float32Array.of(1, 2, 3)
  const s = new Storage('f32', 3, values.buffer)
  expect(s.addressToWrite(locate)).toBe(locate(values.buffer))
})

it('a device that wrote a newer value is asked for it, wherever the bytes lay', () => {
  const locate = memory()
  const s = new Storage('f32', large)
  s.addressToWrite(locate)
  let released = 0
  s.writtenOnDevice({
    owner: {},
    download: (into) => into.fill(1),
    release: () => released++,
  })
  expect(s.bytes().every((byte) => byte === 1)).toBe(true)
  expect(s.addressToUpdate(locate)).toBe(s.addressToRead(locate))
  expect(released).toBe(1)
  expect(s.bytes().every((byte) => byte === 1)).toBe(true)
  expect(s.addressToWrite(locate) % lineBytes).toBe(0)
})
