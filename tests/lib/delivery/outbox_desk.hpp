// SPDX-License-Identifier: Apache-2.0
// An outbox with its store, and what a group would say: what tests of the outbox share.
#pragma once

#include "lib/delivery/outbox.hpp"
#include "tests/lib/delivery/fixtures.hpp"

#include <set>

namespace godwit::delivery::test {

using namespace godwit::testing;

inline constexpr std::size_t plenty = 1 << 30;
inline const DeviceId bob1 = device_named(1);
inline const DeviceId bob2 = device_named(2);
inline const DeviceId own2 = device_named(9);
inline const Route link7{7, Path::direct, "direct path open"};
inline const Route link8{8, Path::direct, "direct path open"};
inline const Route mailbox{0, Path::mailbox, "peer offline"};

struct Desk {
    MemoryStore store;
    Limits limits;
    Outbox outbox{limits};

    explicit Desk(Limits with = {}) : limits(with), outbox(with)
    {
        store.begin();
        outbox.load(store, "alice");
    }
    /// Accepts message n of `size` bytes for the devices.
    void accept(std::uint32_t n, std::vector<Recipient> to = {{bob1, "bob"}}, std::size_t size = 100,
                std::int64_t ms = 0)
    {
        port::StoredMessage row;
        row.message.id = message_named(n);
        row.message.with = "bob";
        row.message.state = MessageState::accepted;
        row.message.conversation = conversation_named(1);
        REQUIRE(store.add_message(row));
        outbox.accept(
            store, {row.message.id, row.message.conversation, at_ms(ms).wall_ms, Bytes(size, 0x5a), {}, 0, 0, 0}, to);
    }
    Outbox::Batch collect(std::int64_t ms = 0, std::size_t budget = plenty)
    {
        return collect(ms, {budget, plenty, plenty});
    }
    Outbox::Batch collect(std::int64_t ms, Outbox::Budget budget)
    {
        return outbox.collect(store, at_ms(ms), budget, [this](auto& envelope, const auto& device) {
            if (over) return Fitness::never;
            if (outside.contains(device)) return Fitness::wait;
            if (!envelope.sealed.empty() && envelope.epoch + 5 > epoch) return Fitness::ready;
            envelope.sealed = envelope.content;
            envelope.sealed[0] = static_cast<std::uint8_t>(++generation);
            envelope.epoch = epoch;
            return Fitness::sealed;
        });
    }
    // What a group would say.
    std::set<DeviceId> outside;
    bool over = false;
    std::uint64_t epoch = 1;
    std::uint32_t generation = 0;

    void restart()
    {
        REQUIRE(store.commit());
        outbox = Outbox(limits);
        store.begin();
        outbox.load(store, "alice");
    }
    MessageState state(std::uint32_t n) { return store.message(message_named(n))->message.state; }
};

inline std::vector<std::uint32_t> numbers(const std::vector<Offer>& offers)
{
    std::vector<std::uint32_t> out;
    for (const auto& offer : offers) {
        std::uint32_t n = 0;
        for (std::size_t i = 0; i < 4; ++i)
            n = (n << 8) | offer.envelope.id.bytes[i];
        out.push_back(n);
    }
    return out;
}

} // namespace godwit::delivery::test
