// macOS only: the operators new and delete, kept inside the library. zig's linker cannot be told what to export there, and would export those
// of its C++ library; macOS would then let all libraries of the process share one set of them, ours or another's. Compiled with
// -fvisibility-global-new-delete=force-hidden.
#include <stdlib.h>

#include <new>

namespace {

void* taken(void* memory) {
  if (!memory) throw std::bad_alloc();
  return memory;
}

// aligned_alloc wants a size that is a multiple of the alignment.
void* aligned(size_t size, std::align_val_t alignment) {
  const size_t step = size_t(alignment) < sizeof(void*) ? sizeof(void*) : size_t(alignment);
  const size_t whole = (size + step - 1) & ~(step - 1);
  return whole < size ? nullptr : aligned_alloc(step, whole ? whole : step);
}

}  // namespace

void* operator new(size_t size) { return taken(malloc(size ? size : 1)); }
void* operator new[](size_t size) { return operator new(size); }
void* operator new(size_t size, const std::nothrow_t&) noexcept { return malloc(size ? size : 1); }
void* operator new[](size_t size, const std::nothrow_t& none) noexcept { return operator new(size, none); }
void* operator new(size_t size, std::align_val_t alignment) { return taken(aligned(size, alignment)); }
void* operator new[](size_t size, std::align_val_t alignment) { return operator new(size, alignment); }
void* operator new(size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept { return aligned(size, alignment); }
void* operator new[](size_t size, std::align_val_t alignment, const std::nothrow_t& none) noexcept { return operator new(size, alignment, none); }

void operator delete(void* memory) noexcept { free(memory); }
void operator delete[](void* memory) noexcept { free(memory); }
void operator delete(void* memory, size_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t) noexcept { free(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { free(memory); }
void operator delete[](void* memory, size_t, std::align_val_t) noexcept { free(memory); }
void operator delete(void* memory, std::align_val_t, const std::nothrow_t&) noexcept { free(memory); }
void operator delete[](void* memory, std::align_val_t, const std::nothrow_t&) noexcept { free(memory); }
