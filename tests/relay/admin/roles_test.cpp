// SPDX-License-Identifier: Apache-2.0
// Every role and every verb, as a reader would write it down, against what the code allows.
#include "relay/admin/roles.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <string>

namespace godwit::relay::admin {

namespace {

/// viewer, support, moderator, operator, owner: x may.
const std::map<std::string, std::string> expected{
    {"state.read", "xxxxx"},       {"availability.read", "xxxxx"}, {"clients.read", "xxxxx"},
    {"notices.read", "xxxxx"},     {"notices.write", "---xx"},     {"accounts.read", "-xxxx"},
    {"accounts.reset", "-x-xx"},   {"accounts.disable", "--xxx"},  {"accounts.delete", "---xx"},
    {"invitations.read", "-x-xx"}, {"invitations.write", "-x-xx"}, {"quotas.write", "---xx"},
    {"bans.read", "-xxxx"},        {"bans.write", "--xxx"},        {"groups.read", "--xxx"},
    {"reports.read", "--xxx"},     {"reports.file", "-xxxx"},      {"reports.close", "--xxx"},
    {"directory.read", "-xxxx"},   {"directory.write", "---xx"},   {"audit.read", "---xx"},
    {"tokens.read", "----x"},      {"tokens.write", "----x"},      {"apps.read", "-xxxx"},
    {"apps.write", "---xx"},
};

} // namespace

TEST_CASE("every role and every verb: as the table says, and the table has them all")
{
    CHECK(verbs().size() == expected.size());
    std::set<std::string> seen;
    for (const auto& row : verbs()) {
        const std::string name(row.name);
        CAPTURE(name);
        CHECK(seen.insert(name).second);
        CHECK(verb_name(row.verb) == row.name);
        REQUIRE(expected.contains(name));
        std::string found;
        for (const auto role : roles)
            found += may(role, row.verb) ? 'x' : '-';
        CHECK(found == expected.at(name));
    }
}

TEST_CASE("denied by default: a role or a verb that nobody knows may nothing and nobody may it")
{
    const auto known = [](int number) {
        for (const auto role : roles)
            if (static_cast<int>(role) == number) return true;
        return false;
    };
    for (int number = 0; number < 256; ++number) {
        CAPTURE(number);
        for (const auto& row : verbs())
            if (!known(number)) CHECK_FALSE(may(static_cast<Role>(number), row.verb));
        for (const auto role : roles)
            if (static_cast<std::size_t>(number) >= verbs().size()) CHECK_FALSE(may(role, static_cast<Verb>(number)));
    }
}

TEST_CASE("roles have names, and names roles")
{
    for (const auto role : roles)
        CHECK(role_of(role_name(role)) == role);
    for (const auto* const name : {"", "Owner", "root", "operator_", "viewer "})
        CHECK_FALSE(role_of(name));
}

} // namespace godwit::relay::admin
