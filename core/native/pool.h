// The points that one batch moves together: blocks of sixteen, and how they are mixed and given to the xforms.
//
// All sixteen points of a block go through the same xform, so nothing has to be sorted or gathered point by point. What
// makes every single point's sequence of xforms the independent draws of the chaos game is that before each step the blocks
// are shuffled and every new block takes its points from sixteen old ones (a transposition). The xforms get their shares of
// the blocks by systematic sampling: as many as their probability asks for, with one random offset for the fraction.
#pragma once
#include <string.h>

#include "kernel.h"
#include "lanes.h"
#include "random.h"

namespace bloom::BLOOM_ISA {

constexpr int kBlocks = kPool / kLanes;
static_assert(kBlocks <= 256, "a block's number must fit a byte");

enum Coordinate { kAlongX, kAlongY, kAlongZ, kColor, kCoordinates };

template <class T>
struct Pool {
  alignas(64) T now[kCoordinates][kPool], mixed[kCoordinates][kPool];
  uint8_t order[kBlocks];     // the blocks' numbers, by xform
  int start[kMaxXforms + 1];  // where in `order` the blocks of xform i begin
  uint8_t shuffled[kBlocks];
};

template <class V>
inline void interleave(V a, V b, V& low, V& high) {
  low = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  high = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

// Rows to columns, sixteen by sixteen: four rounds of perfect shuffles.
template <class T>
inline void transpose(Vec<T> (&v)[kLanes]) {
  for (int round = 0; round < 4; ++round) {
    Vec<T> out[kLanes];
    for (int i = 0; i < kLanes / 2; ++i) interleave(v[i], v[i + kLanes / 2], out[2 * i], out[2 * i + 1]);
    for (int i = 0; i < kLanes; ++i) v[i] = out[i];
  }
}

template <class T>
inline Vec<T> load(const T* from) {
  Vec<T> out;
  memcpy(&out, from, sizeof out);
  return out;
}
template <class T>
inline void store(T* to, Vec<T> v) { memcpy(to, &v, sizeof v); }

// Mixes the points of the `count` blocks in `list` among each other, from `now` into the same blocks of `mixed`.
template <class T>
inline void mix(Pool<T>& pool, const uint8_t* list, int count, Random& random) {
  uint8_t* from = pool.shuffled;
  memcpy(from, list, size_t(count));
  for (int i = count - 1; i > 0;) {
    // Fisher and Yates, three swaps for one random number.
    uint64_t bits = random.scalar();
    for (int part = 0; part < 3 && i > 0; ++part, --i, bits >>= 21) {
      int other = int(((bits & 0x1fffff) * uint64_t(i + 1)) >> 21);
      uint8_t swap = from[i];
      from[i] = from[other], from[other] = swap;
    }
  }
  int groups = count / kLanes;
  for (int group = 0; group < groups; ++group)
    for (int axis = 0; axis < kCoordinates; ++axis) {
      Vec<T> v[kLanes];
      for (int row = 0; row < kLanes; ++row) v[row] = load(pool.now[axis] + from[group * kLanes + row] * kLanes);
      transpose<T>(v);
      // Far apart, so that points which were together go different ways.
      for (int row = 0; row < kLanes; ++row) store(pool.mixed[axis] + list[row * groups + group] * kLanes, v[row]);
    }
  // Blocks left over when xaos divides the pool: each lane moves on by a different number of blocks.
  int whole = groups * kLanes, rest = count - whole;
  for (int block = 0; block < rest; ++block)
    for (int axis = 0; axis < kCoordinates; ++axis)
      for (int lane = 0; lane < kLanes; ++lane)
        pool.mixed[axis][list[whole + block] * kLanes + lane] = pool.now[axis][from[whole + (block + lane) % rest] * kLanes + lane];
}

// Gives each of the `count` blocks in `list` its xform.
inline void choose(const uint8_t* list, int count, const uint32_t* thresholds, int xforms, Random& random, uint8_t* choice) {
  uint64_t offset = random.scalar() >> 32;
  for (int i = 0, xform = 0; xform < xforms; ++xform) {
    // The highest threshold stands for certainty.
    uint64_t share = xform + 1 == xforms || thresholds[xform] == 0xffffffffu ? uint64_t(1) << 32 : thresholds[xform];
    int end = int((uint64_t(count) * share + offset) >> 32);
    for (; i < end && i < count; ++i) choice[list[i]] = uint8_t(xform);
  }
}

// Mixes the pool and deals it out: `order` and `start` then say which blocks each xform moves.
template <class T>
inline void deal(Pool<T>& pool, const Program& program, bool first, Random& random) {
  int xforms = int(program.xforms.size());
  uint8_t choice[kBlocks];
  if (program.has_xaos && !first) {
    for (int previous = 0; previous < xforms; ++previous) {
      const uint8_t* list = pool.order + pool.start[previous];
      int count = pool.start[previous + 1] - pool.start[previous];
      mix(pool, list, count, random);
      choose(list, count, program.thresholds_after(previous), xforms, random, choice);
    }
  } else {
    uint8_t all[kBlocks];
    for (int block = 0; block < kBlocks; ++block) all[block] = uint8_t(block);
    mix(pool, all, kBlocks, random);
    choose(all, kBlocks, program.thresholds_after(-1), xforms, random, choice);
  }
  int next[kMaxXforms] = {};
  for (int block = 0; block < kBlocks; ++block) ++next[choice[block]];
  for (int xform = 0, sum = 0; xform < xforms; ++xform) {
    int count = next[xform];
    pool.start[xform] = next[xform] = sum;
    sum += count;
  }
  pool.start[xforms] = kBlocks;
  for (int block = 0; block < kBlocks; ++block) pool.order[next[choice[block]]++] = uint8_t(block);
}

}  // namespace bloom::BLOOM_ISA
