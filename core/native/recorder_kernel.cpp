// Compiled once per instruction set, as kernel.cpp is. A pass is bound by memory, so each value is read once: what a superblock of
// 4096 entries adds to the sketch is kept signed in a buffer, and folded there by the permutations that its 64 blocks have.
#include "recorder_kernel.h"

#include <string.h>

#include "lanes.h"

// The product of two floats is exact in double, so that fused and separate multiply and add give the same bits.
#pragma clang fp contract(fast)

namespace bloom::BLOOM_ISA {
namespace {

constexpr int kBlock = kSketchSize, kVectors = kBlock / kLanes;
constexpr uint64_t kSuperblock = kBlock * kBlock;
constexpr uint64_t kSeed = 0xb100f10e;

using Floats = Vec<float>;
using Bits = Vec<int32_t>;

uint64_t splitmix64(uint64_t state) {
  uint64_t v = (state + 1) * 0x9e3779b97f4a7c15ull;
  v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9ull;
  v = (v ^ (v >> 27)) * 0x94d049bb133111ebull;
  return v ^ (v >> 31);
}

struct Squares {
  Vec<double> update{0}, parameter{0}, gradient{0};
};

inline void add_square(Vec<double>& sum, Floats v) {
  Vec<double> wide = __builtin_convertvector(v, Vec<double>);
  sum += wide * wide;
}

inline Floats load(const float* from) {
  Floats v;
  memcpy(&v, from, sizeof v);
  return v;
}

// A superblock's signed updates, by block.
struct Buffer {
  Floats of[kBlock][kVectors];
};

inline void measure_block(const float* after, float* before, const float* gradient, uint64_t signs, Floats* out, Squares& squares) {
  const Bits lane_bit = Bits(1) << Bits{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (int v = 0; v < kVectors; ++v) {
    Floats now = load(after + v * kLanes);
    Floats update = now - load(before + v * kLanes);
    memcpy(before + v * kLanes, &now, sizeof now);
    add_square(squares.update, update);
    add_square(squares.parameter, now);
    if (gradient) add_square(squares.gradient, load(gradient + v * kLanes));
    Bits negative = (Bits(int32_t(signs >> (v * kLanes) & 0xffff)) & lane_bit) != 0;
    out[v] = (Floats)((Bits)update ^ (negative & Bits(INT32_MIN)));
  }
}

// Lane l goes to lane l XOR flip.
template <int flip>
inline Floats flipped(Floats v) {
  return __builtin_shufflevector(v, v, 0 ^ flip, 1 ^ flip, 2 ^ flip, 3 ^ flip, 4 ^ flip, 5 ^ flip, 6 ^ flip, 7 ^ flip, 8 ^ flip, 9 ^ flip, 10 ^ flip,
                                 11 ^ flip, 12 ^ flip, 13 ^ flip, 14 ^ flip, 15 ^ flip);
}

// Block k of a superblock goes to the buckets with their index flipped by k. Blocks k and k + half, for half a power of two, differ in
// one bit: with that one flipped, they can be added.
template <int half>
inline void fold(Buffer& buffer) {
  for (int k = 0; k < half; ++k)
    for (int v = 0; v < kVectors; ++v) {
      Floats other = buffer.of[k + half][v ^ (half / kLanes)];
      buffer.of[k][v] += flipped<half % kLanes>(other);
    }
}

void fold_into(Buffer& buffer, uint64_t superblock, double* sketch) {
  fold<32>(buffer), fold<16>(buffer), fold<8>(buffer), fold<4>(buffer), fold<2>(buffer), fold<1>(buffer);
  int mask = int(splitmix64(kSeed + (1ull << 63) + superblock) >> 58);
  const float* folded = (const float*)buffer.of[0];
  for (int bucket = 0; bucket < kSketchSize; ++bucket) sketch[bucket] += double(folded[bucket ^ mask]);
}

// The entries [low, high) of a block, as a whole block of which the others are 0.
void measure_part(const float* after, float* before, const float* gradient, int low, int high, uint64_t signs, Floats* out, Squares& squares) {
  float now[kBlock] = {}, old[kBlock] = {}, slope[kBlock] = {};
  size_t bytes = size_t(high - low) * sizeof(float);
  memcpy(now + low, after, bytes);
  memcpy(old + low, before, bytes);
  if (gradient) memcpy(slope + low, gradient, bytes);
  measure_block(now, old, gradient ? slope : nullptr, signs, out, squares);
  memcpy(before, old + low, bytes);
}

double sum(const Vec<double>& v) {
  double total = 0;
  for (int lane = 0; lane < kLanes; ++lane) total += v[lane];
  return total;
}

}  // namespace

void measure(const Measured& what, double squares[3], double sketch[kSketchSize]) {
  Squares sums;
  Buffer buffer;
  for (uint64_t at = what.start, end = what.start + what.count; at < end;) {
    uint64_t superblock = at / kSuperblock, until = superblock * kSuperblock + kSuperblock;
    if (until > end) until = end;
    if (until - at < kSuperblock) memset(&buffer, 0, sizeof buffer);
    while (at < until) {
      uint64_t block = at / kBlock;
      int low = int(at % kBlock), high = int(until - at < uint64_t(kBlock - low) ? low + int(until - at) : kBlock);
      uint64_t done = at - what.start;
      const float* gradient = what.gradient ? what.gradient + done : nullptr;
      uint64_t signs = splitmix64(kSeed + block);
      Floats* out = buffer.of[block % kBlock];
      if (high - low == kBlock) measure_block(what.after + done, what.before + done, gradient, signs, out, sums);
      else measure_part(what.after + done, what.before + done, gradient, low, high, signs, out, sums);
      at += uint64_t(high - low);
    }
    fold_into(buffer, superblock, sketch);
  }
  squares[0] += sum(sums.update), squares[1] += sum(sums.parameter), squares[2] += sum(sums.gradient);
}

}  // namespace bloom::BLOOM_ISA
