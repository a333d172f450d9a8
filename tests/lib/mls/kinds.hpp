// SPDX-License-Identifier: Apache-2.0
// Every kind of refusal that is tested, by name: codes_test.cpp holds them against the list of codes and docs/mls.md.
// That each gives the code that it names is what the files' own test cases check.
#pragma once

#include "lib/mls/error.hpp"

#include <string>
#include <vector>

namespace godwit::testing {

struct Kind {
    std::string name;
    mls::MlsError expected;
};

[[nodiscard]] std::vector<Kind> framing_kinds();
[[nodiscard]] std::vector<Kind> external_commit_kinds();
[[nodiscard]] std::vector<Kind> path_kinds();
[[nodiscard]] std::vector<Kind> proposal_kinds();
[[nodiscard]] std::vector<Kind> welcome_kinds();
[[nodiscard]] std::vector<Kind> subgroup_kinds();
[[nodiscard]] std::vector<Kind> lone_kinds();
/// Those among the first four whose message is a commit: not a proposal, not application data.
[[nodiscard]] std::vector<Kind> invalid_commit_kinds();

template <class Cases>
[[nodiscard]] std::vector<Kind> kinds_of(const Cases& cases)
{
    std::vector<Kind> out;
    for (const auto& c : cases)
        out.push_back({c.name, c.expected});
    return out;
}

} // namespace godwit::testing
