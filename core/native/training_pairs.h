// Double-double: a number as the sum of a double and what that lacks, about 32 digits. Knuth's and Dekker's sums and products without error, as
// in Hida, Li, Bailey, "Algorithms for quad-double precision floating point arithmetic" (2001). Infinity has no such sum: it becomes NaN.
#pragma once
#include "training_lanes.h"

namespace bloom::BLOOM_ISA {

template <class T>
struct Pair {
  T high, low;
};
using Pairs = Pair<Doubles>;  // in lanes
using Exact = Pair<double>;   // alone

template <>
inline constexpr int kLanesOf<Pairs> = kLanesOf<Doubles>;
template <>
struct Lane<Pairs> {
  using Alone = Exact;
  using AsDoubles = Doubles;
  using Wide = Pair<Doubles>;
  static constexpr double kEpsilon = 0x1p-106;
};

inline double fma(double a, double b, double c) {
  if constexpr (kFused) return __builtin_fma(a, b, c);
  else return a * b + c;
}

template <class T>
inline Pair<T> quick_sum(T a, T b) {
  T sum = a + b;
  return {sum, b - (sum - a)};
}
template <class T>
inline Pair<T> two_sum(T a, T b) {
  T sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}
template <class T>
inline Pair<T> two_product(T a, T b) {
  T product = a * b;
  if constexpr (kFused) return {product, fma(a, b, -product)};
  // Veltkamp's halves: their products have no error.
  T sa = a * 134217729.0, sb = b * 134217729.0;
  T ah = sa - (sa - a), al = a - ah, bh = sb - (sb - b), bl = b - bh;
  return {product, ((ah * bh - product) + ah * bl + al * bh) + al * bl};
}

template <class T>
inline Pair<T> operator+(Pair<T> a, Pair<T> b) {
  Pair<T> s = two_sum(a.high, b.high), t = two_sum(a.low, b.low);
  s = quick_sum(s.high, s.low + t.high);
  return quick_sum(s.high, s.low + t.low);
}
template <class T>
inline Pair<T> operator-(Pair<T> a) { return {-a.high, -a.low}; }
template <class T>
inline Pair<T> operator-(Pair<T> a, Pair<T> b) { return a + -b; }
template <class T>
inline Pair<T> operator*(Pair<T> a, Pair<T> b) {
  Pair<T> p = two_product(a.high, b.high);
  return quick_sum(p.high, fma(a.low, b.high, fma(a.high, b.low, p.low)));
}
template <class T>
inline Pair<T> times(Pair<T> a, T b) {
  Pair<T> p = two_product(a.high, b);
  return quick_sum(p.high, fma(a.low, b, p.low));
}
template <class T>
inline Pair<T> operator/(Pair<T> a, Pair<T> b) {
  T first = a.high / b.high;
  Pair<T> rest = a - times(b, first);
  T second = rest.high / b.high;
  rest = rest - times(b, second);
  Pair<T> quotient = quick_sum(first, second);
  return quotient + Pair<T>{rest.high / b.high, T(0)};
}
template <class T>
inline Pair<T> sqrt(Pair<T> v) {
  T root = sqrt(v.high);
  Pair<T> rest = v - two_product(root, root);
  T better = rest.high / (root + root);
  Pair<T> refined = quick_sum(root, better);
  rest = v - refined * refined;
  return refined + Pair<T>{rest.high / (root + root), T(0)};
}
// For long sums: the error is a share of the larger of product and sum, even where these cancel.
template <class T>
inline Pair<T> fma(Pair<T> a, Pair<T> b, Pair<T> c) {
  Pair<T> p = two_product(a.high, b.high), s = two_sum(c.high, p.high);
  return quick_sum(s.high, s.low + (c.low + fma(a.low, b.high, fma(a.high, b.low, p.low))));
}

inline Pairs spread(Exact v) { return {Doubles(v.high), Doubles(v.low)}; }
inline Doubles as_doubles(Pairs v) { return v.high; }
inline Doubles from_doubles(Doubles*, Doubles v) { return v; }
inline Floats from_doubles(Floats*, AsDoubles<Floats> v) { return __builtin_convertvector(v, Floats); }
inline Pairs from_doubles(Pairs*, Doubles v) { return {v, Doubles(0.0)}; }
inline Pairs wide(Pairs v) { return v; }
inline Pairs narrow(Pairs*, Pairs v) { return v; }
inline Pairs unless_positive(Pairs where, Pairs yes) {
  auto none = where.high <= 0;
  return {none ? Doubles(0.0) : yes.high, none ? Doubles(0.0) : yes.low};
}
inline Pairs unless_zero(Pairs where, Pairs yes, Pairs no) {
  auto none = where.high == 0;
  return {none ? no.high : yes.high, none ? no.low : yes.low};
}

// Lane by lane.
template <class V, class Mask>
inline V either(Mask where, V yes, V no) {
  if constexpr (__is_same(V, Pairs)) return {where ? yes.high : no.high, where ? yes.low : no.low};
  else if constexpr (sizeof(Mask) == sizeof(V)) return where ? yes : no;
  else return __builtin_convertvector(where, Row<int32_t, kLanesOf<V>>) ? yes : no;
}

// A number in highest precision as one of lanes, or alone.
inline void put(Floats& v, int lane, Exact x) { v[lane] = float(x.high); }
inline void put(Row<double, kLanesOf<Floats>>& v, int lane, Exact x) { v[lane] = x.high; }
inline void put(Doubles& v, int lane, Exact x) { v[lane] = x.high; }
inline void put(Pairs& v, int lane, Exact x) { v.high[lane] = x.high, v.low[lane] = x.low; }
inline void put(float& v, int, Exact x) { v = float(x.high); }
inline void put(double& v, int, Exact x) { v = x.high; }
inline void put(Exact& v, int, Exact x) { v = x; }
template <class V>
constexpr int kLanesIn = sizeof(V) / sizeof(double);  // of what is made of doubles
template <>
inline constexpr int kLanesIn<Floats> = kLanesOf<Floats>;
template <>
inline constexpr int kLanesIn<Pairs> = kLanesOf<Pairs>;
template <class V>
inline V everywhere(Exact x) {
  V v{};
  for (int lane = 0; lane < kLanesIn<V>; ++lane) put(v, lane, x);
  return v;
}

}  // namespace bloom::BLOOM_ISA
