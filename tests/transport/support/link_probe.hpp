// SPDX-License-Identifier: Apache-2.0
// A LinkObserver that remembers, and an acceptor that collects.
#pragma once

#include "transport/tls/identity.hpp"
#include "transport/tls/link_options.hpp"

#include <functional>

namespace godwit::test {

struct LinkProbe final : port::LinkObserver {
    int ups = 0;
    int downs = 0;
    int writables = 0;
    std::size_t frames = 0;
    std::size_t bytes = 0;
    std::vector<Bytes> kept; ///< The first keep_max frames.
    std::size_t keep_max = 64;
    std::optional<Error> reason;
    std::function<void(port::Link&)> on_up;
    std::function<void(port::Link&, BytesView)> on_frame;
    std::function<void(port::Link&, BytesView)> on_datagram;
    std::function<void(port::Link&)> on_writable;
    std::function<void(port::Link&)> on_down;

    void link_up(port::Link& link) override
    {
        ++ups;
        if (on_up) on_up(link);
    }
    void link_frame(port::Link& link, BytesView frame) override
    {
        ++frames;
        bytes += frame.size();
        if (kept.size() < keep_max) kept.push_back(to_bytes(frame));
        if (on_frame) on_frame(link, frame);
    }
    void link_datagram(port::Link& link, BytesView datagram) override
    {
        if (on_datagram) on_datagram(link, datagram);
    }
    void link_writable(port::Link& link) override
    {
        ++writables;
        if (on_writable) on_writable(link);
    }
    void link_down(port::Link& link, const Error& why) override
    {
        ++downs;
        reason = why;
        if (on_down) on_down(link);
    }
    [[nodiscard]] bool up() const { return ups == 1 && downs == 0; }
    [[nodiscard]] ErrorCode code() const { return reason ? reason->code : ErrorCode::ok; }
};

struct Acceptor final : tls::LinkAcceptor {
    struct Entry {
        std::unique_ptr<LinkProbe> probe = std::make_unique<LinkProbe>();
        std::unique_ptr<port::Link> link;
        loop::Address from;
    };
    std::vector<Entry> entries;
    std::function<void(Entry&)> on_accept;

    port::LinkObserver& link_accepted(std::unique_ptr<port::Link> link, const loop::Address& from) override
    {
        entries.emplace_back();
        Entry& entry = entries.back();
        entry.link = std::move(link);
        entry.from = from;
        auto& probe = *entry.probe;
        if (on_accept) on_accept(entry);
        return probe;
    }
};

/// An identity from one number; the same number, the same key.
inline tls::Identity identity(std::uint8_t number)
{
    std::array<std::uint8_t, 32> seed{};
    seed.fill(number);
    return tls::Identity::from_seed(seed).value();
}

inline Bytes pattern(std::size_t size, std::size_t seed)
{
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i)
        out[i] = static_cast<std::uint8_t>((i + seed) * 2654435761U >> 13);
    return out;
}

/// Sends `count` frames of varied sizes as fast as the link takes them, and checks what the other end of the test
/// sends. The frame numbered n is pattern(size(n), n).
struct Stream {
    std::size_t count;
    std::size_t sent = 0;
    std::size_t seen = 0;
    bool wrong = false;

    [[nodiscard]] static std::size_t size(std::size_t n)
    {
        if (n % 2500 == 7) return port::frame_bytes_max;
        return n % 50 == 3 ? 20'000 : n * 13 % 300;
    }
    void push(port::Link& link)
    {
        while (sent < count && link.send(pattern(size(sent), sent)))
            ++sent;
    }
    void check(BytesView frame)
    {
        const Bytes expected = pattern(size(seen), seen);
        wrong = wrong || !std::equal(frame.begin(), frame.end(), expected.begin(), expected.end());
        ++seen;
    }
    [[nodiscard]] bool done() const { return wrong || seen >= count; }
};

} // namespace godwit::test
