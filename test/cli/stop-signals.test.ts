/**
 * Signals: the first asks to stop, its echo from npm is the same one, the second ends the process.
 */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { StopSignals } from '../../src/cli/stop-signals.js'

afterEach(() => vi.restoreAllMocks())

describe('StopSignals', () => {
  it('stops at the first signal and exits at the second', async () => {
    const exit = vi.spyOn(process, 'exit').mockImplementation((() => {}) as never)
    const heard: string[] = []
    const listeners = process.listenerCount('SIGINT')
    const signals = new StopSignals((signal) => heard.push(signal))
    try {
      process.emit('SIGINT', 'SIGINT')
      process.emit('SIGINT', 'SIGINT')
      expect(signals.received).toBe('SIGINT')
      expect(exit).not.toHaveBeenCalled()
      await new Promise((resolve) => setTimeout(resolve, 200))
      process.emit('SIGINT', 'SIGINT')
      expect(exit).toHaveBeenCalledExactlyOnceWith(130)
      expect(heard).toEqual(['SIGINT'])
    } finally {
      signals.close()
    }
    expect(process.listenerCount('SIGINT')).toBe(listeners)
  })
})
