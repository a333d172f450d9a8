// SPDX-License-Identifier: Apache-2.0
// The C ABI in tests: handles that close themselves, strings that free themselves.
#pragma once

#include <godwit/godwit.h>

#include <memory>
#include <string>
#include <string_view>

namespace godwit::test {

struct Closed {
    void operator()(godwit_client* client) const { godwit_close(client); }
};
using CHandle = std::unique_ptr<godwit_client, Closed>;

inline std::string taken(char* text)
{
    std::string out = text == nullptr ? "" : text;
    godwit_free(text);
    return out;
}

inline godwit_options options_for(const std::string& home)
{
    godwit_options out{};
    out.size = sizeof out;
    out.home = home.c_str();
    return out;
}

inline CHandle opened(const std::string& home)
{
    const auto options = options_for(home);
    return CHandle(godwit_open(&options, nullptr));
}

inline int ask(godwit_client* client, std::string_view line)
{
    return godwit_request(client, line.data(), line.size());
}

inline std::string next(godwit_client* client, int timeout_ms = 30'000)
{
    return taken(godwit_next(client, timeout_ms));
}

} // namespace godwit::test
