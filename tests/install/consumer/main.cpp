// SPDX-License-Identifier: Apache-2.0
// As main.c, by the C++ face: main HOME. It links every function that a client has.
#include <godwit/client.hpp>
#include <godwit/rescue.hpp>

#include <cstdio>

namespace {

/// The life of a client and what a host does; whether nothing was said that should not be.
bool lives(godwit::Client& client)
{
    const godwit::CallId none{};
    const bool told = client.network_changed().ok() && client.push_received().ok();
    client.trim_memory();
    const bool by_call = client.dealt_with(0).ok();
    const bool turned = client.run_once().ok() || client.next_deadline() || client.driver_fd() >= 0;
    const bool media = client.push_audio(none, {}) != 0 || client.pull_audio(none, {}) != 0 ||
                       client.push_picture(none, 0, 0, {}) || client.pull_picture(none) ||
                       client.pull_picture(none, {});
    return told && !by_call && !turned && !media && client.wake_fd() >= -1 && client.suspend().ok() &&
           client.resume().ok() && client.stop().ok() && !client.poll();
}

} // namespace

int main(int count, char** words)
{
    const godwit::ClientOptions options{.home = count > 1 ? words[1] : ""};
    auto opened = godwit::Client::open(options);
    if (!opened) return std::fprintf(stderr, "%s\n", opened.error().detail.c_str()), 1;
    auto client = std::move(opened).value();
    if (!client->submit(godwit::request::Status{})) return 1;
    const auto event = client->wait(std::chrono::seconds(30));
    if (!event || !std::holds_alternative<godwit::event::Reply>(*event)) return 1;
    if (!lives(*client)) return std::fputs("its life is another than expected\n", stderr), 1;
    client.reset();
    if (!godwit::check_home(options)) return 1;
    std::puts("fine");
    return 0;
}
