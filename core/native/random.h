// Random numbers: sixteen xoshiro128+ generators side by side (Blackman and Vigna, 2018), seeded by splitmix64 from
// (seed, stream). A stream is a batch of work, never a thread: this is what makes a result independent of threads.
#pragma once
#include "lanes.h"

namespace bloom::BLOOM_ISA {

class Random {
 public:
  using Word = Vec<uint32_t>;

  Random(uint64_t seed, uint64_t stream) {
    uint64_t state = seed * 0x9e3779b97f4a7c15ull ^ mix(stream + 0x632be59bd9b4e019ull);
    for (int lane = 0; lane < kLanes; ++lane) {
      uint64_t a = mix(state += 0x9e3779b97f4a7c15ull), b = mix(state += 0x9e3779b97f4a7c15ull);
      s0_[lane] = uint32_t(a), s1_[lane] = uint32_t(a >> 32), s2_[lane] = uint32_t(b), s3_[lane] = uint32_t(b >> 32) | 1u;
    }
  }

  Word bits() {
    Word out = s0_ + s3_, t = s1_ << 9;
    s2_ ^= s0_, s3_ ^= s1_, s1_ ^= s2_, s0_ ^= s3_;
    s2_ ^= t;
    s3_ = (s3_ << 11) | (s3_ >> 21);
    return out;
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

 private:
  static uint64_t mix(uint64_t v) {
    v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9ull;
    v = (v ^ (v >> 27)) * 0x94d049bb133111ebull;
    return v ^ (v >> 31);
  }
  Word s0_, s1_, s2_, s3_;
};

}  // namespace bloom::BLOOM_ISA
