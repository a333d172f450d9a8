// SPDX-License-Identifier: Apache-2.0
// A prepared statement: bind by order, step, read columns by number from 0. Integers, text and bytes; no floats.
#pragma once

#include <godwit/result.hpp>

#include "lib/base/bytes.hpp"

#include <optional>
#include <string>
#include <type_traits>

struct sqlite3_stmt;

namespace godwit::sqlite {

struct DatabaseCore;

/// Move-only; must not outlive its Database. On destruction it is reset, its values are forgotten, and it goes back to
/// the cache.
class Statement {
public:
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;
    ~Statement();

    /// Binds all parameters, ?1 first. Integers, enums, bool, string_view, BytesView, Bytes, FixedBytes, nullptr (NULL)
    /// and optional of these. Values are copied. What goes wrong is told by the next step() or run().
    template <class... Values>
    Statement& bind(const Values&... values)
    {
        rewind();
        int index = 0;
        (bind_one(++index, values), ...);
        return *this;
    }

    /// The same without copies: every text and byte string must stay where and as it is until the statement is bound
    /// anew or destroyed.
    template <class... Values>
    Statement& borrow(const Values&... values)
    {
        rewind();
        borrows_ = true;
        int index = 0;
        (bind_one(++index, values), ...);
        borrows_ = false;
        return *this;
    }

    /// Binds parameter `index`, from 1, alone: for lists whose length is known when running. First bind() without
    /// values.
    template <class Value>
    Statement& bind_at(int index, const Value& value)
    {
        bind_one(index, value);
        return *this;
    }

    /// The same without a copy, as borrow(). First borrow() without values.
    template <class Value>
    Statement& borrow_at(int index, const Value& value)
    {
        borrows_ = true;
        bind_one(index, value);
        borrows_ = false;
        return *this;
    }

    /// True: a row is there. False: done.
    [[nodiscard]] Result<bool> step();
    /// Steps to the end; rows, if any, are passed over.
    [[nodiscard]] Result<void> run();

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    /// Valid until the next step, bind or destruction. Empty for NULL.
    [[nodiscard]] BytesView bytes(int column) const;
    [[nodiscard]] std::string_view text(int column) const;

    /// nullopt when the column has another length.
    template <class Fixed>
    [[nodiscard]] std::optional<Fixed> fixed(int column) const
    {
        return Fixed::from(bytes(column));
    }

private:
    friend struct DatabaseCore;
    Statement(DatabaseCore& core, sqlite3_stmt* statement) : core_(&core), statement_(statement) {}

    void rewind();
    void bind_integer(int index, std::int64_t value);
    void bind_text(int index, std::string_view value);
    void bind_bytes(int index, BytesView value);
    void bind_null(int index);

    void bind_one(int index, std::nullptr_t) { bind_null(index); }
    void bind_one(int index, std::nullopt_t) { bind_null(index); }
    void bind_one(int index, std::string_view value) { bind_text(index, value); }
    void bind_one(int index, const std::string& value) { bind_text(index, value); }
    void bind_one(int index, const char* value) { bind_text(index, value); }
    void bind_one(int index, BytesView value) { bind_bytes(index, value); }
    void bind_one(int index, const Bytes& value) { bind_bytes(index, value); }
    template <std::size_t N, class Tag>
    void bind_one(int index, const FixedBytes<N, Tag>& value)
    {
        bind_bytes(index, value.view());
    }
    template <class T>
        requires std::is_integral_v<T> || std::is_enum_v<T>
    void bind_one(int index, T value)
    {
        bind_integer(index, static_cast<std::int64_t>(value));
    }
    template <class T>
    void bind_one(int index, const std::optional<T>& value)
    {
        if (value)
            bind_one(index, *value);
        else
            bind_null(index);
    }

    DatabaseCore* core_;
    sqlite3_stmt* statement_;
    int bind_rc_ = 0;
    bool borrows_ = false; // what is bound now is not copied
    bool used_ = false;    // bound or stepped since it came out of the cache
};

} // namespace godwit::sqlite
