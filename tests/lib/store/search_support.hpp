// SPDX-License-Identifier: Apache-2.0
// Posts to look for, and what was found of them as text.
#pragma once

#include "samples.hpp"

#include "lib/sqlite/fault_disk.hpp"
#include "lib/sqlite/layout.hpp"
#include "lib/sqlite/remains.hpp"
#include "lib/store/schema.hpp"
#include "lib/store/store.hpp"
#include "lib/wire/content.hpp"

#include <algorithm>
#include <doctest/doctest.h>

namespace godwit::store::test {

using sqlite::FaultDisk;

inline const sqlite::Key& key()
{
    static const auto out = sqlite::Key::raw(Bytes(32, 5));
    return *out;
}

inline std::unique_ptr<SqliteStore> open(const FaultDisk& disk)
{
    auto store = SqliteStore::open({"home.db", &key(), {}, disk.name()});
    REQUIRE_MESSAGE(store.ok(), store.error().detail);
    return std::move(*store);
}

inline sqlite::Database open_below(const FaultDisk& disk)
{
    sqlite::OpenOptions how;
    how.path = "home.db";
    how.key = &key();
    how.schema = schema();
    how.vfs_name = disk.name();
    auto out = sqlite::Database::open(how);
    REQUIRE(out.ok());
    return std::move(*out);
}

inline port::StoredMessage post(std::uint64_t n, std::string text, const content::Body& body = {})
{
    port::StoredMessage out;
    out.message.id = mid(n);
    out.message.conversation = cid(1);
    out.message.with = "bob";
    out.message.from = "bob";
    out.message.text = std::move(text);
    out.message.sent_ms = static_cast<std::int64_t>(n);
    out.hlc_ms = static_cast<std::int64_t>(n);
    out.kind = wire::body_kind(wire::encode(body));
    if (const auto bytes = wire::encode(body); !bytes.empty()) {
        wire::content::Extra extra;
        extra.body = bytes;
        out.extra = wire::encode(extra);
    }
    return out;
}

inline void add(port::Store& store, const port::StoredMessage& row)
{
    REQUIRE(store.add_message(row));
}

inline void commit(port::Store& store)
{
    const auto done = store.commit();
    REQUIRE_MESSAGE(done.ok(), done.error().detail);
}

/// Everything that can be in the index is in it now.
inline void index_all(port::Store& store)
{
    for (bool more = true; more;) {
        store.begin();
        more = store.index_more();
        commit(store);
    }
}

inline port::SearchPage find(port::Store& store, const port::SearchQuery& query)
{
    auto page = store.search(query);
    REQUIRE_MESSAGE(page.ok(), page.error().detail);
    REQUIRE_FALSE(store.failed());
    return std::move(*page);
}

inline port::SearchPage find(port::Store& store, std::string text)
{
    port::SearchQuery query;
    query.text = std::move(text);
    return find(store, query);
}

/// "…[咖啡]馆…"
inline std::string marked(const port::SearchHit& hit)
{
    std::string out = hit.snippet;
    for (auto at = hit.matches.rbegin(); at != hit.matches.rend(); ++at) {
        out.insert(at->begin + at->length, "]");
        out.insert(at->begin, "[");
    }
    return out;
}

inline std::string tell(const port::SearchPage& page)
{
    std::string out;
    for (const auto& hit : page.hits)
        out += tell(hit.row) + " " + marked(hit) + "\n";
    return out + "next " + std::to_string(page.next);
}

inline std::size_t count_in_files(const FaultDisk& disk, std::string_view what)
{
    auto remains = sqlite::Remains::open("home.db", key(), disk.name());
    REQUIRE(remains.ok());
    // What a thief with the key reads: every page in use or not, and the log behind them.
    CHECK(remains->damage().log_frames == 0);
    const auto files = disk.image_killed();
    if (files.count("home.db-wal")) CHECK(files.at("home.db-wal").size() <= sqlite::prefix_bytes);
    std::size_t out = 0;
    const auto bytes = as_bytes(what);
    Bytes page(sqlite::page_bytes);
    for (std::uint32_t number = 1; remains->read_page(number, page.data()); ++number)
        if (std::search(page.begin(), page.end(), bytes.begin(), bytes.end()) != page.end()) ++out;
    return out;
}

} // namespace godwit::store::test
