// Hits projected by the camera and counted in the cells of an image's histogram.
#pragma once
#include "iterate.h"
#include "spilled.h"

namespace bloom::BLOOM_ISA {

class ImageSink {
 public:
  ImageSink(ImageTarget& target, Random& random) : target_(target), random_(random) {}
  ~ImageSink() { add_pending(); }

  void plot(const Point<float>& p, F color, const Origin& origin, Statistics& statistics) {
    const Projection& view = target_.projection;
    F x = p.x, y = p.y;
    if (view.has_camera) project(p, x, y);
    F column = view.column[0] * x + view.column[1] * y + view.column[2];
    F row = view.row[0] * x + view.row[1] * y + view.row[2];
    // A lost point's NaN is in no cell.
    I inside = (column >= 0.0f) & (column < float(target_.width)) & (row >= 0.0f) & (row < float(target_.height));
    auto whole = [&](F v) { return __builtin_convertvector(select<float>(inside, v, 0.0f), I); };  // truncates
    I cell = whole(row) * target_.width + whole(column);
    cell = (inside & cell) | (~inside & target_.width * target_.height);
    I entry = __builtin_convertvector(color * float(kPaletteEntries - 1) + 0.5f, I);
    uint64_t count = uint64_t(-__builtin_reduce_add(inside));
    statistics.plotted += count;
    statistics.outside += uint64_t(-__builtin_reduce_add((I)(p.x == p.x))) - count;
    add_pending();
    Spilled cells(cell), entries(entry);
    const Counts* palette = target_.palettes + size_t(origin.xform) * kPaletteEntries;
    for (int lane = 0; lane < kLanes; ++lane) {
      pending_[lane] = target_.cells + cells[lane];
      __builtin_prefetch(pending_[lane], 1);
      added_[lane] = palette + entries[lane];
    }
    any_pending_ = true;
  }

 private:
  // Ember's camera: yaw, pitch, perspective, depth of field.
  void project(const Point<float>& p, F& x, F& y) {
    const Projection& view = target_.projection;
    F z = p.z - view.height;
    F across = p.x * view.cos_yaw + p.y * view.sin_yaw, along = p.y * view.cos_yaw - p.x * view.sin_yaw;
    x = across, y = along * view.cos_pitch - z * view.sin_pitch;
    F depth = along * view.sin_pitch + z * view.cos_pitch;
    F scale = 1.0f - view.perspective * depth;
    if (view.depth_of_field != 0) {
      F blur = random_.uniform<float>() * (view.depth_of_field * depth);
      if (view.blur_curve != 0) {
        F far_x = x * view.blur_x, far_y = y * view.blur_y;
        blur *= (far_x * far_x + far_y * far_y) * view.blur_curve;
      }
      F s, c;
      sincos(random_.uniform<float>() * (2 * kPi<float>), s, c);
      x += blur * c, y += blur * s;
    }
    scale = select<float>(scale == 0.0f, 2.2204460492503131e-16f, scale);
    x /= scale, y /= scale;
  }

  // The block before this one, whose cells were on their way from memory while this one was projected.
  void add_pending() {
    if (!any_pending_) return;
    any_pending_ = false;
    for (int lane = 0; lane < kLanes; ++lane) {
      Counts sum = *pending_[lane] += *added_[lane];
      if (int32_t(sum[3]) < 0) [[unlikely]] target_.carry(target_.owner, uint64_t(pending_[lane] - target_.cells));
    }
  }

  ImageTarget& target_;
  Random& random_;
  Counts* pending_[kLanes];
  const Counts* added_[kLanes];
  bool any_pending_ = false;
};

}  // namespace bloom::BLOOM_ISA
