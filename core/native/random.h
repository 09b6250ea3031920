// Random numbers by counting: number n of a stream is a hash of n (two rounds of multiply and shift, with Wellons' constants
// of least bias, 2018) between two keys made of (seed, stream). A place in the work has its own numbers, whatever happened
// before it: when a flame changes a little from frame to frame, every point keeps the chances it had. A stream is a batch
// of work, never a thread: this is what makes a result independent of threads.
#pragma once
#include "lanes.h"

namespace bloom::BLOOM_ISA {

class Random {
 public:
  using Word = Vec<uint32_t>;

  Random(uint64_t seed, uint64_t stream) {
    uint64_t keys = mix(seed * 0x9e3779b97f4a7c15ull ^ mix(stream + 0x632be59bd9b4e019ull));
    first_ = uint32_t(keys), second_ = uint32_t(keys >> 32);
  }

  // Goes to the numbers of place `place`: 64 words of sixteen lanes belong to each.
  void seek(uint32_t place) { count_ = place * (64 * kLanes); }

  Word bits() {
    Word v = (Word{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15} + count_) ^ first_;
    count_ += kLanes;
    v = (v ^ (v >> 16)) * 0x7feb352du;
    v = (v ^ (v >> 15) ^ second_) * 0x846ca68bu;
    return v ^ (v >> 16);
  }

  // Uniform on [0, 1): 24 bits, which a float holds exactly.
  template <class T>
  Vec<T> uniform() {
    return __builtin_convertvector((Vec<int32_t>)(bits() >> 8), Vec<T>) * T(1.0 / 16777216.0);
  }

  // The flame algorithm's pseudo-Gaussian: four uniforms minus 2.
  template <class T>
  Vec<T> gaussian() {
    Vec<T> a = uniform<T>() + uniform<T>();
    return a + (uniform<T>() + uniform<T>()) - T(2);
  }

  // A single number, for decisions that concern all lanes. It has a stream of its own.
  uint64_t scalar() { return mix(((uint64_t(second_) << 32) | first_) + 0x9e3779b97f4a7c15ull * ++scalars_); }

 private:
  static uint64_t mix(uint64_t v) {
    v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9ull;
    v = (v ^ (v >> 27)) * 0x94d049bb133111ebull;
    return v ^ (v >> 31);
  }
  uint32_t first_, second_, count_ = 0;
  uint64_t scalars_ = 0;
};

}  // namespace bloom::BLOOM_ISA
