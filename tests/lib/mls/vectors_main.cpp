// SPDX-License-Identifier: Apache-2.0
// Vectors that were not there are none that passed: the program is skipped then, and says so, unless something failed.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/support/vectors.hpp"

int main(int argc, char** argv)
{
    constexpr int skipped = 77; // to meson, as to automake
    const int result = doctest::Context(argc, argv).run();
    const auto folder = godwit::testing::vectors_folder();
    const bool named = folder != GODWIT_SOURCE_ROOT "/../shared/vectors";
    if (result != 0 || godwit::testing::vectors_expected(folder, named)) return result;
    std::printf("no published vector was run: GODWIT_VECTORS names their folder\n");
    return skipped;
}
