// SPDX-License-Identifier: Apache-2.0
// What a program measured, for whoever makes a table of it: lines "name<TAB>value" in the file that
// GODWIT_BENCH_FIGURES names, behind what is there. Without that variable nothing is written.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace bench {

inline void figure(const std::string& name, double value)
{
    const char* const path = std::getenv("GODWIT_BENCH_FIGURES");
    if (path == nullptr) return;
    std::FILE* const file = std::fopen(path, "a");
    if (file == nullptr) return;
    std::fprintf(file, "%s\t%.9g\n", name.c_str(), value);
    std::fclose(file);
}

} // namespace bench
