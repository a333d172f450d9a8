// SPDX-License-Identifier: Apache-2.0
// No code is dead, and docs/mls.md says of each which rule of RFC 9420 it is and which case reaches it.
#include "tests/lib/mls/kinds.hpp"
#include "tests/lib/mls/refusal.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <set>

using namespace godwit;
using namespace godwit::mls;
using namespace godwit::testing;

namespace {

std::vector<MlsError> all_codes()
{
    std::vector<MlsError> out;
    for (std::uint16_t i = 1; i < 1000; ++i)
        if (mls_error_name(static_cast<MlsError>(i)) != "unknown") out.push_back(static_cast<MlsError>(i));
    return out;
}

std::vector<Kind> all_kinds()
{
    std::vector<Kind> out;
    for (const auto& kinds : {framing_kinds(), external_commit_kinds(), path_kinds(), proposal_kinds(), welcome_kinds(),
                              subgroup_kinds(), lone_kinds()})
        out.insert(out.end(), kinds.begin(), kinds.end());
    std::erase_if(out, [](const Kind& kind) { return kind.expected == MlsError::none; });
    return out;
}

struct Row {
    std::string section, code, kind;
};

/// The rows "| section | `code` | case |" of docs/mls.md.
std::vector<Row> documented()
{
    std::ifstream file(GODWIT_SOURCE_ROOT "/docs/mls.md");
    std::vector<Row> out;
    for (std::string line; std::getline(file, line);) {
        const auto code = line.find(" | `"), end = line.find("` | ");
        if (line.rfind("| ", 0) != 0 || code == std::string::npos || end == std::string::npos) continue;
        if (line.size() < end + 6) continue;
        out.push_back({line.substr(2, code - 2), line.substr(code + 4, end - code - 4),
                       line.substr(end + 4, line.size() - end - 6)});
    }
    return out;
}

/// The rows "| kind | `code` |".
std::map<std::string, std::string> documented_commits()
{
    std::ifstream file(GODWIT_SOURCE_ROOT "/docs/mls.md");
    std::map<std::string, std::string> out;
    for (std::string line; std::getline(file, line);) {
        const auto code = line.find(" | `");
        if (line.rfind("| ", 0) != 0 || code == std::string::npos || !line.ends_with("` |")) continue;
        CHECK_MESSAGE(out.emplace(line.substr(2, code - 2), line.substr(code + 4, line.size() - code - 7)).second,
                      "two rows of " << line);
    }
    return out;
}

} // namespace

std::vector<Kind> godwit::testing::invalid_commit_kinds()
{
    std::vector<Kind> out;
    refusal::Stage stage;
    for (const auto* cases : {&refusal::framing_cases(), &refusal::external_commit_cases(), &refusal::path_cases(),
                              &refusal::proposal_cases()})
        for (const refusal::Case& c : *cases) {
            const auto message = decode<MLSMessage>(c.make(stage));
            stage.world.service = TrustingService(); // Some cases change its mind.
            const auto* open = message ? message->as<PublicMessage>() : nullptr;
            if (c.expected != MlsError::none && open != nullptr && open->content.content_type() == ContentType::commit)
                out.push_back({c.name, c.expected});
        }
    return out;
}

TEST_CASE("codes: each is reached by a case, each has a name of its own")
{
    std::map<MlsError, int> reached;
    for (const Kind& kind : all_kinds())
        ++reached[kind.expected];
    std::set<std::string_view> names;
    for (const MlsError code : all_codes()) {
        CHECK_MESSAGE(reached[code] > 0, "no case reaches " << mls_error_name(code));
        CHECK(names.insert(mls_error_name(code)).second);
        CHECK_MESSAGE(to_error(code).code != ErrorCode::ok, mls_error_name(code));
    }
    std::printf("codes: %zu, reached by %zu kinds of refusal\n", all_codes().size(), all_kinds().size());
}

TEST_CASE("codes: invalid commits are refused in more than fifty ways")
{
    std::set<MlsError> codes;
    const auto kinds = invalid_commit_kinds();
    std::set<std::string> names;
    for (const Kind& kind : kinds) {
        codes.insert(kind.expected);
        CHECK_MESSAGE(names.insert(kind.name).second, "two kinds called " << kind.name);
    }
    std::printf("invalid commits: %zu kinds, %zu codes\n", kinds.size(), codes.size());
    CHECK(kinds.size() > 50);
    CHECK(codes.size() > 50);
}

TEST_CASE("codes: docs/mls.md lists every kind of invalid commit, with its code")
{
    auto rows = documented_commits();
    for (const Kind& kind : invalid_commit_kinds()) {
        const auto row = rows.find(kind.name);
        if (row == rows.end()) {
            FAIL_CHECK("docs/mls.md lacks: | " << kind.name << " | `" << mls_error_name(kind.expected) << "` |");
            continue;
        }
        CHECK_MESSAGE(row->second == mls_error_name(kind.expected), kind.name);
        rows.erase(row);
    }
    for (const auto& [kind, code] : rows)
        FAIL_CHECK("docs/mls.md lists a commit that no case makes: " << kind);
}

TEST_CASE("codes: docs/mls.md has all of them, with cases that are there")
{
    std::map<std::string, MlsError> kinds;
    for (const Kind& kind : all_kinds())
        kinds.emplace(kind.name, kind.expected);
    std::map<std::string, std::string> sections;
    for (const Row& row : documented()) {
        const auto found = kinds.find(row.kind);
        if (found == kinds.end())
            FAIL_CHECK("docs/mls.md names a case that is not there: " << row.kind);
        else
            CHECK_MESSAGE(mls_error_name(found->second) == row.code, row.kind);
        CHECK_MESSAGE(sections.emplace(row.code, row.section).second, "two rows of " << row.code);
        CHECK_MESSAGE(!row.section.empty(), row.code);
    }
    for (const MlsError code : all_codes())
        CHECK_MESSAGE(sections.contains(std::string(mls_error_name(code))),
                      "docs/mls.md has no " << mls_error_name(code));
    CHECK(sections.size() == all_codes().size());
}
