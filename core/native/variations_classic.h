// The variations without parameters of the first flame program (Draves and Reckase 2003, appendix).
#pragma once
#include "variation_math.h"

namespace bloom::BLOOM_ISA {

template <class T>
void linear(const Call<T>& c, Point<T>& sum) {
  add_with_z(sum, c.w * c.in.x, c.w * c.in.y, c);
}

template <class T>
void sinusoidal(const Call<T>& c, Point<T>& sum) {
  add_with_z(sum, c.w * sin(c.in.x), c.w * sin(c.in.y), c);
}

template <class T>
void spherical(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w / c.guard(c.square_radius());
  add_with_z(sum, k * c.in.x, k * c.in.y, c);
}

template <class T>
void swirl(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(c.square_radius(), s, k);
  add_with_z(sum, c.w * (c.in.x * s - c.in.y * k), c.w * (c.in.x * k + c.in.y * s), c);
}

template <class T>
void horseshoe(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = c.w / c.guard(c.radius());
  add_with_z(sum, k * (c.in.x - c.in.y) * (c.in.x + c.in.y), k * T(2) * c.in.x * c.in.y, c);
}

template <class T>
void polar(const Call<T>& c, Point<T>& sum) {
  add_with_z(sum, c.w * kInversePi<T> * c.theta(), c.w * (c.radius() - T(1)), c);
}

// In this and the next ones r sin and r cos of theta plus or minus an angle are turns of the point by that angle.
template <class T>
void handkerchief(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(c.radius(), s, k);
  add_flat(sum, c.w * (c.in.x * k + c.in.y * s), c.w * (c.in.y * k + c.in.x * s));
}

template <class T>
void heart(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), s, k;
  sincos(r * c.theta(), s, k);
  add_flat(sum, c.w * r * s, -c.w * r * k);
}

template <class T>
void disc(const Call<T>& c, Point<T>& sum) {
  Vec<T> a = c.w * kInversePi<T> * c.theta(), s, k;
  sincos(kPi<T> * c.radius(), s, k);
  add_with_z(sum, a * s, a * k, c);
}

template <class T>
void spiral(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), rho = c.guard(r), inverse = T(1) / c.nonzero(r), k = c.w / rho, sine, cosine;
  sincos(rho, sine, cosine);
  add_with_z(sum, k * (c.in.y * inverse + sine), k * (c.in.x * inverse - cosine), c);
}

template <class T>
void hyperbolic(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), rho = c.guard(r), inverse = T(1) / c.nonzero(r);
  add_with_z(sum, c.w * c.in.x * inverse / rho, c.w * rho * c.in.y * inverse, c);
}

template <class T>
void diamond(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), inverse = c.w / c.nonzero(r), s, k;
  sincos(r, s, k);
  add_flat(sum, inverse * c.in.x * k, inverse * c.in.y * s);
}

template <class T>
void ex(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), inverse = T(1) / select<T>(r == T(0), T(1), r), s, k;
  sincos(r, s, k);
  Vec<T> a = (c.in.x * k + c.in.y * s) * inverse, b = (c.in.y * k + c.in.x * s) * inverse;
  Vec<T> m = a * a * a * r, n = b * b * b * r;
  add_flat(sum, c.w * (m + n), c.w * (m - n));
}

template <class T>
void julia(const Call<T>& c, Point<T>& sum) {
  Vec<T> re, im, w = c.w * c.sign();  // half a turn further: the opposite sign
  complex_root<T>(c.in.y, c.in.x, c.radius(), re, im);
  add_flat(sum, w * re, w * im);
}

template <class T>
void bent(const Call<T>& c, Point<T>& sum) {
  add_flat(sum, c.w * select<T>(c.in.x < T(0), c.in.x * T(2), c.in.x), c.w * select<T>(c.in.y < T(0), c.in.y * T(0.5), c.in.y));
}

template <class T>
void waves(const Call<T>& c, Point<T>& sum) {
  T b = c.pre[1], cx = c.pre[3], e = c.pre[5], f = c.pre[7];
  Vec<T> dx = b * sin(c.in.y * (T(1) / c.guard(cx * cx))), dy = e * sin(c.in.x * (T(1) / c.guard(f * f)));
  add_flat(sum, c.w * (c.in.x + dx), c.w * (c.in.y + dy));
}

template <class T>
void fisheye(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = T(2) * c.w / (c.radius() + T(1));
  add_flat(sum, k * c.in.y, k * c.in.x);  // the axes are swapped since 1992
}

template <class T>
void popcorn(const Call<T>& c, Point<T>& sum) {
  T cx = c.pre[3], f = c.pre[7];
  add_flat(sum, c.w * (c.in.x + cx * sin(tan(T(3) * c.in.y))), c.w * (c.in.y + f * sin(tan(T(3) * c.in.x))));
}

