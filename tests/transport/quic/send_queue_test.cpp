// SPDX-License-Identifier: Apache-2.0
#include "transport/quic/send_queue.hpp"

#include <doctest/doctest.h>
#include <random>

using namespace godwit;
using godwit::quic::SendQueue;

TEST_CASE("send queue: what is peeked is what was appended, at one address until acknowledged, seed 3")
{
    std::mt19937 random(3);
    SendQueue queue;
    Bytes all;            // everything ever appended
    std::size_t sent = 0; // offsets into it
    std::size_t acked = 0;
    std::vector<std::pair<const std::uint8_t*, std::size_t>> first_address; // of some sent bytes: (address, offset)
    bool wrong = false;
    for (int step = 0; step < 20'000; ++step) {
        switch (random() % 3) {
        case 0: {
            Bytes more(random() % (step % 100 == 0 ? 100'000 : 500));
            for (auto& b : more)
                b = static_cast<std::uint8_t>(random());
            queue.append(more);
            append(all, more);
            break;
        }
        case 1: {
            BytesView pieces[4];
            const std::size_t count = queue.peek(pieces);
            std::size_t want = random() % 1500;
            for (std::size_t i = 0; i < count && want > 0; ++i) {
                const std::size_t n = std::min(want, pieces[i].size());
                wrong = wrong || !std::equal(pieces[i].begin(), pieces[i].begin() + static_cast<std::ptrdiff_t>(n),
                                             all.begin() + static_cast<std::ptrdiff_t>(sent));
                if (n > 0) first_address.emplace_back(pieces[i].data(), sent);
                queue.written(n);
                sent += n;
                want -= n;
            }
            break;
        }
        default:
            for (const auto& [address, offset] : first_address)
                if (offset >= acked) wrong = wrong || *address != all[offset];
            acked += sent > acked ? random() % (sent - acked + 1) : 0;
            queue.acked(acked);
            std::erase_if(first_address, [&](const auto& entry) { return entry.second < acked; });
        }
        wrong = wrong || queue.held_bytes() != all.size() - acked || queue.has_unsent() != (sent < all.size());
    }
    CHECK_FALSE(wrong);
    queue.written(all.size() - sent);
    queue.acked(all.size());
    CHECK(queue.held_bytes() == 0);
    CHECK_FALSE(queue.has_unsent());
}
