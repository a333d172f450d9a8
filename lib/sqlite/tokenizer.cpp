// SPDX-License-Identifier: Apache-2.0
#include "lib/sqlite/tokenizer.hpp"

#include "lib/base/check.hpp"
#include "lib/sqlite/script.hpp"

#include <algorithm>
#include <new>
#include <optional>
#include <sqlite3.h>

namespace godwit::sqlite {
namespace {

/// nullptr: this SQLite has no FTS5. https://www.sqlite.org/fts5.html#extending_fts5
fts5_api* api_of(sqlite3* db)
{
    fts5_api* api = nullptr;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db, "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
        sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
        sqlite3_step(statement);
    }
    sqlite3_finalize(statement);
    return api;
}

std::string_view cut(std::string_view form)
{
    if (form.size() <= unit_bytes_max) return form;
    std::size_t end = unit_bytes_max;
    while (end > 0 && (static_cast<std::uint8_t>(form[end]) & 0xc0) == 0x80)
        --end;
    return form.substr(0, end);
}

} // namespace

struct Tokenizer::Impl {
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl()
    {
        if (words != nullptr) how.xDelete(words);
        sqlite3_close(db);
    }

    void split(std::string_view text, Units& out);
    void add(std::string_view form, std::uint32_t begin, std::uint32_t end, bool dense);
    void add_dense(char32_t c, std::uint32_t begin, std::uint32_t end);
    void put_in_run(char32_t c, std::size_t begin, std::size_t end);
    void end_run();
    static int on_word(void* context, int flags, const char* form, int form_bytes, int begin, int end);

    sqlite3* db = nullptr; ///< Owns FTS5; nothing is ever stored in it.
    fts5_tokenizer how{};
    Fts5Tokenizer* words = nullptr;

    Units* out = nullptr;
    std::string run; ///< Folded characters that unicode61 is to see together.
    struct Source {
        std::uint32_t begin, end;
    };
    std::vector<Source> sources;  ///< Of each byte of `run`.
    bool run_has_word = false;    ///< It may be nothing but spaces and signs.
    std::string one;              ///< A single character.
    std::optional<char32_t> last; ///< The dense character just before.
};

void Tokenizer::Impl::add(std::string_view form, std::uint32_t begin, std::uint32_t end, bool dense)
{
    form = cut(form);
    if (form.empty()) return;
    Unit unit{begin,
              end,
              static_cast<std::uint32_t>(out->forms.size()),
              static_cast<std::uint8_t>(form.size()),
              dense,
              dense && last.has_value()};
    out->forms.append(form);
    out->all.push_back(unit);
}

void Tokenizer::Impl::add_dense(char32_t c, std::uint32_t begin, std::uint32_t end)
{
    if (last)
        if (const auto both = composed(*last, c)) {
            Unit& unit = out->all.back();
            one.clear();
            append_utf8(one, *both);
            out->forms.resize(unit.form_at);
            out->forms.append(one);
            unit.form_bytes = static_cast<std::uint8_t>(one.size());
            unit.end = end;
            last = both;
            return;
        }
    if (is_voicing_mark(c)) return;
    one.clear();
    append_utf8(one, c);
    add(one, begin, end, true);
    last = c;
}

void Tokenizer::Impl::put_in_run(char32_t c, std::size_t begin, std::size_t end)
{
    append_utf8(run, c);
    sources.resize(run.size(), {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    run_has_word =
        run_has_word || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

int Tokenizer::Impl::on_word(void* context, int, const char* form, int form_bytes, int begin, int end)
{
    auto& self = *static_cast<Impl*>(context);
    try { // no exception goes through FTS5, which would lose what it holds
        self.add({form, static_cast<std::size_t>(form_bytes)}, self.sources[static_cast<std::size_t>(begin)].begin,
                 self.sources[static_cast<std::size_t>(end) - 1].end, false);
        return SQLITE_OK;
    } catch (const std::bad_alloc&) {
        return SQLITE_NOMEM;
    }
}

void Tokenizer::Impl::end_run()
{
    if (run_has_word && how.xTokenize(words, this, FTS5_TOKENIZE_DOCUMENT, run.data(), static_cast<int>(run.size()),
                                      on_word) != SQLITE_OK)
        throw std::bad_alloc(); // nothing else fails there
    run.clear();
    sources.clear();
    run_has_word = false;
}

void Tokenizer::Impl::split(std::string_view text, Units& into)
{
    out = &into;
    into.clear();
    last.reset();
    run.clear(); // a split before may have ended in the middle
    sources.clear();
    run_has_word = false;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        const char32_t c = folded(next_character(text, at).value_or(U' '));
        const Script script = script_of(c);
        if (script == Script::ignored) continue;
        if (script == Script::word) {
            last.reset();
            put_in_run(c, begin, at);
            continue;
        }
        end_run();
        if (script == Script::dense) {
            add_dense(c, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at));
            continue;
        }
        last.reset();
        one.clear();
        append_utf8(one, c);
        add(one, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at), false);
    }
    end_run();
    out = nullptr;
}

Result<Tokenizer> Tokenizer::make()
{
    auto impl = std::make_unique<Impl>();
    const Error no_memory{ErrorCode::storage_failed, "no memory for searching", 0};
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(":memory:", &impl->db, flags, nullptr) != SQLITE_OK) return no_memory;
    fts5_api* const api = api_of(impl->db);
    if (sqlite3_errcode(impl->db) == SQLITE_NOMEM) return no_memory;
    void* context = nullptr;
    if (api == nullptr || api->xFindTokenizer(api, "unicode61", &context, &impl->how) != SQLITE_OK)
        return Error{ErrorCode::unsupported, "this SQLite has no FTS5, whose tables of letters searching needs", 0};
    // Marks belong to their word (Devanagari vowels); those that only decorate were ignored before.
    const char* arguments[] = {"remove_diacritics", "2", "categories", "L* M* N* Co"};
    if (impl->how.xCreate(context, arguments, 4, &impl->words) != SQLITE_OK) return no_memory;
    return Tokenizer(std::move(impl));
}

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;
Tokenizer& Tokenizer::operator=(Tokenizer&&) noexcept = default;
Tokenizer::~Tokenizer() = default;

void Tokenizer::split(std::string_view text, Units& out)
{
    GODWIT_ASSERT(text.size() <= INT32_MAX);
    impl_->split(text, out);
}

} // namespace godwit::sqlite