template <class T>
void exponential(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.w * exp(c.in.x - T(1)), s, k;
  sincos(kPi<T> * c.in.y, s, k);
  add_flat(sum, r * k, r * s);
}

template <class T>
void power(const Call<T>& c, Point<T>& sum) {
  Vec<T> r = c.radius(), inverse = T(1) / c.nonzero(r), s = c.in.x * inverse, k = c.in.y * inverse, m = c.w * pow(r, s);
  add_flat(sum, m * k, m * s);
}

template <class T>
void cosine(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k, sh, ch;
  sincos(kPi<T> * c.in.x, s, k);
  sinhcosh<T>(c.in.y, sh, ch);
  add_flat(sum, c.w * k * ch, -c.w * s * sh);
}

template <class T>
void rings(const Call<T>& c, Point<T>& sum) {
  T kappa = c.guard(c.pre[3] * c.pre[3]);
  Vec<T> r = c.radius();
  Vec<T> k = c.w * (remainder(r + kappa, Vec<T>(T(2) * kappa)) - kappa + r * (T(1) - kappa)) / c.nonzero(r);
  add_flat(sum, k * c.in.y, k * c.in.x);
}

template <class T>
void fan(const Call<T>& c, Point<T>& sum) {
  T tau = kPi<T> * c.guard(c.pre[3] * c.pre[3]), half = T(0.5) * tau;
  Vec<T> a = c.theta(), s, k;
  a = select<T>(remainder(a + c.pre[7], Vec<T>(tau)) > half, a - half, a + half);
  sincos(a, s, k);
  Vec<T> r = c.w * c.radius();
  add_flat(sum, r * k, r * s);
}

template <class T>
void eyefish(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = T(2) * c.w / (c.radius() + T(1));
  add_with_z(sum, k * c.in.x, k * c.in.y, c);
}

template <class T>
void bubble(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = T(0.25) * c.square_radius(), k = c.w / (q + T(1));
  add_flat(sum, k * c.in.x, k * c.in.y);
  // Ember's z: Apophysis meant 2/(q+1) - 1, and every flame made with Ember has been seen with this instead.
  if (c.dialect != Dialect::flam3) sum.z += T(2) * c.w / c.nonzero(q);
}

template <class T>
void cylinder(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(c.in.x, s, k);
  add_flat(sum, c.w * s, c.w * c.in.y);
  if (c.dialect != Dialect::flam3) sum.z += c.w * k;
}

template <class T>
void tangent(const Call<T>& c, Point<T>& sum) {
  Vec<T> s, k;
  sincos(c.in.y, s, k);
  Vec<T> inverse = c.w / k;
  add_flat(sum, inverse * sin(c.in.x), inverse * s);
}

template <class T>
void secant2(const Call<T>& c, Point<T>& sum) {
  Vec<T> k = cos(c.w * c.radius()), s = T(1) / k;
  add_flat(sum, c.w * c.in.x, c.w * select<T>(k < T(0), s + T(1), s - T(1)));
}

template <class T>
void cross(const Call<T>& c, Point<T>& sum) {
  Vec<T> d = (c.in.x - c.in.y) * (c.in.x + c.in.y);
  Vec<T> k = c.w / (c.dialect == Dialect::flam3 ? sqrt(d * d + T(1e-10)) : c.nonzero(c.dialect == Dialect::ember_25 ? d : abs(d)));
  add_with_z(sum, k * c.in.x, k * c.in.y, c);
}

template <class T>
void butterfly(const Call<T>& c, Point<T>& sum) {
  Vec<T> y = T(2) * c.in.y;
  Vec<T> k = c.w * T(1.3029400317411197908970256609023) * sqrt(abs(c.in.x * c.in.y) / c.guard(c.in.x * c.in.x + y * y));
  add_flat(sum, k * c.in.x, k * y);
}

template <class T>
void loonie(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = c.square_radius(), square_w = c.w * c.w;
  Vec<T> k = select<T>(q < square_w, c.w * sqrt(nonnegative<T>(square_w / c.nonzero(q) - T(1))), Vec<T>(c.w));
  add_with_z(sum, k * c.in.x, k * c.in.y, c);
}

template <class T>
void scry(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = c.square_radius();
  Vec<T> k = T(1) / c.nonzero(sqrt(q) * (q + T(1) / c.guard(c.w)));  // w stands nowhere else
  add_flat(sum, k * c.in.x, k * c.in.y);
}

template <class T>
void cylinder2(const Call<T>& c, Point<T>& sum) {
  add_flat(sum, c.w * c.in.x / sqrt(c.in.x * c.in.x + T(1)), c.w * c.in.y);
}

}  // namespace bloom::BLOOM_ISA
