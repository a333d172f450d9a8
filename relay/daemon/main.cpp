// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/daemon.hpp"

#include <sys/resource.h>

int main(int argc, char** argv)
{
    const rlimit none{};
    (void)::setrlimit(RLIMIT_CORE, &none); // Its key is in memory: no core dumps.
    int exit_code = 0;
    const auto options = godwit::relay::parse_options(argc, argv, exit_code);
    return options ? godwit::relay::run(*options) : exit_code;
}
