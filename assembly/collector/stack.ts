/** Objects that are in use and whose members are still to be looked at. It lies outside of what is collected. */
// @ts-ignore: decorator
@unmanaged
export class Stack {
  private base: usize;
  private room: u32;
  private used: u32;

  get isEmpty(): bool {
    return this.used == 0;
  }

  push(pointer: usize): void {
    if (this.used == this.room) this.grow();
    store<usize>(this.base + (usize(this.used) << alignof<usize>()), pointer);
    this.used += 1;
  }

  pop(): usize {
    this.used -= 1;
    return load<usize>(this.base + (usize(this.used) << alignof<usize>()));
  }

  private grow(): void {
    this.room = this.room == 0 ? 1024 : this.room * 2;
    const size = usize(this.room) << alignof<usize>();
    this.base = this.base == 0 ? __alloc(size) : __realloc(this.base, size);
  }
}
