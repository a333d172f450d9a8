// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

#include <cstdlib>
#include <doctest/doctest.h>
#include <fstream>
#include <iterator>
#include <random>
#include <stdexcept>

namespace godwit::sqlite::test {

Key raw_key(std::uint8_t fill)
{
    auto key = Key::raw(Bytes(key_bytes, fill));
    REQUIRE(key.ok());
    return std::move(*key);
}

Key passphrase(std::string_view text)
{
    auto key = Key::passphrase(text, quick);
    REQUIRE(key.ok());
    return std::move(*key);
}

const Schema& schema()
{
    static constexpr Migration steps[] = {{"CREATE TABLE note(id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;"}};
    static constexpr Schema out{0x74657374, steps};
    return out;
}

OpenOptions options(const FaultDisk& disk, const Key* key)
{
    OpenOptions out;
    out.path = "home.db";
    out.key = key;
    out.schema = schema();
    out.vfs_name = disk.name();
    return out;
}

Database must(Result<Database> result)
{
    if (!result) throw std::runtime_error(result.error().detail);
    return std::move(*result);
}

void must(const Result<void>& result)
{
    if (!result) throw std::runtime_error(result.error().detail);
}

Result<void> add_note(Database& database, std::int64_t id, std::string_view text)
{
    return database.run("INSERT INTO note(id, text) VALUES(?1, ?2)", id, text);
}

Result<std::int64_t> count_notes(Database& database)
{
    auto statement = database.prepare("SELECT count(*) FROM note");
    if (!statement) return statement.error();
    auto row = statement->step();
    if (!row) return row.error();
    return statement->integer(0);
}

std::string filler(std::size_t size, std::uint64_t seed)
{
    std::mt19937_64 dice(seed);
    std::string out(size, ' ');
    for (auto& c : out)
        c = static_cast<char>('a' + dice() % 26);
    return out;
}

ScratchDirectory::ScratchDirectory()
{
    std::string name = (std::filesystem::temp_directory_path() / "godwit-sqlite-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch directory");
    root_ = name;
}

ScratchDirectory::~ScratchDirectory()
{
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

Bytes read_file(const std::string& path)
{
    std::ifstream in(path, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

} // namespace godwit::sqlite::test
