// Chooses the kernel when the library is first used. BLOOM_KERNEL=v2|v3|v4 in the environment takes a lesser one, which
// is how the tests compare them on one machine.
#include <stdlib.h>
#include <string.h>

#include "kernel.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace bloom {

#if defined(__x86_64__)
namespace v2 { extern const Kernel kKernel; }
namespace v3 { extern const Kernel kKernel; }
namespace v4 { extern const Kernel kKernel; }

namespace {

// The x86-64 level that both the processor and the operating system (which must save the wide registers) support.
int level() {
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 2;
  const unsigned fma = 1u << 12, movbe = 1u << 22, osxsave = 1u << 27, avx = 1u << 28, f16c = 1u << 29;
  if ((c & (fma | movbe | osxsave | avx | f16c)) != (fma | movbe | osxsave | avx | f16c)) return 2;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  if ((low & 6) != 6) return 2;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 2;
  const unsigned bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8;
  if ((b & (bmi1 | avx2 | bmi2)) != (bmi1 | avx2 | bmi2)) return 2;
  const unsigned f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31;
  bool wide = (b & (f | dq | cd | bw | vl)) == (f | dq | cd | bw | vl) && (low & 0xe6) == 0xe6;
  return wide ? 4 : 3;
}

const Kernel& choose() {
  const Kernel* kernels[] = {&v2::kKernel, &v3::kKernel, &v4::kKernel};
  int best = level();
  if (const char* wish = getenv("BLOOM_KERNEL"))
    for (int i = 2; i <= best; ++i)
      if (strcmp(wish, kernels[i - 2]->name) == 0) return *kernels[i - 2];
  return *kernels[best - 2];
}

}  // namespace
#else
namespace neon { extern const Kernel kKernel; }
namespace {
const Kernel& choose() { return neon::kKernel; }
}  // namespace
#endif

const Kernel& kernel() {
  static const Kernel& chosen = choose();
  return chosen;
}

}  // namespace bloom
