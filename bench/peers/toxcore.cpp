// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/toxcore.hpp"

#include <algorithm>
#include <thread>

namespace bench {

namespace {

constexpr std::size_t mib = 1024 * 1024;

} // namespace

std::string ToxPair::version()
{
    return std::to_string(tox_version_major()) + '.' + std::to_string(tox_version_minor()) + '.' +
           std::to_string(tox_version_patch());
}

ToxPair::Handle ToxPair::make(std::uint16_t port)
{
    Tox_Err_Options_New no_options = TOX_ERR_OPTIONS_NEW_OK;
    const std::unique_ptr<Tox_Options, void (*)(Tox_Options*)> options(tox_options_new(&no_options), tox_options_free);
    if (options == nullptr) give_up("c-toxcore has no options");
    tox_options_set_udp_enabled(options.get(), true);
    tox_options_set_ipv6_enabled(options.get(), false);
    tox_options_set_local_discovery_enabled(options.get(), false);
    tox_options_set_start_port(options.get(), port);
    tox_options_set_end_port(options.get(), static_cast<std::uint16_t>(port + 100));
    Tox_Err_New trouble = TOX_ERR_NEW_OK;
    Handle made(tox_new(options.get(), &trouble));
    if (made == nullptr) give_up("c-toxcore does not start: error " + std::to_string(trouble));
    return made;
}

ToxPair::ToxPair(int pause_ms) : pause_ms_(pause_ms), ends_{make(33500), make(33700)}, block_(1500, 'x')
{
    for (int i = 0; i < 2; ++i)
        tox_callback_friend_connection_status(
            ends_[i].get(), [](Tox* tox, std::uint32_t, Tox_Connection how, void* self) {
                auto& pair = *static_cast<ToxPair*>(self);
                pair.online_[tox == pair.ends_[1].get() ? 1 : 0] = how == TOX_CONNECTION_UDP;
            });
    tox_callback_friend_message(ends_[0].get(),
                                [](Tox*, std::uint32_t, Tox_Message_Type, const std::uint8_t*, std::size_t,
                                   void* self) { ++static_cast<ToxPair*>(self)->echoes_; });
    tox_callback_friend_message(ends_[1].get(), [](Tox* tox, std::uint32_t from, Tox_Message_Type kind,
                                                   const std::uint8_t* text, std::size_t length, void* self) {
        if (static_cast<ToxPair*>(self)->echo_) tox_friend_send_message(tox, from, kind, text, length, nullptr);
    });
    tox_callback_friend_read_receipt(ends_[0].get(), [](Tox*, std::uint32_t, std::uint32_t, void* self) {
        ++static_cast<ToxPair*>(self)->receipts_;
    });
    tox_callback_file_chunk_request(ends_[0].get(), [](Tox* tox, std::uint32_t to, std::uint32_t file,
                                                       std::uint64_t position, std::size_t length, void* self) {
        if (length > 0)
            tox_file_send_chunk(tox, to, file, position,
                                reinterpret_cast<const std::uint8_t*>(static_cast<ToxPair*>(self)->block_.data()),
                                length, nullptr);
    });
    tox_callback_file_recv(ends_[1].get(), [](Tox* tox, std::uint32_t from, std::uint32_t file, std::uint32_t,
                                              std::uint64_t, const std::uint8_t*, std::size_t, void*) {
        tox_file_control(tox, from, file, TOX_FILE_CONTROL_RESUME, nullptr);
    });
    tox_callback_file_recv_chunk(ends_[1].get(), [](Tox*, std::uint32_t, std::uint32_t, std::uint64_t,
                                                    const std::uint8_t*, std::size_t length,
                                                    void* self) { static_cast<ToxPair*>(self)->received_ += length; });
}

void ToxPair::turn()
{
    std::uint32_t pause = 1000;
    for (auto& end : ends_) {
        tox_iterate(end.get(), this);
        pause = std::min(pause, tox_iteration_interval(end.get()));
    }
    if (pause_ms_ == never) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(pause_ms_ == as_asked ? static_cast<int>(pause) : pause_ms_));
}

void ToxPair::until(const char* what, const std::function<bool()>& done)
{
    const auto start = Clock::now();
    while (!done()) {
        if (Clock::now() - start > std::chrono::seconds(90)) give_up(std::string("c-toxcore: waited 90 s for ") + what);
        turn();
    }
}

double ToxPair::connect_ms()
{
    const auto start = Clock::now();
    std::uint8_t keys[2][TOX_PUBLIC_KEY_SIZE];
    std::uint8_t nodes[2][TOX_PUBLIC_KEY_SIZE];
    for (int i = 0; i < 2; ++i) {
        tox_self_get_public_key(ends_[i].get(), keys[i]);
        tox_self_get_dht_id(ends_[i].get(), nodes[i]);
    }
    for (int i = 0; i < 2; ++i) {
        const auto port = tox_self_get_udp_port(ends_[1 - i].get(), nullptr);
        if (!tox_bootstrap(ends_[i].get(), "127.0.0.1", port, nodes[1 - i], nullptr)) give_up("c-toxcore: bootstrap");
        friend_ = tox_friend_add_norequest(ends_[i].get(), keys[1 - i], nullptr);
    }
    until("the connection", [&] { return online_[0] && online_[1]; });
    return since_us(start) / 1000;
}

bool ToxPair::send(const std::string& text)
{
    Tox_Err_Friend_Send_Message trouble = TOX_ERR_FRIEND_SEND_MESSAGE_OK;
    tox_friend_send_message(ends_[0].get(), friend_, TOX_MESSAGE_TYPE_NORMAL,
                            reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), &trouble);
    return trouble == TOX_ERR_FRIEND_SEND_MESSAGE_OK;
}

Spread ToxPair::round_trips(int rounds, std::size_t bytes)
{
    const std::string text(bytes, 'x');
    std::vector<double> samples;
    echo_ = true;
    for (int round = 0; round < rounds; ++round) {
        const auto start = Clock::now();
        const int before = echoes_;
        if (!send(text)) give_up("c-toxcore does not take a message");
        until("an echo", [&] { return echoes_ > before; });
        samples.push_back(since_us(start));
    }
    echo_ = false;
    return spread_of(samples);
}

double ToxPair::one_way_rate(int messages, std::size_t bytes, int window)
{
    const std::string text(bytes, 'x');
    receipts_ = 0;
    int sent = 0;
    const auto start = Clock::now();
    until("the last receipt", [&] {
        while (sent < messages && sent - receipts_ < window) {
            if (!send(text)) break;
            ++sent;
        }
        return receipts_ >= messages;
    });
    return messages / (since_us(start) / 1e6);
}

double ToxPair::file_rate(std::size_t mebibytes)
{
    received_ = 0;
    const auto start = Clock::now();
    const std::string name = "film";
    tox_file_send(ends_[0].get(), friend_, TOX_FILE_KIND_DATA, mebibytes * mib, nullptr,
                  reinterpret_cast<const std::uint8_t*>(name.data()), name.size(), nullptr);
    until("the file", [&] { return received_ >= mebibytes * mib; });
    return static_cast<double>(mebibytes) / (since_us(start) / 1e6);
}

} // namespace bench
