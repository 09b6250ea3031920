// Memory for what is written at random: aligned, in large pieces.
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <memory>
#include <mutex>
#include <new>
#include <vector>

#include "memory_budget.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace bloom {

constexpr uint64_t kHugePage = 2 << 20;

inline void* aligned_memory(uint64_t alignment, uint64_t bytes) { return ::operator new(bytes, std::align_val_t(alignment), std::nothrow); }
inline void free_aligned(void* memory, uint64_t alignment) { ::operator delete(memory, std::align_val_t(alignment)); }

// On Linux asks for huge pages: where writes land anywhere, looking up ordinary pages would cost as much as the writing.
inline void* huge_memory(uint64_t bytes) {
  void* memory = aligned_memory(kHugePage, bytes);
#if defined(__linux__)
  if (memory && bytes >= kHugePage) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
  return memory;
}
inline void free_huge(void* memory) { free_aligned(memory, kHugePage); }

// Leaves of one size, cut from large pieces of memory; they all go at once.
class LeafArena {
 public:
  LeafArena(uint64_t leaf_bytes, std::shared_ptr<MemoryBudget> memory) : leaf_bytes_(leaf_bytes), memory_(std::move(memory)) {}
  ~LeafArena() {
    for (const Piece& piece : pieces_) free_huge(piece.memory), memory_->give(piece.bytes);
  }
  LeafArena(const LeafArena&) = delete;
  LeafArena& operator=(const LeafArena&) = delete;

  // A leaf full of zeros, or null when memory ran out.
  void* take() {
    void* leaf;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (left_ < leaf_bytes_ && !grow()) return nullptr;
      leaf = at_;
      at_ += leaf_bytes_, left_ -= leaf_bytes_;
    }
    return memset(leaf, 0, leaf_bytes_);
  }

 private:
  struct Piece {
    char* memory;
    uint64_t bytes;
  };
  bool grow() {
    // Small grids stay small: the first pieces double.
    uint64_t bytes = pieces_.size() < 4 ? (kHugePage >> 3) << pieces_.size() : kHugePage * 2;
    if (!memory_->take(bytes)) return false;
    char* memory = static_cast<char*>(huge_memory(bytes));
    if (!memory) {
      memory_->give(bytes);
      return false;
    }
    pieces_.push_back({memory, bytes});
    at_ = memory, left_ = bytes;
    return true;
  }

  uint64_t leaf_bytes_, left_ = 0;
  std::shared_ptr<MemoryBudget> memory_;
  std::mutex mutex_;
  std::vector<Piece> pieces_;
  char* at_ = nullptr;
};

}  // namespace bloom
