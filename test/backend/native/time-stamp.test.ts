import { expect, it } from 'vitest'
import { momentOf } from '../../../src/backend/native/time-stamp.js'

it('a thread that is put aside between two readings does not shift one clock against the other', () => {
  // A counter of 3 ticks a millisecond; every reading takes 1 ms, and before all but one the thread waits 40 ms.
  let time = 0
  let readings = 0
  const wait = (): void => {
    readings++
    time += readings === 17 || readings === 18 ? 1 : 41
  }
  const moment = momentOf(
    () => {
      wait()
      return 3 * time
    },
    () => {
      wait()
      return time
    },
  )
  expect(Math.abs(moment.ticks - 3 * moment.milliseconds)).toBeLessThanOrEqual(3)
})
