// The chaos game over a pool of points: deal the blocks out, map each by its xform, show it to the sink.
#pragma once
#include "apply.h"
#include "pool.h"

namespace bloom::BLOOM_ISA {

// Where sixteen plotted points come from. `slot` is the same for the same points of every flame that is played with the
// same seed.
struct Origin {
  int xform;
  float opacity;
  uint64_t slot;
};

template <class T>
class Game {
 public:
  Game(Pool<T>& pool, Affines<T>* affines, const Program& program, Batch batch)
      : pool_(pool), affines_(affines), program_(program), random_(batch.seed, batch.stream) {
    int n = int(program.xforms.size());
    for (int i = 0; i < n; ++i) affines_[i] = Affines<T>(program.xforms[i]);
    if (program.has_final) affines_[n] = Affines<T>(program.final_xform);
    for (int block = 0; block < kBlocks; ++block) {
      random_.seek(uint32_t(block));
      put(kAlongX, block, symmetric());
      put(kAlongY, block, symmetric());
      put(kAlongZ, block, Vec<T>(T(0)));
      put(kColor, block, random_.template uniform<T>());
    }
  }

  Random& random() { return random_; }

  // Moves every point once. `sink.plot(position, colour, origin, statistics)` sees the blocks that are to be drawn when
  // `plotting`; lost points come with x = NaN.
  template <class Sink>
  void step(bool plotting, Statistics& statistics, Sink& sink) {
    deal(pool_, program_, steps_ == 0, random_);
    ++steps_;
    int n = int(program_.xforms.size());
    for (int index = 0; index < n; ++index) {
      const XformProgram& xform = program_.xforms[index];
      T speed = T(xform.color_speed), pull = speed * T(xform.color);
      for (int i = pool_.start[index]; i < pool_.start[index + 1]; ++i) {
        int block = pool_.order[i];
        random_.seek(uint32_t(steps_ * kBlocks + uint32_t(block)));
        Point<T> p{get(kAlongX, block), get(kAlongY, block), get(kAlongZ, block)};
        Vec<T> color = pull + (T(1) - speed) * get(kColor, block);
        p = apply<T>(program_, xform, affines_[index], p, random_);
        Mask<T> gone = lost<T>(p);
        if (any(gone)) {
          for (int lane = 0; lane < kLanes; ++lane) statistics.bad += gone[lane] != 0;
          p.x = select<T>(gone, symmetric(), p.x), p.y = select<T>(gone, symmetric(), p.y), p.z = select<T>(gone, T(0), p.z);
        }
        put(kAlongX, block, p.x), put(kAlongY, block, p.y), put(kAlongZ, block, p.z), put(kColor, block, color);
        if (plotting && float(xform.opacity) > 0) draw(p, color, gone, {index, float(xform.opacity), slot(block)}, statistics, sink);
      }
    }
    statistics.iterations += kPool;
    if (plotting) ++plotted_steps_;
  }

 private:
  Vec<T> get(int axis, int block) const { return load(pool_.mixed[axis] + block * kLanes); }
  void put(int axis, int block, Vec<T> v) { store(pool_.now[axis] + block * kLanes, v); }
  Vec<T> symmetric() { return random_.template uniform<T>() * T(2) - T(1); }
  uint64_t slot(int block) const { return plotted_steps_ * kPool + uint64_t(block) * kLanes; }

  template <class Sink>
  void draw(Point<T> p, Vec<T> color, Mask<T> gone, Origin origin, Statistics& statistics, Sink& sink) {
    if (program_.has_final) {
      const XformProgram& last = program_.final_xform;
      Point<T> q = apply<T>(program_, last, affines_[program_.xforms.size()], p, random_);
      Vec<T> tinted = T(last.color_speed * last.color) + T(1 - last.color_speed) * color;
      if (last.opacity < 1) {
        Mask<T> use = random_.template uniform<T>() < T(last.opacity);
        p = {select<T>(use, q.x, p.x), select<T>(use, q.y, p.y), select<T>(use, q.z, p.z)};
        color = select<T>(use, tinted, color);
      } else {
        p = q, color = tinted;
      }
      gone |= lost<T>(p);
    }
    p.x = select<T>(gone, Vec<T>(T(NAN)), p.x);
    // Below the palette, where a negative speed can take a colour, Ember reads its last entry. In flam3 there is no such colour.
    Vec<T> within = select<T>(color < T(0), T(1), min(color, Vec<T>(T(1))));
    sink.plot(Point<float>{narrow(p.x), narrow(p.y), narrow(p.z)}, narrow(within), origin, statistics);
  }

  static F narrow(Vec<T> v) { return __builtin_convertvector(v, F); }

  Pool<T>& pool_;
  Affines<T>* affines_;
  const Program& program_;
  Random random_;
  uint64_t steps_ = 0, plotted_steps_ = 0;
};

}  // namespace bloom::BLOOM_ISA
