// SPDX-License-Identifier: Apache-2.0
// The smallest program that talks: log in, send one message, print what comes.
//
//   hello RELAY USER PASSWORD FRIEND      the account exists, and FRIEND is a contact of it
#include <godwit/client.hpp>

#include <cstdio>

using namespace godwit;

// README: begin
int talk(const char* relay, const char* user, const char* password, const char* to)
{
    auto opened = Client::open({.home = user}); // a folder of this device: keys, history, outbox
    if (!opened) return std::fprintf(stderr, "%s\n", opened.error().detail.c_str()), 1;
    auto client = std::move(opened).value();
    if (!client->submit(request::Login{relay, user, password, "laptop"})) return 1;
    while (auto event = client->wait(std::chrono::minutes(1))) {
        if (std::get_if<event::Connected>(&*event)) // again after every reconnect: the key makes it one message
            if (!client->submit(request::Send{to, "Hello from Alaska", "hello-1"})) return 1;
        if (auto* in = std::get_if<event::MessageReceived>(&*event)) std::puts(in->message.text.c_str());
    }
    return 0;
}
// README: end

int main(int count, char** words)
{
    if (count == 5) return talk(words[1], words[2], words[3], words[4]);
    std::fputs("usage: hello RELAY USER PASSWORD FRIEND\n", stderr);
    return 2;
}
