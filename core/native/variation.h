// What a variation is: a name, parameters, and one function over sixteen points that adds to a sum.
#pragma once
#include "lanes_math.h"
#include "random.h"
#include "tables.h"

namespace bloom::BLOOM_ISA {

// One variation, called at sixteen points. `p` holds the parameters in the table's order, then what `prepare` derived.
template <class T>
struct Call {
  Point<T> in;
  T w;
  const T* p;
  const T* pre;  // the xform's pre-affine, 3x4 row-major; waves, popcorn, rings and fan read it
  Dialect dialect;
  Random& random;

  Vec<T> square_radius() const { return in.x * in.x + in.y * in.y; }
  Vec<T> radius() const { return sqrt(square_radius()); }
  Vec<T> theta() const { return atan2(in.x, in.y); }  // flam3's angle, from the y axis
  Vec<T> phi() const { return atan2(in.y, in.x); }
  // v/r, which at r = 0 is 0 in Ember and undefined in flam3.
  Vec<T> unit(Vec<T> v, Vec<T> r) const {
    return dialect == Dialect::flam3 ? v / r : select<T>(r == T(0), T(0), v / r);
  }
  // A denominator: flam3 adds 1e-10 to it, Ember replaces an exact 0.
  Vec<T> guard(Vec<T> v) const {
    if (dialect == Dialect::flam3) return v + T(1e-10);
    return select<T>(v == T(0), T(2.2204460492503131e-16), v);
  }
  T guard(T v) const {
    if (dialect == Dialect::flam3) return v + T(1e-10);
    return v == T(0) ? T(2.2204460492503131e-16) : v;
  }
  Vec<T> uniform() const { return random.template uniform<T>(); }
};

template <class T>
using VariationFunction = void (*)(const Call<T>&, Point<T>& sum);

// Adds to x and y; z as in column "z in Ember" of each variation: either w z or nothing.
template <class T>
inline void add_flat(Point<T>& sum, Vec<T> x, Vec<T> y) {
  sum.x += x, sum.y += y;
}
template <class T>
inline void add_keeping_z(Point<T>& sum, Vec<T> x, Vec<T> y, const Call<T>& c) {
  sum.x += x, sum.y += y, sum.z += c.w * c.in.z;
}

}  // namespace bloom::BLOOM_ISA
