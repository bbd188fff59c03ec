/** What registering a hook returns. */

export interface RemovableHandle {
  /** Takes the hook away. Calling it again does nothing. */
  remove(): void
}
