// What the formulas of the variations share, in forms that keep their digits in float.
#pragma once
#include "variation.h"

namespace bloom::BLOOM_ISA {

template <class T>
constexpr T kInversePi = T(0.31830988618379067154);

template <class T>
inline void add_flat(Point<T>& sum, Vec<T> x, Vec<T> y) {
  sum.x += x, sum.y += y;
}
template <class T>
inline void add(Point<T>& sum, Vec<T> x, Vec<T> y, Vec<T> z) {
  sum.x += x, sum.y += y, sum.z += z;
}
// For functions of the plane that take z along as it is.
template <class T>
inline void add_with_z(Point<T>& sum, Vec<T> x, Vec<T> y, const Call<T>& c) {
  add(sum, x, y, Vec<T>(c.w * c.in.z));
}

// Turns (x, y) by an angle, given as it is or as sine and cosine.
template <class T, class Number>
inline void turn(Vec<T>& x, Vec<T>& y, Number sine, Number cosine) {
  Vec<T> turned = x * cosine - y * sine;
  y = y * cosine + x * sine;
  x = turned;
}
template <class T>
inline void turn(Vec<T>& x, Vec<T>& y, Vec<T> angle) {
  Vec<T> s, k;
  sincos(angle, s, k);
  turn<T>(x, y, s, k);
}

// The square root, with a real part >= 0, of the complex number x + iy of magnitude r.
template <class T>
inline void complex_root(Vec<T> x, Vec<T> y, Vec<T> r, Vec<T>& re, Vec<T>& im) {
  Vec<T> large = sqrt(T(0.5) * (r + abs(x))), small = T(0.5) * abs(y) / select<T>(large == T(0), T(1), large);
  Mask<T> right = x >= T(0);
  re = select<T>(right, large, small);
  im = copysign(select<T>(right, small, large), y);
}

// (a + ib) / (c + id)
template <class T>
inline void complex_quotient(const Call<T>& call, Vec<T> a, Vec<T> b, Vec<T> c, Vec<T> d, Vec<T>& re, Vec<T>& im) {
  Vec<T> k = T(1) / call.nonzero(c * c + d * d);
  re = k * (a * c + b * d), im = k * (b * c - a * d);
}

template <class T>
inline Vec<T> square(Vec<T> v) { return v * v; }

template <class T>
inline Vec<T> nonnegative(Vec<T> v) { return max(v, Vec<T>(T(0))); }

// ln(1 + v), for v > -1 (Kahan).
template <class T>
inline Vec<T> log1p(Vec<T> v) {
  Vec<T> u = v + T(1);
  return select<T>(u == T(1), v, log(u) - ((u - T(1)) - v) / u);
}

// v^exponent for v >= 0.
template <class T>
inline Vec<T> power_of(Vec<T> v, T exponent) {
  Vec<T> out = pow(v, Vec<T>(exponent));
  return exponent > 0 ? select<T>(v == T(0), T(0), out) : out;
}

// To the nearest whole number, ties away from 0.
template <class T>
inline Vec<T> rounded(Vec<T> v) { return trunc(v + copysign(Vec<T>(T(0.5)), v)); }

// sinh v and cosh v, both times scale = e^-|v|: quotients of them stay finite where they themselves overflow.
template <class T>
struct ScaledHyperbolics {
  Vec<T> sinh, cosh, scale;

  explicit ScaledHyperbolics(Vec<T> v) {
    Vec<T> a = abs(v), q = v * v;
    scale = exp(-a);
    Vec<T> half_square = T(0.5) * scale * scale;
    Vec<T> series = T(1) + q / 6 * (T(1) + q / 20 * (T(1) + q / 42 * (T(1) + q / 72 * (T(1) + q / 110))));
    sinh = select<T>(a < T(0.5), scale * v * series, copysign(T(0.5) - half_square, v));
    cosh = T(0.5) + half_square;
  }
};

// sinh v and cosh v.
template <class T>
inline void sinhcosh(Vec<T> v, Vec<T>& sine, Vec<T>& cosine) {
  ScaledHyperbolics<T> h(v);
  sine = h.sinh / h.scale, cosine = h.cosh / h.scale;
}

// Elliptic coordinates with foci (-1, 0) and (1, 0): half the sum of the distances to them, m, as m - 1 and m - |x|
// (after Hull, Fairgrieve and Tang 1997, whose complex arcsine needs the same two).
template <class T>
struct Elliptic {
  Vec<T> above_one, above_x, m;

  Elliptic(Vec<T> x, Vec<T> y) {
    Vec<T> a = abs(x), q = y * y, near = a - T(1), far = a + T(1), d = abs(near);
    Vec<T> first = q / (sqrt(far * far + q) + far), sum = sqrt(near * near + q) + d;
    Vec<T> second = q / select<T>(sum == T(0), T(1), sum);
    Mask<T> inside = a < T(1);
    above_one = T(0.5) * (first + select<T>(inside, second, sum));
    above_x = T(0.5) * (first + select<T>(inside, sum, second));
    m = above_one + T(1);
  }
  // arcsin(x/m)
  Vec<T> angle(Vec<T> x) const { return atan2(x, sqrt(above_x * (m + abs(x)))); }
  // ln(m + sqrt(m - 1))
  Vec<T> logarithm() const { return log1p(above_one + sqrt(above_one)); }
};

}  // namespace bloom::BLOOM_ISA
