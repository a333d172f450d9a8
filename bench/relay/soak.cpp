// SPDX-License-Identifier: Apache-2.0
#include "bench/relay/soak.hpp"

#include "bench/relay/crowd.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace bench {
namespace {

/// Of a line through them, for each step: the median of the slopes between any two (Theil and Sen), which a round that
/// was looked at in an odd moment does not bend.
double slope_of(const std::vector<double>& values)
{
    std::vector<double> slopes;
    for (std::size_t i = 0; i < values.size(); ++i)
        for (std::size_t j = i + 1; j < values.size(); ++j)
            slopes.push_back((values[j] - values[i]) / static_cast<double>(j - i));
    if (slopes.empty()) return 0;
    const auto middle = slopes.begin() + static_cast<std::ptrdiff_t>(slopes.size() / 2);
    std::nth_element(slopes.begin(), middle, slopes.end());
    return *middle;
}

std::vector<double> second_half(const std::vector<Usage>& rounds, double Usage::* what)
{
    std::vector<double> out;
    for (std::size_t n = rounds.size() / 2; n < rounds.size(); ++n)
        out.push_back(rounds[n].*what);
    return out;
}

} // namespace

std::string judge(const std::vector<Usage>& rounds)
{
    std::string out;
    char line[160];
    const auto grew = [&](const char* what, double by, double most) {
        if (by <= most) return;
        std::snprintf(line, sizeof line, "%s grows by %.1f KiB a round, %.0f are allowed; ", what, by, most);
        out += line;
    };
    grew("memory", slope_of(second_half(rounds, &Usage::rss_kib)), rss_kib_a_round_max);
    grew("the database", slope_of(second_half(rounds, &Usage::database_kib)), database_kib_a_round_max);
    const auto most = [](auto from, auto to) {
        return std::max_element(from, to, [](const Usage& a, const Usage& b) { return a.descriptors < b.descriptors; })
            ->descriptors;
    };
    const auto middle = rounds.begin() + static_cast<std::ptrdiff_t>(rounds.size() / 2);
    if (rounds.size() > 1)
        if (const auto before = most(rounds.begin(), middle), after = most(middle, rounds.end());
            after > before + descriptors_more_max)
            out += std::to_string(after) + " descriptors, " + std::to_string(before) + " before; ";
    return out;
}

bool run_soak(const Soak& soak, const RelayProcess& relay)
{
    constexpr std::size_t senders = 16, recipients = 40;
    Crowd crowd(relay, soak.users, Crowd::Over::both);
    crowd.bring_in(crowd.size(), true);
    const bool has_friends = crowd.size() >= senders + recipients;
    if (has_friends) crowd.befriend(senders, recipients);

    std::ofstream ledger;
    if (!soak.ledger.empty()) ledger.open(soak.ledger);
    ledger << "round,rss_kib,descriptors,database_kib,messages\n";
    std::vector<Usage> rounds;
    std::size_t messages = 0, deliveries = 0, logins = 0;
    const Stretch all(relay);
    while (all.wall_s() < soak.seconds || rounds.size() < soak_rounds_min) {
        Crowd::Put how{.senders = senders, .window = 16, .messages = soak.messages, .seconds = 20};
        auto done = crowd.put(how);
        messages += done.messages, deliveries += done.deliveries;
        if (has_friends) {
            how.messages = soak.messages / recipients;
            how.recipients = recipients;
            done = crowd.put(how);
            messages += done.messages, deliveries += done.deliveries;
        }
        (void)crowd.strangers(soak.strangers, rounds.size() % 2 == 1);
        crowd.disperse();
        crowd.leave(crowd.size());
        rounds.push_back(relay.usage());
        const auto& now = rounds.back();
        ledger << rounds.size() << ',' << now.rss_kib << ',' << now.descriptors << ',' << now.database_kib << ','
               << messages << '\n'
               << std::flush;
        std::printf("  round %3zu: %7.1f MiB, %3zu descriptors, database %6.1f MiB\n", rounds.size(),
                    now.rss_kib / 1024, now.descriptors, now.database_kib / 1024);
        std::fflush(stdout);
        crowd.bring_in(crowd.size(), false);
        logins += crowd.size();
    }
    const auto found = judge(rounds);
    std::printf("soak: %.0f s, %zu rounds, %zu logins, %zu messages, %zu deliveries, %zu strangers\n", all.wall_s(),
                rounds.size(), logins, messages, deliveries, rounds.size() * soak.strangers);
    std::printf("soak: memory %+.1f KiB a round, database %+.1f KiB a round (second half); %s\n",
                slope_of(second_half(rounds, &Usage::rss_kib)), slope_of(second_half(rounds, &Usage::database_kib)),
                found.empty() ? "nothing grew" : found.c_str());
    return found.empty();
}

} // namespace bench
