// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: fields of a line into the types that include/godwit has. need(): it must be there; may(): what
// stands there already is what it means to leave it out; may_or_null(): likewise, and null takes it away.
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/json/fields.hpp"
#include "lib/json/hooks.hpp"
#include "lib/json/made_objects.hpp"

#include <concepts>
#include <limits>
#include <span>

namespace godwit::json {

struct Span {
    std::uint64_t least = 0;
    std::uint64_t most = 0;
};
/// A list's entries, or bytes.
struct Most {
    std::size_t count = 0;
};
/// Of an id or a key: "a message: 32 hexadecimal digits".
struct Form {
    const char* words;
};
/// A value of an enumeration.
struct Choice {
    std::string_view name;
    std::uint8_t number;
};
using Choices = std::span<const Choice>;

/// nullopt: it is missing and need not be there, or is none of them, which has failed.
[[nodiscard]] std::optional<std::uint8_t> choose(Fields& in, std::string_view name, Choices choices, bool needed);
/// Fails a field that must be there.
void missing(Fields& in, std::string_view name, std::string_view expected);

inline void need(Fields& in, std::string_view name, std::string& out)
{
    out = in.text(name);
}
inline void may(Fields& in, std::string_view name, std::string& out)
{
    out = in.text(name, std::move(out));
}
inline void need(Fields& in, std::string_view name, bool& out)
{
    out = in.boolean(name);
}
inline void may(Fields& in, std::string_view name, bool& out)
{
    out = in.boolean(name, out);
}
template <std::integral Number>
void need(Fields& in, std::string_view name, Number& out, Span span)
{
    out = static_cast<Number>(in.integer(name, span.least, span.most, std::nullopt));
}
template <std::integral Number>
void may(Fields& in, std::string_view name, Number& out, Span span)
{
    out = static_cast<Number>(in.integer(name, span.least, span.most, static_cast<std::uint64_t>(out)));
}
template <class Enum>
    requires std::is_enum_v<Enum>
void need(Fields& in, std::string_view name, Enum& out, Choices choices)
{
    if (const auto chosen = choose(in, name, choices, true)) out = static_cast<Enum>(*chosen);
}
template <class Enum>
    requires std::is_enum_v<Enum>
void may(Fields& in, std::string_view name, Enum& out, Choices choices)
{
    if (const auto chosen = choose(in, name, choices, false)) out = static_cast<Enum>(*chosen);
}
template <std::size_t N, class Tag>
void need(Fields& in, std::string_view name, FixedBytes<N, Tag>& out, Form form)
{
    if (!in.has(name)) return missing(in, name, form.words);
    out = in.fixed<FixedBytes<N, Tag>>(name, form.words);
}
template <std::size_t N, class Tag>
void may_or_null(Fields& in, std::string_view name, FixedBytes<N, Tag>& out, Form form)
{
    out = in.fixed<FixedBytes<N, Tag>>(name, form.words, true);
}
inline void need(Fields& in, std::string_view name, Bytes& out, Most most)
{
    out = in.bytes(name, most.count);
}
inline void may(Fields& in, std::string_view name, Bytes& out, Most most)
{
    out = in.bytes(name, most.count);
}
inline void need(Fields& in, std::string_view name, std::vector<std::string>& out, Most most)
{
    out = in.texts(name, most.count);
}
template <std::size_t N, class Tag>
void need(Fields& in, std::string_view name, std::vector<FixedBytes<N, Tag>>& out, Most most, Form form)
{
    for (const auto& digits : in.texts(name, most.count)) {
        const auto raw = from_hex(digits);
        const auto id = raw ? FixedBytes<N, Tag>::from(*raw) : std::nullopt;
        if (!id) in.fail(name, std::string("a list, each ") + form.words);
        out.push_back(id.value_or(FixedBytes<N, Tag>{}));
    }
}
template <class Object>
    requires requires(Fields& in, Object& it) { read(in, it); }
void need(Fields& in, std::string_view name, std::vector<Object>& out, Most most)
{
    in.each(name, most.count, [&](Fields& one) { read(one, out.emplace_back()); });
}
/// A list that is missing is empty: what that means is the engine's to judge.
template <class T, class... More>
void may(Fields& in, std::string_view name, std::vector<T>& out, Most most, More... more)
{
    need(in, name, out, most, more...);
}
template <class Object>
    requires requires(Fields& in, Object& it) { read(in, it); }
void need(Fields& in, std::string_view name, Object& out, Form form)
{
    if (auto inside = in.object(name))
        read(*inside, out);
    else
        in.fail(name, form.words);
}

template <class T, class... More>
void may(Fields& in, std::string_view name, std::optional<T>& out, More... more)
{
    if (in.has(name)) need(in, name, out.emplace(), more...);
}
/// An empty id is none.
template <class... More>
void may(Fields& in, std::string_view name, std::optional<MessageId>& out, More... more)
{
    if (in.has(name) && !in.text(name).empty()) need(in, name, out.emplace(), more...);
}
template <class T, class... More>
void may_or_null(Fields& in, std::string_view name, std::optional<T>& out, More... more)
{
    if (in.find(name) == nullptr) return;
    out.emplace();
    if (in.has(name)) need(in, name, *out, more...);
}

} // namespace godwit::json
