// SPDX-License-Identifier: Apache-2.0
#include "relay/daemon/daemon.hpp"

int main(int argc, char** argv)
{
    int exit_code = 0;
    const auto options = godwit::relay::parse_options(argc, argv, exit_code);
    return options ? godwit::relay::run(*options) : exit_code;
}
