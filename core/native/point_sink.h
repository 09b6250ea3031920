// Hits listed one after the other.
#pragma once
#include "iterate.h"

namespace bloom::BLOOM_ISA {

struct PointSink {
  PointTarget& target;
  uint64_t wanted = ~0ull;  // of kPool: fewer in the last step, spread evenly over its blocks

  void plot(const Point<float>& p, F color, const Origin& origin, Statistics& statistics) {
    for (int lane = 0; lane < kLanes; ++lane) {
      if (p.x[lane] != p.x[lane] || target.count == target.capacity) continue;
      uint64_t slot = origin.slot + uint64_t(lane), place = slot % kPool;
      if (wanted < kPool && (place + 1) * wanted / kPool == place * wanted / kPool) continue;
      float* out = target.position + 3 * target.count;
      out[0] = p.x[lane], out[1] = p.y[lane], out[2] = p.z[lane];
      target.palette[target.count] = color[lane];
      target.weight[target.count] = origin.opacity;
      target.xform[target.count] = uint8_t(origin.xform);
      target.slot[target.count] = slot;
      ++target.count, ++statistics.plotted;
    }
  }
};

}  // namespace bloom::BLOOM_ISA
