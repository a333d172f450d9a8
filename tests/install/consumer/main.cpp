// SPDX-License-Identifier: Apache-2.0
// As main.c, by the C++ face: main HOME
#include <godwit/client.hpp>
#include <godwit/rescue.hpp>

#include <cstdio>

int main(int count, char** words)
{
    auto opened = godwit::Client::open({.home = count > 1 ? words[1] : ""});
    if (!opened) return std::fprintf(stderr, "%s\n", opened.error().detail.c_str()), 1;
    auto client = std::move(opened).value();
    if (!client->submit(godwit::request::Status{})) return 1;
    const auto event = client->wait(std::chrono::seconds(30));
    if (!event || !std::holds_alternative<godwit::event::Reply>(*event)) return 1;
    std::puts("fine");
    return 0;
}
