#pragma once
#include "lanes_math.h"

namespace bloom::BLOOM_ISA {

// Lanes written to memory, to be read one by one; the barrier keeps the compiler from undoing that.
class Spilled {
 public:
  explicit Spilled(I v) {
    memcpy(values_, &v, sizeof v);
    __asm__ volatile("" : : "r"(values_) : "memory");
  }
  int32_t operator[](int lane) const { return values_[lane]; }

 private:
  alignas(64) int32_t values_[kLanes];
};

}  // namespace bloom::BLOOM_ISA
