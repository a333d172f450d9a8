// SPDX-License-Identifier: Apache-2.0
// mls_client [--now SECONDS]: requests on standard input, a line each; replies on standard output (client.hpp).
#include "tests/interop/client.hpp"

#include <chrono>
#include <cstring>
#include <iostream>

using namespace godwit;

int main(int argc, char** argv)
{
    auto now_ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    if (argc == 3 && std::strcmp(argv[1], "--now") == 0) {
        now_ms = std::atoll(argv[2]) * 1000;
    } else if (argc != 1) {
        std::cerr << "usage: mls_client [--now SECONDS]\n\none JSON object a line, {\"do\": VERB, ...}; verbs:\n";
        for (const auto& verb : interop::Client::verbs())
            std::cerr << "  " << verb << '\n';
        return 2;
    }
    interop::Client client(now_ms);
    for (std::string line; std::getline(std::cin, line);) {
        if (line.empty()) continue;
        const auto request = nlohmann::json::parse(line, nullptr, false);
        std::cout << client.handle(request).dump() << std::endl;
    }
    return 0;
}
