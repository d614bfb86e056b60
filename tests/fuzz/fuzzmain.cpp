// What libFuzzer calls: the one target that is linked with it.
#include <cstdint>

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size)
{
    const auto* bytes = reinterpret_cast<const char*>(data);
    argali::fuzz::Target::all().front()->run({bytes, size});
    return 0;
}
