// SPDX-License-Identifier: Apache-2.0
// How much of a bounded table is whose: each application's rows are counted alone, and so are those of none, so that
// one tenant's people fill neither another's part nor the relay's own.
#pragma once

#include "relay/store/store.hpp"

#include <algorithm>

namespace godwit::relay {

/// People of an application may fill one part in so many of what the relay's own people may.
inline constexpr std::size_t tenant_share = 10;

/// `by`: of which application whoever asks is, or relays_own.
[[nodiscard]] constexpr std::size_t bound_for(AppRow by, std::size_t most)
{
    return by == relays_own ? most : std::max<std::size_t>(1, most / tenant_share);
}

/// "@acme" of "ann@acme"; empty: of no application.
[[nodiscard]] inline std::string_view app_suffix(std::string_view full_name)
{
    const auto at = full_name.find('@');
    return at == std::string_view::npos ? std::string_view() : full_name.substr(at);
}

class ShareTable {
public:
    explicit ShareTable(Store& store) : store_(store) {}

    // Names that end so; an empty suffix: names and addresses of no application.
    [[nodiscard]] std::uint64_t bans(std::string_view suffix);
    [[nodiscard]] std::uint64_t invitations(std::string_view suffix);
    /// Taken down by those who administer, and open.
    [[nodiscard]] std::uint64_t reports(std::string_view suffix);
    /// To accounts of this application; 0 or no_app: to all, or to those of the default one.
    [[nodiscard]] std::uint64_t notices(AppRow app);
    /// Of these the one that was over first, when it was before; false: there is none.
    bool remove_settled_notice(AppRow app, WallMs expired_before_ms);

private:
    Store& store_;
};

} // namespace godwit::relay
