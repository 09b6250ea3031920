// Every variation, compiled once per instruction set, with BLOOM_ISA naming it, apart from the kernel that calls them.
#include "registry.h"

namespace bloom::BLOOM_ISA {
namespace {

struct Functions {
  VariationFunctions of[kEntryCount];
};

constexpr Functions functions() {
  Functions out{};
  for (int i = 0; i < kEntryCount; ++i) out.of[i] = kEntries[i].functions;
  return out;
}

constexpr Functions kTable = functions();

}  // namespace

const VariationFunctions* const kFunctions = kTable.of;

}  // namespace bloom::BLOOM_ISA

#ifdef BLOOM_BASELINE
namespace bloom {

int variation_count() { return BLOOM_ISA::kEntryCount; }
const VariationInfo& variation_info(int variation) { return BLOOM_ISA::kEntries[variation].info; }

}  // namespace bloom
#endif
