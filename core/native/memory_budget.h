// A limit on what one job may allocate, so that an absurd request ends in a message and not in the machine's death.
#pragma once
#include <stdint.h>

#include <atomic>

namespace bloom {

class MemoryBudget {
 public:
  explicit MemoryBudget(uint64_t bytes) : left_(int64_t(bytes)) {}
  bool take(uint64_t bytes) {
    if (left_.fetch_sub(int64_t(bytes)) >= int64_t(bytes)) return true;
    left_.fetch_add(int64_t(bytes));
    return false;
  }
  void give(uint64_t bytes) { left_.fetch_add(int64_t(bytes)); }

 private:
  std::atomic<int64_t> left_;
};

}  // namespace bloom
