// SPDX-License-Identifier: Apache-2.0
// One family of targets under libFuzzer. GODWIT_FUZZ_TARGET says which one; without it they are listed.
#include "tests/fuzz/target.hpp"

#include <cstdio>
#include <cstdlib>

namespace {
const godwit::fuzz::Target* chosen = nullptr;
}

extern "C" __attribute__((visibility("default"))) int LLVMFuzzerInitialize(int*, char***)
{
    const char* name = std::getenv("GODWIT_FUZZ_TARGET");
    chosen = name == nullptr ? nullptr : godwit::fuzz::find_target(name);
    if (chosen == nullptr) {
        for (const auto& target : godwit::fuzz::targets())
            std::printf("%s\n", target.name);
        std::exit(name == nullptr ? 0 : 2);
    }
    godwit::fuzz::prepare();
    return 0;
}

extern "C" __attribute__((visibility("default"))) int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > chosen->bytes_max) return -1;
    godwit::fuzz::prepare();
    chosen->run(godwit::BytesView(data, size));
    return 0;
}
