// SPDX-License-Identifier: Apache-2.0
// Private to lib/engine: what stays known of somebody who is no contact any more.
//
// It is the relay that says who is a contact no more, and who is one again: that must not make us forget the account
// key and the device list, nor where the history is. Bounded: of more than formers_max the one is forgotten that weighs
// least, and among those the one that was removed longest ago.
#pragma once

#include "lib/port/store.hpp"

namespace godwit::engine {

/// About a megabyte of device lists when each has three devices; names of all fit one value of the store.
inline constexpr std::size_t formers_max = 1'000;

struct Former {
    PublicKey account_key;
    Bytes device_list; ///< Encoded; the newest known. Empty: none was.
};

/// A relay can make up contacts and drop them again, to make us forget: these weigh nothing.
enum class FormerWeight : std::uint8_t { light = 0, has_history = 1, verified = 2 };

/// The user who was forgotten for this one; empty: nobody.
[[nodiscard]] std::string remember_former(port::Store& store, std::string_view user, const Former& former,
                                          FormerWeight weight);
[[nodiscard]] std::optional<Former> former_contact(port::Store& store, std::string_view user);
/// A contact again.
void forget_former(port::Store& store, std::string_view user);

} // namespace godwit::engine
