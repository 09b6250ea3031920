// Elementary functions over lanes. Float: range reduction and minimax polynomials in the manner of Cephes (Moshier),
// a few ulp everywhere the argument itself is exact enough to have an answer. Double: the C library, lane by lane; it
// serves the tests, as the yardstick of the float path.
// Nothing here is contracted to fused multiply-adds, so every instruction set gives the same bits.
#pragma once
#include <math.h>

#include "lanes.h"

namespace bloom::BLOOM_ISA {

template <class T>
constexpr T kPi = T(3.14159265358979323846);

using F = Vec<float>;
using I = Vec<int32_t>;
using D = Vec<double>;

// Reduces v to r in [-pi/4, pi/4] and returns the quadrant. Beyond 2000 the reduction runs in double, because there a
// three-part pi in float has lost its digits; beyond 1e9 no float has a meaningful sine and the angle is taken as 0.
inline I quadrant(F v, F& r) {
  F n = nearest(v * 0.636619772367581343f);
  r = ((v - n * 1.5703125f) - n * 4.837512969970703125e-4f) - n * 7.54978995489188216e-8f;
  I large = abs(v) > 2000.0f;
  if (any(large)) {
    D wide = __builtin_convertvector(select<float>(abs(v) < 1e9f, v, 0.0f), D);
    D turns = nearest(wide * 0.63661977236758134308);
    D rest = (wide - turns * 1.57079632673412561417) - turns * 6.07710050650619224932e-11;
    r = select<float>(large, __builtin_convertvector(rest, F), r);
    D whole = turns - floor(turns * 0.25) * 4.0;
    n = select<float>(large, __builtin_convertvector(whole, F), n);
  }
  return __builtin_convertvector(select<float>(abs(n) < 1e9f, n, 0.0f), I);
}

inline void sincos(F v, F& s, F& c) {
  F r;
  I q = quadrant(v, r);
  F r2 = r * r;
  F sine = ((-1.9515295891e-4f * r2 + 8.3321608736e-3f) * r2 - 1.6666654611e-1f) * r2 * r + r;
  F cosine = ((2.443315711809948e-5f * r2 - 1.388731625493765e-3f) * r2 + 4.166664568298827e-2f) * r2 * r2 - 0.5f * r2 + 1.0f;
  I swap = (q & 1) != 0;
  F first = select<float>(swap, cosine, sine), second = select<float>(swap, sine, cosine);
  s = (F)((I)first ^ ((q & 2) << 30));
  c = (F)((I)second ^ (((q + 1) & 2) << 30));
  // NaN stays NaN: the quadrant above hides it.
  s += v - v, c += v - v;
}
inline F sin(F v) { F s, c; sincos(v, s, c); return s; }
inline F cos(F v) { F s, c; sincos(v, s, c); return c; }
inline F tan(F v) { F s, c; sincos(v, s, c); return s / c; }

inline F exp(F v) {
  F t = min(max(v, F(-104.0f)), F(89.0f));
  F n = nearest(t * 1.44269504088896341f);
  F r = (t - n * 0.693359375f) - n * -2.12194440e-4f;
  F p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  // Two factors, so that 2^128 (infinity) and the subnormals come out of ordinary multiplications.
  I e = __builtin_convertvector(n, I), half = e >> 1;
  F out = p * (F)((half + 127) << 23) * (F)((e - half + 127) << 23);
  return select<float>(v == v, out, v);
}

inline F log(F v) {
  I bits = (I)v;
  I subnormal = v < 1.17549435e-38f;
  F scaled = select<float>(subnormal, v * 8388608.0f, v);
  bits = (I)scaled;
  I e = ((bits >> 23) & 0xff) - 126 - (subnormal & 23);
  F m = (F)((bits & 0x007fffff) | 0x3f000000);
  I low = m < 0.707106781186547524f;
  e += low;  // a mask is -1 where it holds
  F x = select<float>(low, m + m, m) - 1.0f;
  F n = __builtin_convertvector(e, F);
  F x2 = x * x;
  F p = 7.0376836292e-2f;
  p = p * x - 1.1514610310e-1f;
  p = p * x + 1.1676998740e-1f;
  p = p * x - 1.2420140846e-1f;
  p = p * x + 1.4249322787e-1f;
  p = p * x - 1.6668057665e-1f;
  p = p * x + 2.0000714765e-1f;
  p = p * x - 2.4999993993e-1f;
  p = p * x + 3.3333331174e-1f;
  F y = p * x2 * x + n * -2.12194440e-4f - 0.5f * x2;
  F out = x + y + n * 0.693359375f;
  out = select<float>(v == 0.0f, F(-INFINITY), out);
  out = select<float>(v < 0.0f, F(NAN), out);
  return select<float>(v < INFINITY, out, v);  // +infinity and NaN are their own logarithms
}

inline F atan(F v) {
  F a = abs(v);
  I big = a > 2.414213562373095f, middle = (a > 0.4142135623730950f) & ~big;
  F x = select<float>(big, -1.0f / a, select<float>(middle, (a - 1.0f) / (a + 1.0f), a));
  F base = select<float>(big, 1.5707963267948966f, 0.0f);
  base = select<float>(middle, F(0.7853981633974483f), base);
  F z = x * x;
  F p = (((8.05374449538e-2f * z - 1.38776856032e-1f) * z + 1.99777106478e-1f) * z - 3.33329491539e-1f) * z * x + x;
  return copysign(base + p, v);
}

inline F atan2(F y, F x) {
  F ax = abs(x), ay = abs(y);
  I steep = ay > ax;
  F ratio = select<float>(steep, ax, ay) / select<float>(steep, ay, ax);
  ratio = select<float>((ax == 0.0f) & (ay == 0.0f), F(0.0f), ratio);
  F a = atan(ratio);
  a = select<float>(steep, 1.5707963267948966f - a, a);
  a = select<float>((I)x < 0, 3.14159265358979324f - a, a);  // by the sign bit, so that -0 counts as negative
  return copysign(a, y);
}

// base >= 0.
inline F pow(F base, F exponent) {
  F out = exp(exponent * log(base));
  return select<float>(exponent == 0.0f, F(1.0f), out);
}

inline F cosh(F v) { F e = exp(abs(v)); return 0.5f * e + 0.5f / e; }
inline F sinh(F v) {
  F a = abs(v), e = exp(a), v2 = v * v;
  F series = v + v * v2 * (0.16666666666f + v2 * (8.3333333e-3f + v2 * 1.984127e-4f));
  return select<float>(a < 0.5f, series, copysign(0.5f * e - 0.5f / e, v));
}

template <class Function>
inline D lanewise(D v, Function f) {
  for (int i = 0; i < kLanes; ++i) v[i] = f(v[i]);
  return v;
}
template <class Function>
inline D lanewise(D a, D b, Function f) {
  for (int i = 0; i < kLanes; ++i) a[i] = f(a[i], b[i]);
  return a;
}
inline D sin(D v) { return lanewise(v, [](double a) { return ::sin(a); }); }
inline D cos(D v) { return lanewise(v, [](double a) { return ::cos(a); }); }
inline D tan(D v) { return lanewise(v, [](double a) { return ::tan(a); }); }
inline D exp(D v) { return lanewise(v, [](double a) { return ::exp(a); }); }
inline D log(D v) { return lanewise(v, [](double a) { return ::log(a); }); }
inline D cosh(D v) { return lanewise(v, [](double a) { return ::cosh(a); }); }
inline D sinh(D v) { return lanewise(v, [](double a) { return ::sinh(a); }); }
inline D atan2(D y, D x) { return lanewise(y, x, [](double a, double b) { return ::atan2(a, b); }); }
inline D pow(D base, D e) { return lanewise(base, e, [](double a, double b) { return ::pow(a, b); }); }
inline void sincos(D v, D& s, D& c) { s = sin(v), c = cos(v); }

}  // namespace bloom::BLOOM_ISA
