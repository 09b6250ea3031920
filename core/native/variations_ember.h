// Ember's variations, 2D and 3D, that the original Bloom's flames use beyond flam3's.
#pragma once
#include "simplex_noise.h"
#include "variation.h"

namespace bloom::BLOOM_ISA {

template <class T>
void epispiral(const Call<T>& c, Point<T>& sum) {
  T n = c.p[0], thickness = c.p[1], holes = c.p[2];
  Vec<T> a = c.phi(), s, k, t, wave = cos(n * a);
  if (c.dialect == Dialect::ember_1_0_0_14)
    t = c.w * (c.uniform() * thickness / wave - holes);
  else
    t = (thickness == 0 ? Vec<T>(c.w) : c.w * thickness * c.uniform()) / wave - c.w * holes;
  sincos(a, s, k);
  add_flat(sum, t * k, t * s);
}

template <class T>
void blur_pixelize(const Call<T>& c, Point<T>& sum) {
  T size = c.p[0], scale = c.p[1];
  Vec<T> x = floor(c.in.x / size) + T(0.5) + scale * (c.uniform() - T(0.5));
  Vec<T> y = floor(c.in.y / size) + T(0.5) + scale * (c.uniform() - T(0.5));
  add_keeping_z(sum, c.w * size * x, c.w * size * y, c);
}

template <class T>
void blur_heart(const Call<T>& c, Point<T>& sum) {
  T p = c.p[0], a = c.p[1], b = c.p[2];
  Vec<T> x = T(2) * c.uniform() - T(1), y = T(2) * c.uniform() - T(1);
  Mask<T> upper = y >= T(0);
  Vec<T> arc = b * sqrt(max(T(1) - x * x, Vec<T>(T(0))));
  T magnitude = (a < 0 ? -a : a) + (b < 0 ? -b : b);
  Vec<T> m = (a * pow(abs(x), Vec<T>(p)) + select<T>(upper, arc, -arc) - a) / c.guard(magnitude);
  add_flat(sum, c.w * x, c.w * select<T>(upper, min(y, m), max(y, m)));
}

template <class T>
inline Vec<T> elliptic_angle(Vec<T> v, Vec<T> square_radius) {
  Vec<T> m = T(0.5) * (sqrt(square_radius + T(1) + T(2) * v) + sqrt(square_radius + T(1) - T(2) * v));
  Vec<T> a = v / m;
  return atan2(a, sqrt(max(T(1) - a * a, Vec<T>(T(0)))));
}

template <class T>
void blocky(const Call<T>& c, Point<T>& sum) {
  Vec<T> q = c.square_radius(), t = T(1) + (cos(c.in.x) + cos(c.in.y)) / c.p[2];
  Vec<T> k = T(2) * c.w * c.w / (kPi<T> * t);
  add_flat(sum, k * c.p[0] * elliptic_angle<T>(c.in.x, q), k * c.p[1] * elliptic_angle<T>(c.in.y, q));
}

// Derived: the two circles' centres and squared radii.
inline void prepare_poincare(double, Dialect, double* p) {
  for (int i = 0; i < 2; ++i) {
    double radius = p[2 * i], angle = ::fmod(p[2 * i + 1], kPi<double>), distance = ::sqrt(1 + radius * radius);
    p[4 + 3 * i] = distance * ::cos(angle), p[5 + 3 * i] = distance * ::sin(angle), p[6 + 3 * i] = radius * radius;
  }
}

template <class T>
void poincare(const Call<T>& c, Point<T>& sum) {
  Vec<T> x = c.in.x, y = c.in.y;
  for (int i = 0; i < 2; ++i) {
    T cx = c.p[4 + 3 * i], cy = c.p[5 + 3 * i], q = c.p[6 + 3 * i];
    Vec<T> dx = x - cx, dy = y - cy, k = q / c.guard(dx * dx + dy * dy);
    x = cx + k * dx, y = cy + k * dy;
  }
  add_flat(sum, x, y);  // no weight: any weight but 0 gives the same
}

// Derived: the tile's scale, the half width of an arc, and the exponent as the program that wrote the file limits it.
inline void prepare_truchet(double w, Dialect dialect, double* p) {
  double* derived = p + 6;
  derived[0] = (::cos(p[3]) + ::sin(p[3])) / (w == 0 ? 1e-300 : w);
  double n = p[1];
  derived[1] = 0.5 * (::pow(2.0, 1.0 / n) - 1.0) * (dialect == Dialect::ember_1_0_0_14 ? p[2] : (n < 1 ? n : 1));
}

// Which of a tile's two drawings a cell shows; doubles, because the pseudo-random sequence needs their digits.
inline bool truchet_turned(double x, double y, double seed, bool extended) {
  if (seed == 0 || seed == 1) return extended ? seed == 1 : seed < 1;
  if (extended) {
    double steps = ::fabs(x + y + x * y);
    if (!(steps < 1e9)) return false;
    uint64_t q = uint64_t(seed) + uint64_t(steps);
    for (int i = steps < 20 ? int(steps) : 20; i > 0; --i) q = (q * 32747u + 12345u) % 65535u;
    return q % 2 == 1;
  }
  double scale = ::sqrt(1.5 * seed) / (2 * seed), i = scale * x, j = scale * y;
  double q = ::fmod((i + j + i * j + seed) * scale * 0.5 * 32747 + 12345, 65535.0);
  return ::fmod(q, 2.0) < 1;
}

template <class T>
void truchet(const Call<T>& c, Point<T>& sum) {
  T n = c.p[1], size = c.p[4], seed = c.p[5] < 0 ? -c.p[5] : c.p[5], scale = c.p[6], half_width = c.p[7];
  bool extended = c.p[0] != 0;
  Vec<T> x = c.in.x, y = c.in.y, u = x * scale, v = y * scale, s = u - floor(u), t = v - floor(v);
  Mask<T> turned;
  // Half away from zero, as C's round.
  Vec<T> column = trunc(x + copysign(Vec<T>(T(0.5)), x)), row = trunc(y + copysign(Vec<T>(T(0.5)), y));
  for (int lane = 0; lane < kLanes; ++lane) turned[lane] = truchet_turned(column[lane], row[lane], seed, extended) ? -1 : 0;
  Vec<T> p1 = abs(select<T>(turned, s, s - T(1))), p2 = abs(select<T>(turned, s - T(1), s));
  auto norm = [&](Vec<T> a, Vec<T> b) { return pow(pow(a, Vec<T>(n)) + pow(b, Vec<T>(n)), Vec<T>(T(1) / n)); };
  Mask<T> first = abs(norm(p1, abs(t)) - T(0.5)) < half_width, second = abs(norm(p2, abs(t - T(1))) - T(0.5)) < half_width;
  Vec<T> times = select<T>(first, T(1), T(0)) + select<T>(second, T(1), T(0));
  // No weight factor. The whole numbers are joined first: s + floor(x) would lose the digits of a small u.
  add_flat(sum, times * size * (u - (floor(u) - floor(x))), times * size * (v - (floor(v) - floor(y))));
}

template <class T>
void glynnsim2(const Call<T>& c, Point<T>& sum) {
  T radius = c.p[0], thickness = c.p[1], contrast = c.p[2], exponent = c.p[3] < 0 ? -c.p[3] : c.p[3];
  T from = c.p[4] * kPi<T> / 180, to = c.p[5] * kPi<T> / 180;
  T gamma = thickness * (2 * radius + thickness) / c.guard(radius + thickness);
  Vec<T> r = c.radius(), u = c.uniform(), s, k;
  Mask<T> inside = r < radius;
  Vec<T> rho = c.w * (radius + thickness - gamma * u);
  sincos(from + (to - from) * c.uniform(), s, k);
  Vec<T> alpha = radius / c.guard(r);
  Vec<T> pull = select<T>(u > contrast * pow(alpha, Vec<T>(exponent)), c.w, c.w * alpha * alpha);
  add_flat(sum, select<T>(inside, rho * k, pull * c.in.x), select<T>(inside, rho * s, pull * c.in.y));
}

// z_* parameters: hypergon, hypergon_n, hypergon_r, star, star_n, star_slope, lituus, lituus_a, super, super_m, super_n1, super_n2, super_n3.
template <class T>
void z(const Call<T>& c, Point<T>& sum) {
  const T* p = c.p;
  Vec<T> a = c.phi(), total = c.radius(), s, k;
  if (p[0] != 0) {
    T d = ::sqrt(double(1 + p[2] * p[2]));
    Vec<T> v = tan(remainder(abs(a), Vec<T>(2 * kPi<T> / p[1])) - kPi<T> / p[1]), tau = v * v + T(1);
    total += p[0] * select<T>(tau >= d * d, Vec<T>(T(1)), (d - sqrt(max(d * d - tau, Vec<T>(T(0))))) / sqrt(tau));
  }
  if (p[3] != 0) {
    double slope = p[5];
    T sigma = ::tan(::fabs(slope - kPi<double> / 2) < 0.05 ? slope - 0.05 : slope);
    Vec<T> v = remainder(abs(a), Vec<T>(2 * kPi<T> / p[4])) - kPi<T> / p[4], tau = abs(tan(abs(v)));
    total += p[3] * sqrt(sigma * sigma * (T(1) + tau * tau) / ((tau + sigma) * (tau + sigma)));
  }
  if (p[6] != 0) total += p[6] * pow(abs(a / kPi<T> + T(1)), Vec<T>(-p[7]));
  if (p[8] != 0) {
    Vec<T> m = a * p[9] * T(0.25);
    total += p[8] * pow(pow(abs(cos(m)), Vec<T>(p[11])) + pow(abs(sin(m)), Vec<T>(p[12])), Vec<T>(T(-1) / p[10]));
  }
  sincos(a, s, k);
  add_flat(sum, c.w * total * k, c.w * total * s);
}

template <class T>
void crackle(const Call<T>& c, Point<T>& sum) {
  T half = c.p[0] / 2, power = c.p[1], distort = c.p[2], scale = c.p[3], layer = T(2.5) * c.p[4];
  Vec<T> b = T(0.5) * (c.uniform() + c.uniform()) + T(0.25) * (c.uniform() - T(0.5)), ux, uy;
  sincos(T(2) * kPi<T> * c.uniform(), ux, uy);
  ux *= b, uy *= b;
  auto centre = [&](Vec<T> i, Vec<T> j, Vec<T>& x, Vec<T>& y) {
    x = i, y = j;
    if (distort != 0) {
      x += distort * simplex_noise<T>(T(2.5) * i, T(2.5) * j, Vec<T>(layer));
      y += distort * simplex_noise<T>(T(2.5) * j + T(30.2), T(2.5) * i - T(12.1), Vec<T>(layer + T(19.8)));
    }
    x *= half, y *= half;
  };
  Vec<T> i = floor(ux / half), j = floor(uy / half), best = T(1e30), bi = i, bj = j, px = T(0), py = T(0);
  for (int di = -1; di <= 1; ++di)
    for (int dj = -1; dj <= 1; ++dj) {
      Vec<T> x, y;
      centre(i + T(di), j + T(dj), x, y);
      Vec<T> d = (x - ux) * (x - ux) + (y - uy) * (y - uy);
      Mask<T> nearer = d < best;
      best = select<T>(nearer, d, best), bi = select<T>(nearer, i + T(di), bi), bj = select<T>(nearer, j + T(dj), bj);
      px = select<T>(nearer, x, px), py = select<T>(nearer, y, py);
    }
  Vec<T> voronoi = T(-1e30);
  for (int di = -1; di <= 1; ++di)
    for (int dj = -1; dj <= 1; ++dj) {
      if (di == 0 && dj == 0) continue;
      Vec<T> x, y;
      centre(bi + T(di), bj + T(dj), x, y);
      x -= px, y -= py;
      voronoi = max(voronoi, T(2) * ((ux - px) * x + (uy - py) * y) / c.guard(x * x + y * y));
    }
  Vec<T> r = pow(abs(voronoi), Vec<T>(power)) * scale / c.guard(voronoi);
  add_flat(sum, c.w * (px + (ux - px) * r), c.w * (py + (uy - py) * r));
}

template <class T>
void taurus(const Call<T>& c, Point<T>& sum) {
  T r = c.p[0], n = c.p[1], inverse = c.p[2], sor = c.p[3];
  Vec<T> sx, cx, sy, cy, rho = inverse * r + (T(1) - inverse) * r * cos(n * c.in.x);
  sincos(c.in.x, sx, cx);
  sincos(c.in.y, sy, cy);
  add_flat(sum, c.w * cx * (rho + sy), c.w * sx * (rho + sy));
  sum.z += c.w * sor * cy + (T(1) - sor) * c.in.y;  // the second term has no weight
}

// The accumulated z is set to 0 after all other variations; the iteration does that, since it alone knows the order.
template <class T>
void flatten(const Call<T>&, Point<T>&) {}

template <class T>
void zcone(const Call<T>& c, Point<T>& sum) {
  sum.z += c.w * c.radius();
}

template <class T>
void ztranslate(const Call<T>& c, Point<T>& sum) {
  sum.z += c.w;
}

template <class T>
void zblur(const Call<T>& c, Point<T>& sum) {
  sum.z += c.w * c.random.template gaussian<T>();
}

// Derived: the exponent of the squared length, 1/|n|, 1/n.
inline void prepare_julia3d(double, Dialect, double* p) {
  double n = p[0];
  p[1] = (1 / n - 1) / 2, p[2] = 1 / ::fabs(n), p[3] = 1 / n;
}

template <class T>
void julia3d(const Call<T>& c, Point<T>& sum) {
  T n = c.p[0], exponent = c.p[1], count = n < 0 ? -n : n;
  Vec<T> zeta = c.in.z * c.p[2], q = c.square_radius(), length = q + zeta * zeta, s, k, rho;
  if (n == 2) rho = c.w / sqrt(sqrt(length));
  else if (n == -2) rho = c.w / (sqrt(length) * sqrt(sqrt(length)));
  else rho = c.w * pow(length, Vec<T>(exponent));
  sincos((c.phi() + T(2) * kPi<T> * trunc(count * c.uniform())) * c.p[3], s, k);
  Vec<T> r = rho * sqrt(q);
  add_flat(sum, r * k, r * s);
  sum.z += rho * zeta;
}

}  // namespace bloom::BLOOM_ISA
