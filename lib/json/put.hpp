// SPDX-License-Identifier: Apache-2.0
// Private to lib/json: members of an object, by the types that include/godwit has. What an object is made of says
// members() (made_objects.cpp); what an enumeration is called, name_of() (made_names.hpp).
#pragma once

#include "lib/base/bytes.hpp"
#include "lib/json/hooks.hpp"
#include "lib/json/made_names.hpp"
#include "lib/json/made_objects.hpp"
#include "lib/json/writer.hpp"

#include <concepts>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace godwit::json {

inline void value(Writer& out, std::string_view text)
{
    out.text(text);
}
inline void value(Writer& out, const std::string& text)
{
    out.text(text);
}
template <std::same_as<bool> Flag>
void value(Writer& out, Flag flag)
{
    out.boolean(flag);
}
template <std::integral Number>
    requires(!std::same_as<Number, bool>)
void value(Writer& out, Number number)
{
    if constexpr (std::is_signed_v<Number>)
        out.number(static_cast<std::int64_t>(number));
    else
        out.number(static_cast<std::uint64_t>(number));
}
inline void value(Writer& out, double number)
{
    out.number(number);
}
template <class Enum>
    requires std::is_enum_v<Enum>
void value(Writer& out, Enum one)
{
    out.text(name_of(one));
}
template <std::size_t N, class Tag>
void value(Writer& out, const FixedBytes<N, Tag>& id)
{
    out.text(to_hex(id.view()));
}
inline void value(Writer& out, const Bytes& bytes)
{
    out.text(to_hex(bytes));
}
template <class Object>
    requires requires(Writer& out, const Object& it) { members(out, it); }
void value(Writer& out, const Object& it)
{
    out.begin_object();
    members(out, it);
    out.end_object();
}
template <class T>
void value(Writer& out, const std::optional<T>& there) ///< Precondition: it is.
{
    value(out, *there);
}
template <class T>
void value(Writer& out, const std::vector<T>& list)
{
    out.begin_list();
    for (const auto& one : list)
        value(out, one);
    out.end_list();
}

template <class T>
void put(Writer& out, std::string_view name, const T& what)
{
    out.key(name);
    value(out, what);
}
template <std::size_t N, class Tag>
void put_or_null(Writer& out, std::string_view name, const FixedBytes<N, Tag>& id)
{
    if (!id.is_zero()) return put(out, name, id);
    out.key(name);
    out.null();
}
template <class T>
void put_or_null(Writer& out, std::string_view name, const std::optional<T>& what)
{
    if (what) return put(out, name, *what);
    out.key(name);
    out.null();
}

/// There is something to say.
template <class T>
[[nodiscard]] bool given(const T& number)
    requires std::is_arithmetic_v<T>
{
    return number != T{};
}
template <class T>
[[nodiscard]] bool given(const std::vector<T>& list)
{
    return !list.empty();
}
template <class T>
[[nodiscard]] bool given(const std::optional<T>& what)
{
    return what.has_value();
}

} // namespace godwit::json
