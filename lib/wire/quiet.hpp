// SPDX-License-Identifier: Apache-2.0
// When a quiet link between a client and its relay is asked for a sign of life (docs/protocol.md). The relay asks
// first: the client answers in the wake-up in which the question came, so the router's mapping is renewed from inside
// (RFC 4787 REQ-6), both sides know that the other one is there, and no timer of the client's has rung.
#pragma once

#include "lib/base/time.hpp"

namespace godwit::wire {

/// The relay asks. Routers forget a mapping of UDP after 30 s at the soonest (RFC 4787 REQ-5 asks for 2 min).
inline constexpr Duration relay_asks_after = std::chrono::seconds(28);
/// The client was not asked: the question is lost, or its way is gone. Its own goes out by whatever way there is now.
inline constexpr Duration client_asks_after = std::chrono::seconds(33);
/// The client has heard nothing: the link is down, and dialled anew.
inline constexpr Duration client_gives_up_after = std::chrono::seconds(45);

static_assert(client_asks_after >= relay_asks_after + std::chrono::seconds(3),
              "a question that is under way, or is repeated once, comes before the client's own");
static_assert(client_gives_up_after > client_asks_after, "the client's question is answered before it gives up");

} // namespace godwit::wire
