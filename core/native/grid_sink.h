// Hits sent to the bins of a sparse grid.
#pragma once
#include "iterate.h"
#include "spilled.h"

namespace bloom::BLOOM_ISA {

struct GridSink {
  GridTarget& target;
  Random& random;

  void plot(const Point<float>& p, F color, const Origin& origin, Statistics& statistics) {
    const GridTarget& t = target;
    F v[3] = {voxel(p.x, 0), voxel(p.y, 1), voxel(p.z, 2)};
    if (t.filter > 0) spread(v);
    F depth[3] = {distance(v[0], 0), distance(v[1], 1), distance(v[2], 2)};
    if (any(~((depth[0] >= 1.0f) & (depth[1] >= 1.0f) & (depth[2] >= 1.0f)))) {
      // NaN is neither inside nor outside: that point was lost before.
      I inside = I(-1);
      for (int axis = 0; axis < 3; ++axis) inside &= (v[axis] >= 0.0f) & (v[axis] < float(t.dimensions[axis]));
      if (t.fade > 0) inside &= random.uniform<float>() < smooth(depth[0]) * smooth(depth[1]) * smooth(depth[2]);
      I here = p.x == p.x;
      inside &= here;
      statistics.plotted += count(inside), statistics.outside += count(here & ~inside);
      for (int axis = 0; axis < 3; ++axis) v[axis] = select<float>(inside, v[axis], 0.0f);
      send(v, color, ~inside, origin);
    } else {
      statistics.plotted += kLanes;
      send(v, color, I(0), origin);
    }
  }

 private:
  F voxel(F position, int axis) const { return (position - target.low[axis]) * target.voxels_per_unit; }

  // A hit is moved at random within the filter's tent, which on average is that filter: without it, petals thinner than
  // a voxel show the grid as moire. Two uniforms of ten bits make a tent; three such sums come out of two words.
  void spread(F (&v)[3]) {
    Random::Word a = random.bits(), b = random.bits();
    const Random::Word ten = Random::Word(1023u);
    I sums[3] = {(I)((a >> 22) + (b >> 22)), (I)(((a >> 12) & ten) + ((b >> 12) & ten)), (I)(((a >> 2) & ten) + ((b >> 2) & ten))};
    for (int axis = 0; axis < 3; ++axis) v[axis] += target.filter * (__builtin_convertvector(sums[axis], F) * (1.0f / 1024.0f) - (1023.0f / 1024.0f));
  }

  // From the nearer face of the box, in widths of its soft edge: 1 and more is not touched by it. A hard edge has next to none.
  F distance(F v, int axis) const {
    float side = float(target.dimensions[axis]);
    F depth = min(v, side - v);
    return target.fade > 0 ? depth * (1.0f / (target.fade * side)) : depth * 1e30f;
  }
  static F smooth(F share) {
    share = min(max(share, F(0.0f)), F(1.0f));
    return share * share * (3.0f - 2.0f * share);
  }
  static uint64_t count(I mask) { return uint64_t(-__builtin_reduce_add(mask)); }

  void send(const F (&v)[3], F color, I outside, const Origin& origin) {
    I x = __builtin_convertvector(v[0], I), y = __builtin_convertvector(v[1], I), z = __builtin_convertvector(v[2], I);
    I tile = ((x >> 6) * target.tiles[1] + (y >> 6)) * target.tiles[2] + (z >> 6);
    tile = select(outside, I(target.tiles[0] * target.tiles[1] * target.tiles[2]), tile);
    I leaf = (x & 0x38) << 3 | (y & 0x38) | (z >> 3 & 7);
    I place = leaf << 9 | (x & 7) << 6 | (y & 7) << 3 | (z & 7);
    F weight = F(origin.opacity * float(kWeightUnit));
    // A weight between two whole numbers becomes one of them, in such a proportion that the mean is right. (Nine bits of chance
    // are what a float near kWeightUnit has room for: with more, a whole number could round up.)
    if (origin.opacity < 1) weight = floor(weight + __builtin_convertvector((I)(random.bits() >> 23), F) * (1.0f / 512.0f));
    I tint = __builtin_convertvector(nearest(color * float(kTintUnit)), I);
    I low = __builtin_convertvector(weight, I) << 16 | tint;
    // Through memory: taken lane by lane out of wide registers this costs more than all the rest.
    Spilled tiles(tile), places(place), lows(low);
    for (int lane = 0; lane < kLanes; ++lane) {
      uint32_t number = uint32_t(tiles[lane]);
      Hit* to = target.next[number];
      *to++ = uint64_t(uint32_t(places[lane])) << 32 | uint32_t(lows[lane]);
      target.next[number] = to;
      if (((uintptr_t)to & (kBinBytes - 1)) == 0 && !target.full(target.owner, number)) target.failed = true;
    }
  }

  static I select(I where, I yes, I no) { return (where & yes) | (~where & no); }
  template <class T>
  static F select(I where, F yes, float no) { return BLOOM_ISA::select<T>(where, yes, no); }
};

}  // namespace bloom::BLOOM_ISA
