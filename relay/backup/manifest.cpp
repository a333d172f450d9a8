// SPDX-License-Identifier: Apache-2.0
#include "relay/backup/manifest.hpp"

#include "lib/crypto/hash.hpp"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <toml++/toml.h>

namespace godwit::relay::backup {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t format = 1;

Error corrupt(const fs::path& where, const std::string& why)
{
    return {ErrorCode::storage_corrupt, where.string() + ": " + why, 0};
}

bool is_sum(const std::string& text)
{
    return text.size() == 64 && from_hex(text).has_value();
}

} // namespace

std::string folder_name(std::uint32_t number, bool is_full)
{
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%06u", number);
    return std::string(text.data()) + (is_full ? "-full" : "-incremental");
}

std::string written(const Manifest& manifest)
{
    const auto whole = [](std::uint64_t number) { return static_cast<std::int64_t>(number); };
    toml::table out{{"format", format},
                    {"number", whole(manifest.number)},
                    {"kind", manifest.is_full ? "full" : "incremental"},
                    {"created_ms", manifest.created_ms},
                    {"relay_version", manifest.relay_version},
                    {"pages", whole(manifest.pages)},
                    {"changed", whole(manifest.changed)},
                    {"pages_sum", manifest.sums_sum},
                    {"identity_sum", manifest.identity_sum}};
    if (!manifest.is_full) {
        out.insert("previous", whole(manifest.previous));
        out.insert("previous_sum", manifest.previous_sum);
    }
    std::ostringstream text;
    text << out << '\n';
    return text.str();
}

Result<Manifest> read_manifest(const fs::path& folder)
{
    const auto path = folder / "manifest.toml";
    auto bytes = read_small(path, manifest_bytes_max);
    if (!bytes.ok()) return bytes.error();
    try {
        const auto table = toml::parse(as_text(*bytes));
        const auto number = [&](const char* key) { return table[key].value_or(std::int64_t{-1}); };
        const auto text = [&](const char* key) { return table[key].value_or(std::string()); };
        Manifest out;
        if (number("format") != format) return corrupt(path, "is of a format that this version does not know");
        const auto kind = text("kind");
        out.is_full = kind == "full";
        if (!out.is_full && kind != "incremental") return corrupt(path, "is of no kind that is known");
        const auto most = static_cast<std::int64_t>(pages_max);
        if (number("number") < 1 || number("number") > 999'999 || number("pages") < 1 || number("pages") > most ||
            number("changed") < 0 || number("changed") > number("pages") || number("created_ms") < 0)
            return corrupt(path, "has numbers that make no sense");
        out.number = static_cast<std::uint32_t>(number("number"));
        out.pages = static_cast<std::uint64_t>(number("pages"));
        out.changed = static_cast<std::uint64_t>(number("changed"));
        out.created_ms = number("created_ms");
        out.relay_version = text("relay_version");
        out.sums_sum = text("pages_sum");
        out.identity_sum = text("identity_sum");
        if (!out.is_full) {
            if (number("previous") < 1 || number("previous") >= number("number"))
                return corrupt(path, "stands on no copy before it");
            out.previous = static_cast<std::uint32_t>(number("previous"));
            out.previous_sum = text("previous_sum");
        }
        if (!is_sum(out.sums_sum) || !is_sum(out.identity_sum) || (!out.is_full && !is_sum(out.previous_sum)))
            return corrupt(path, "lacks a sum");
        out.folder = folder;
        out.sum = sum_text(*bytes);
        if (folder.filename() != folder_name(out.number, out.is_full))
            return corrupt(folder, "is not called what its manifest says");
        return out;
    } catch (const toml::parse_error& wrong) {
        return corrupt(path, std::string(wrong.description()));
    }
}

Result<std::vector<Manifest>> list(const fs::path& folder)
{
    std::vector<Manifest> out;
    std::error_code fault;
    for (fs::directory_iterator it(folder, fault); !fault && it != fs::directory_iterator(); it.increment(fault)) {
        const auto name = it->path().filename().string();
        if (name.size() < 7 || name[0] < '0' || name[0] > '9') continue; // .new, and what somebody else put there
        if (out.size() == copies_max)
            return Error{ErrorCode::quota_exceeded,
                         folder.string() + " has " + std::to_string(copies_max) + " copies: begin another folder", 0};
        auto manifest = read_manifest(it->path());
        if (!manifest.ok()) return manifest.error();
        out.push_back(*std::move(manifest));
    }
    if (fault) return Error{ErrorCode::storage_failed, "cannot read " + folder.string() + ": " + fault.message(), 0};
    std::sort(out.begin(), out.end(), [](const Manifest& a, const Manifest& b) { return a.number < b.number; });
    for (std::size_t i = 1; i < out.size(); ++i)
        if (out[i].number == out[i - 1].number) return corrupt(out[i].folder, "is there twice");
    return out;
}

Result<std::vector<Manifest>> chain(const std::vector<Manifest>& all, std::uint32_t number)
{
    if (all.empty()) return Error{ErrorCode::invalid_argument, "there is no backup in this folder", 0};
    if (number == 0) number = all.back().number;
    std::vector<Manifest> out;
    const auto find = [&](std::uint32_t which) {
        return std::find_if(all.begin(), all.end(), [&](const Manifest& one) { return one.number == which; });
    };
    auto at = find(number);
    if (at == all.end())
        return Error{ErrorCode::invalid_argument, "there is no backup " + std::to_string(number) + " in this folder",
                     0};
    for (;;) {
        out.push_back(*at);
        if (at->is_full) break;
        const auto before = find(at->previous);
        if (before == all.end() || before->sum != at->previous_sum)
            return corrupt(at->folder,
                           "stands on backup " + std::to_string(at->previous) + ", which is missing or another one");
        at = before;
    }
    std::reverse(out.begin(), out.end());
    return out;
}

Sum sum_of(const Page& page)
{
    return crypto::node_hash("godwit relay pg", {BytesView(page)});
}

std::string sum_text(BytesView bytes)
{
    return to_hex(BytesView(crypto::transcript_hash("godwit relay backup 1", {bytes})));
}

Result<Bytes> read_small(const fs::path& path, std::uint64_t bytes_max)
{
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) return corrupt(path, "is missing or cannot be read");
    const auto size = static_cast<std::int64_t>(file.tellg());
    if (size < 0 || static_cast<std::uint64_t>(size) > bytes_max) return corrupt(path, "is longer than it can be");
    Bytes out(static_cast<std::size_t>(size));
    file.seekg(0);
    if (!file.read(reinterpret_cast<char*>(out.data()), size)) return corrupt(path, "cannot be read");
    return out;
}

Result<Sums> read_sums(const Manifest& manifest)
{
    const auto path = manifest.folder / "pages.sum";
    auto bytes = read_small(path, pages_max * sizeof(Sum));
    if (!bytes.ok()) return bytes.error();
    if (bytes->size() != manifest.pages * sizeof(Sum) || sum_text(*bytes) != manifest.sums_sum)
        return corrupt(path, "is not what the manifest says");
    Sums out(static_cast<std::size_t>(manifest.pages));
    for (std::size_t i = 0; i < out.size(); ++i)
        std::copy_n(bytes->begin() + static_cast<std::ptrdiff_t>(i * sizeof(Sum)), sizeof(Sum), out[i].begin());
    return out;
}

} // namespace godwit::relay::backup
